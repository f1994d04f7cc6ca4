"""Roles: what each may do, and that nobody may more."""

import pytest

from server_sync.clinic.roles import (
    ADMIN,
    AUDITOR,
    GUARDIAN,
    PATIENT,
    RESEARCHER,
    ROLES,
    STAFF,
    THERAPIST,
    Permission,
    may,
)

OF_PATIENTS = {Permission.READ_PATIENTS, Permission.PRESCRIBE, Permission.WRITE_PATIENTS}
OWN = {Permission.READ_OWN, Permission.WRITE_OWN}


def test_every_permission_is_somebodys_and_everybody_has_their_own_account() -> None:
    assert set().union(*ROLES.values()) == set(Permission)
    assert all(may(role, Permission.OWN_ACCOUNT) for role in ROLES)


@pytest.mark.parametrize("role", ["", "boss", "Admin", "THERAPIST", "therapist "])
@pytest.mark.parametrize("permission", Permission)
def test_a_role_that_there_is_not_may_nothing(role: str, permission: Permission) -> None:
    assert not may(role, permission)


def test_only_therapists_read_patients_and_only_admins_manage_accounts() -> None:
    assert {role for role in ROLES if ROLES[role] & OF_PATIENTS} == {THERAPIST}
    assert {role for role in ROLES if may(role, Permission.MANAGE_ACCOUNTS)} == {ADMIN}
    assert {role for role in ROLES if may(role, Permission.READ_AUDIT)} == {AUDITOR}
    assert {role for role in ROLES if may(role, Permission.EXPORT_RESEARCH)} == {RESEARCHER}


def test_who_works_here_has_no_record_of_their_own_and_others_have_nothing_else() -> None:
    assert {*STAFF, PATIENT, GUARDIAN} == set(ROLES)
    assert not [role for role in STAFF if ROLES[role] & OWN]
    for role in (PATIENT, GUARDIAN):
        assert ROLES[role] == OWN | {Permission.OWN_ACCOUNT}
