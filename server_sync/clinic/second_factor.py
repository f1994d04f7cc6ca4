"""The second factor: codes of an app that change every 30 s (TOTP, RFC 6238), and codes for when the app is lost.

A secret is in force once a first code of it was shown: then `Account.last_step` is no longer 0.
"""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyotp
from sqlalchemy import Connection, delete, insert, select, update

from server_sync.clinic import passwords
from server_sync.clinic.accounts import WITHIN, Accounts, Entrance
from server_sync.clinic.audit import COMMAND, by_account
from server_sync.clinic.brakes import Limit, NotProved
from server_sync.clinic.codes import as_typed, new_code
from server_sync.clinic.invitations import Invitations
from server_sync.clinic.keys import Keys, seal, unseal
from server_sync.clinic.tables import Account, RecoveryCode
from server_sync.wire import sha256

STEP_S, DRIFT_STEPS = 30, 1
"""How long a code is shown, as apps have it, and by how many of its times a clock may be wrong."""
FAILURES = 5
RECOVERY_CODES = 10
KEY = "second factor key"
ISSUER = "Steadyreach"
_LETTERS = 5


class HasSecondFactor(ValueError):
    """An account has a second factor, which must be removed before another is set up."""


class SecondFactors:
    """The second factors of one clinic's accounts."""

    def __init__(self, entrance: Entrance, accounts: Accounts, invitations: Invitations, keychain: Keys) -> None:
        """Use these; secrets are sealed under a secret of the keychain."""
        self._store, self._visits, self._brakes, self._audit, self._now = entrance
        self._accounts, self._invitations, self._keychain = accounts, invitations, keychain

    def begin(self, account_id: int) -> None:
        """Make a secret, which is in force once a code of it was shown; raises HasSecondFactor."""
        sealed = seal(self._keychain.clinic_key(KEY), pyotp.random_base32().encode(), _bound(account_id))
        free = Account.id == account_id, Account.last_step == 0
        with self._store.writing() as db:
            made = update(Account).where(*free).values(second_factor=sealed).returning(Account.id)
            if not db.execute(made).all():
                raise HasSecondFactor("you have a second factor; remove it before you set up another")

    def begun(self, account_id: int) -> str:
        """The secret (base 32) that waits for its first code, "" where none does."""
        waiting = Account.id == account_id, Account.last_step == 0, Account.second_factor.is_not(None)
        found = self._store.look(select(Account.second_factor).where(*waiting))
        return self._secret(account_id, found[0].second_factor) if found else ""

    def uri(self, account_id: int) -> str:
        """What a picture for the app says (Key URI Format), "" where no secret waits for its first code."""
        secret = self.begun(account_id)
        login = self._accounts.of(account_id).login
        return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER) if secret else ""

    def confirm(self, account_id: int, password: str, code: str) -> tuple[str, tuple[str, ...]]:
        """Put the secret in force by its first code; ends all other logins.

        Gives the secret of a fresh login, and the recovery codes, of which only hashes are kept. Raises NotProved.
        """
        self._accounts.prove(account_id, password)
        if not self.begun(account_id):
            raise NotProved("The set-up was not begun, or is over; begin it again.")
        codes = tuple(new_code(groups=2, letters=_LETTERS) for _ in range(RECOVERY_CODES))
        rows = [{"account_id": account_id, "sha256": _digest(each)} for each in codes]
        with self._shown(account_id, code) as db:
            db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
            db.execute(insert(RecoveryCode), rows)
            self._visits.end_all(db, account_id)
            token = self._visits.begin(db, account_id)
            self._audit.append(db, by_account(account_id), "set up a second factor")
        return token, codes

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
        return code

    def codes_left(self, account_id: int) -> int:
        """How many recovery codes were not used yet."""
        unused = RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
        return len(self._store.look(select(RecoveryCode.sha256).where(*unused)))

    @contextmanager
    def _shown(self, account_id: int, code: str) -> Iterator[Connection]:
        """Use a code up, and go on in the same transaction.

        Raises NotProved where it is wrong, was used, or too many were tried.
        """
        limit = Limit(f"code of {account_id}", FAILURES, WITHIN)
        tries, typed = self._brakes.count(limit), as_typed(code)
        with self._store.writing() as db:
            used = self._use_step(db, account_id, typed) or self._use_recovery_code(db, account_id, typed)
            if used:
                yield db
        if not used:
            self._audit.note(by_account(account_id), "fail to show a code")
            raise NotProved("This code does not fit, or was used already. Wait for the next one.")
        self._brakes.forgive(tries, limit)

    def _use_step(self, db: Connection, account_id: int, typed: str) -> bool:
        row: Any = db.execute(select(Account.second_factor).where(Account.id == account_id)).one()
        if row.second_factor is None:
            return False
        codes, step = pyotp.HOTP(self._secret(account_id, row.second_factor)), int(self._now().timestamp()) // STEP_S
        near = range(step - DRIFT_STEPS, step + DRIFT_STEPS + 1)
        fitting = [
            each for each in near if hmac.compare_digest(codes.at(each).encode(), typed.encode("utf-8", "replace"))
        ]
        if not fitting:
            return False
        # Each step once, also when two ask at the same moment.
        unused = Account.id == account_id, Account.last_step < fitting[0]
        used = update(Account).where(*unused).values(last_step=fitting[0]).returning(Account.id)
        return bool(db.execute(used).all())

    def _use_recovery_code(self, db: Connection, account_id: int, typed: str) -> bool:
        unused = RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
        this = *unused, RecoveryCode.sha256 == _digest(typed)
        used = update(RecoveryCode).where(*this).values(used_at=self._now()).returning(RecoveryCode.sha256)
        return bool(db.execute(used).all())

    def _clear(self, db: Connection, account_id: int) -> None:
        db.execute(update(Account).where(Account.id == account_id).values(second_factor=None, last_step=0))
        db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))

    def _secret(self, account_id: int, sealed: bytes) -> str:
        return unseal(self._keychain.clinic_key(KEY), bytes(sealed), _bound(account_id)).decode()


def _bound(account_id: int) -> str:
    return f"second factor {account_id}"


def _digest(code: str) -> str:
    return sha256(as_typed(code).encode("utf-8", "replace"))
