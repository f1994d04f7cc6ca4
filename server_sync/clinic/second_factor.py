"""The second factor: codes of an app that change every 30 s (TOTP, RFC 6238), and codes for when the app is lost.

A secret is in force once a first code of it was shown: then `Account.last_step` is no longer 0.
"""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pyotp
from sqlalchemy import Connection, delete, insert, select, update

from server_sync.clinic import passwords
from server_sync.clinic.accounts import WITHIN, Accounts, Entrance
from server_sync.clinic.audit import COMMAND, by_account
from server_sync.clinic.brakes import LONGEST, Limit, NotProved
from server_sync.clinic.codes import as_typed, digest, new_code
from server_sync.clinic.invitations import Invitations
from server_sync.clinic.keys import Keys, seal, unseal
from server_sync.clinic.tables import Account, RecoveryCode

STEP_S, DRIFT_STEPS = 30, 1
"""How long a code is shown, as apps have it, and by how many of its times a clock may be wrong."""
FAILURES, FAILURES_OF_DAY = 5, 100
"""Codes that may be wrong for an account: in `accounts.WITHIN`, and in a day; those of a day are not forgiven."""
RECOVERY_CODES = 10
SET_UP_WITHIN = timedelta(minutes=15)
KEY = "second factor key"
ISSUER = "Steadyreach"
_LETTERS = 5


class HasSecondFactor(ValueError):
    """An account has a second factor, which must be removed before another is set up."""


