"""What an account may be: its login and name, its role, and whose records go with that."""

import re
from collections.abc import Mapping, Sequence

from server_sync.clinic.patients import Patients
from server_sync.clinic.roles import GUARDIAN, PATIENT, ROLES

LOGIN = re.compile(r"[^\W_][\w.@+-]{0,63}")
LONGEST_NAME, LONGEST_RELATION = 100, 40
SELF = "self"
"""How a patient is related to whose record they see."""


class AccountRefused(ValueError):
    """An account cannot be as somebody asked for; the message says what is wrong with it, and what is allowed."""


class AccountExists(AccountRefused):
    """There is an account with this login already."""


def related(patients: Patients, pseudonyms: Sequence[str], role: str, relation: str) -> dict[str, str]:
    """The wards of an account that is to be made: ids and how they are related; raises patients.Unknown."""
    return {patients.id_of(pseudonym): SELF if role == PATIENT else relation for pseudonym in pseudonyms}


def check(login: str, name: str, role: str, wards: Mapping[str, str]) -> None:
    """Raise AccountRefused for what an account cannot be; `wards` are ids of patients and how they are related."""
    if not LOGIN.fullmatch(login):
        raise AccountRefused(
            f"login {login[:70]!r} must be 1 to 64 letters, digits and . _ @ + -, first a letter or digit"
        )
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise AccountRefused(f"name {name[:110]!r} must be 1 to {LONGEST_NAME} letters, without spaces around it")
    if role not in ROLES:
        raise AccountRefused(f"role {role!r} must be one of {', '.join(ROLES)}")
    check_wards(role, wards)


def check_wards(role: str, wards: Mapping[str, str]) -> None:
    """Raise AccountRefused for records that cannot go with a role."""
    for relation in wards.values():
        if not 0 < len(relation) <= LONGEST_RELATION or not relation.isprintable():
            raise AccountRefused(f"relation {relation[:50]!r} must be 1 to {LONGEST_RELATION} letters")
    if role == PATIENT and list(wards.values()) != [SELF]:
        raise AccountRefused("a patient's account is for one patient: themselves (--patient PSEUDONYM)")
    if role == GUARDIAN and not wards:
        raise AccountRefused("a guardian's account is for at least one patient (--patient PSEUDONYM)")
    if role not in (PATIENT, GUARDIAN) and wards:
        raise AccountRefused(f"a {role} has no patients of their own; leave --patient out")
