"""Who may do what at a clinic: permissions by role, as data. What is not named here is for nobody."""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """Something that an account may do; in the words of a refusal, `you may not <value>`."""

    READ_PATIENTS = "read the clinic's patients"
    PRESCRIBE = "prescribe"
    READ_LETTERS = "read what patients write to the clinic"
    WRITE_PATIENTS = "write of the clinic's patients"
    MANAGE_ACCOUNTS = "manage accounts"
    MANAGE_DEVICES = "manage devices"
    MANAGE_SYSTEMS = "manage other systems"
    HAND_OVER = "hand over or erase a person's data"
    READ_AUDIT = "read the audit"
    EXPORT_RESEARCH = "export for research"
    READ_OWN = "read one's own record"
    WRITE_OWN = "write to the clinic"
    OWN_ACCOUNT = "change one's own account"
    SEE_CLINIC = "see how the clinic's server does"


THERAPIST, ADMIN, AUDITOR, RESEARCHER = "therapist", "admin", "auditor", "researcher"
PATIENT, GUARDIAN = "patient", "guardian"
_P = Permission
ROLES: Mapping[str, frozenset[Permission]] = {
    THERAPIST: frozenset(
        {
            *(_P.OWN_ACCOUNT, _P.READ_PATIENTS, _P.READ_LETTERS),
            *(_P.PRESCRIBE, _P.WRITE_PATIENTS, _P.MANAGE_DEVICES, _P.SEE_CLINIC),
        }
    ),
    ADMIN: frozenset(
        {
            *(_P.OWN_ACCOUNT, _P.MANAGE_ACCOUNTS, _P.MANAGE_DEVICES, _P.MANAGE_SYSTEMS),
            *(_P.HAND_OVER, _P.SEE_CLINIC),
        }
    ),
    AUDITOR: frozenset({_P.OWN_ACCOUNT, _P.READ_AUDIT}),
    RESEARCHER: frozenset({_P.OWN_ACCOUNT, _P.EXPORT_RESEARCH}),
    PATIENT: frozenset({_P.OWN_ACCOUNT, _P.READ_OWN, _P.WRITE_OWN}),
    GUARDIAN: frozenset({_P.OWN_ACCOUNT, _P.READ_OWN, _P.WRITE_OWN}),
}
STAFF = (THERAPIST, ADMIN, AUDITOR, RESEARCHER)
"""Who works at the clinic; the others have wards: themselves, or their children."""


def may(role: str, permission: Permission) -> bool:
    """Whether a role has a permission; an unknown role has none."""
    return permission in ROLES.get(role, frozenset())