class SecondFactors:
    """The second factors of one clinic's accounts."""

    def __init__(self, entrance: Entrance, accounts: Accounts, invitations: Invitations, keychain: Keys) -> None:
        """Use these; secrets are sealed under a secret of the keychain."""
        self._store, _, self._visits, self._brakes, self._audit, self._now, self._code_key = entrance
        self._accounts, self._invitations, self._keychain = accounts, invitations, keychain

    def begin(self, account_id: int, token: str) -> None:
        """Make a secret, which is in force once a code of it was shown; raises HasSecondFactor.

        Only the login that shows this token sees it, for 15 minutes.
        """
        begun = f"{int(self._now().timestamp())} {pyotp.random_base32()}"
        sealed = seal(self._keychain.clinic_key(KEY), begun.encode(), _begun(account_id, token))
        free = Account.id == account_id, Account.last_step == 0
        with self._store.writing() as db:
            made = update(Account).where(*free).values(second_factor=sealed).returning(Account.id)
            if not db.execute(made).all():
                raise HasSecondFactor("you have a second factor; remove it before you set up another")
            self._audit.append(db, by_account(account_id), "begin to set up a second factor")

    def begun(self, account_id: int, token: str) -> str:
        """The secret (base 32) that waits for its first code from this login, "" where none does."""
        waiting = Account.id == account_id, Account.last_step == 0, Account.second_factor.is_not(None)
        found = self._store.look(select(Account.second_factor).where(*waiting))
        if not found:
            return ""
        try:
            sealed = bytes(found[0].second_factor)
            told = unseal(self._keychain.clinic_key(KEY), sealed, _begun(account_id, token)).decode()
        except ValueError:  # begun in another login
            return ""
        at, _, secret = told.partition(" ")
        return secret if self._now().timestamp() - int(at) < SET_UP_WITHIN.total_seconds() else ""

    def uri(self, account_id: int, token: str) -> str:
        """What a picture for the app says (Key URI Format), "" where no secret waits for its first code."""
        secret = self.begun(account_id, token)
        login = self._accounts.of(account_id).login
        return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER) if secret else ""

    def confirm(self, account_id: int, token: str, password: str, code: str) -> tuple[str, tuple[str, ...]]:
        """Put the secret in force by its first code; ends all other logins.

        Gives the secret of a fresh login, and the recovery codes, of which only hashes are kept. Raises NotProved.
        """
        self._accounts.prove(account_id, password)
        secret = self.begun(account_id, token)
        if not secret:
            raise NotProved("The set-up was not begun, or is over; begin it again.")
        codes = tuple(new_code(groups=2, letters=_LETTERS) for _ in range(RECOVERY_CODES))
        rows = [{"account_id": account_id, "sha256": digest(self._code_key, each)} for each in codes]
        with self._shown(account_id, code, secret) as db:
            db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
            db.execute(insert(RecoveryCode), rows)
            self._visits.end_all(db, account_id)
            fresh = self._visits.begin(db, account_id)
            self._audit.append(db, by_account(account_id), "set up a second factor")
        return fresh, codes

    def show(self, token: str, code: str) -> str:
        """Complete a login that was begun by password; gives the secret of a fresh one. Raises NotProved."""
        who = self._visits.who(token)
        if who is None or not who.password_alone:
            raise NotProved("This login took too long. Begin again.")
        with self._shown(who.id, code) as db:
            self._visits.end(db, token)
            fresh = self._visits.begin(db, who.id)
            self._audit.append(db, who.actor, "log in")
        return fresh

    def remove(self, account_id: int, password: str, code: str) -> str:
        """Remove one's own second factor, shown once more; ends all other logins, gives the secret of a fresh one.

        Raises NotProved, or passwords.WeakPassword where the password is too short to stand alone.
        """
        self._accounts.prove(account_id, password)
        account = self._accounts.of(account_id)
        passwords.check(password, second_factor=False, about=(account.login, account.name))
        with self._shown(account_id, code) as db:
            self._clear(db, account_id)
            self._visits.end_all(db, account_id)
            token = self._visits.begin(db, account_id)
            self._audit.append(db, by_account(account_id), "remove a second factor")
        return token

    def reset(self, account_id: int, by: str = COMMAND) -> str:
        """Take somebody's second factor away who cannot show it any more; gives the code of a new invitation.

        A password alone was never enough for this account, so that it is chosen anew, too. Raises
        accounts.UnknownAccount.
        """
        self._accounts.of(account_id)
        with self._store.writing() as db:
            self._clear(db, account_id)
            code = self._invitations.invite_in(db, account_id)
            self._audit.append(db, by, "reset a second factor", thing=by_account(account_id))
        self._brakes.forgive((), *_limits_of(account_id))
        return code

    def codes_left(self, account_id: int) -> int:
        """How many recovery codes were not used yet."""
        unused = RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
        return len(self._store.look(select(RecoveryCode.sha256).where(*unused)))

    @contextmanager
    def _shown(self, account_id: int, code: str, begun: str = "") -> Iterator[Connection]:
        """Use a code up, and go on in the same transaction; the first code of a secret that was begun puts it in force.

        Raises NotProved where it is wrong, was used, or too many were tried.
        """
        limit, of_day = _limits_of(account_id)
        tries = self._brakes.count(limit, of_day, actor=by_account(account_id))
        typed = as_typed(code)
        with self._store.writing() as db:
            used = self._use_step(db, account_id, typed, begun) or self._use_recovery_code(db, account_id, typed)
            if used:
                yield db
        if not used:
            self._audit.note(by_account(account_id), "fail to show a code")
            raise NotProved("This code does not fit, or was used already. Wait for the next one.")
        self._brakes.forgive(tries, limit)

    def _use_step(self, db: Connection, account_id: int, typed: str, begun: str) -> bool:
        secret = begun or self._in_force(db, account_id)
        if not secret:
            return False
        codes, step = pyotp.HOTP(secret), int(self._now().timestamp()) // STEP_S
        near = range(step - DRIFT_STEPS, step + DRIFT_STEPS + 1)
        fitting = [
            each for each in near if hmac.compare_digest(codes.at(each).encode(), typed.encode("utf-8", "replace"))
        ]
        if not fitting:
            return False
        # Each step once, also when two ask at the same moment.
        unused = Account.id == account_id, Account.last_step == 0 if begun else Account.last_step < fitting[0]
        values: dict[str, Any] = {"last_step": fitting[0]}
        if begun:
            values["second_factor"] = seal(self._keychain.clinic_key(KEY), begun.encode(), _bound(account_id))
        used = update(Account).where(*unused).values(values).returning(Account.id)
        return bool(db.execute(used).all())

    def _use_recovery_code(self, db: Connection, account_id: int, typed: str) -> bool:
        unused = RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
        this = *unused, RecoveryCode.sha256 == digest(self._code_key, typed)
        used = update(RecoveryCode).where(*this).values(used_at=self._now()).returning(RecoveryCode.sha256)
        return bool(db.execute(used).all())

    def _clear(self, db: Connection, account_id: int) -> None:
        db.execute(update(Account).where(Account.id == account_id).values(second_factor=None, last_step=0))
        db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))

    def _in_force(self, db: Connection, account_id: int) -> str:
        """The secret of an account's codes, "" where none is in force."""
        in_force = Account.id == account_id, Account.last_step > 0
        sealed = db.execute(select(Account.second_factor).where(*in_force)).scalar()
        return unseal(self._keychain.clinic_key(KEY), bytes(sealed), _bound(account_id)).decode() if sealed else ""


def _limits_of(account_id: int) -> tuple[Limit, Limit]:
    """How often codes of an account may be wrong: in a while, and in a day."""
    of_day = Limit(f"codes of {account_id} in a day", FAILURES_OF_DAY, LONGEST)
    return Limit(f"code of {account_id}", FAILURES, WITHIN), of_day


def _begun(account_id: int, token: str) -> str:
    return f"second factor {account_id} of login {token}"


def _bound(account_id: int) -> str:
    return f"second factor {account_id}"
