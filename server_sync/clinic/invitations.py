"""Invitations: a one-time code with which somebody chooses the password of the account that was made for them."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select, update

from server_sync.clinic import passwords
from server_sync.clinic.accounts import AccountLine, Accounts, Entrance, limits_of
from server_sync.clinic.audit import COMMAND, STRANGER, by_account
from server_sync.clinic.brakes import Limit, NotProved
from server_sync.clinic.codes import digest, new_code
from server_sync.clinic.tables import Account, Invitation

VALID = timedelta(days=7)
WRONG_CODES, WRONG_CODES_WITHIN = 10, timedelta(hours=1)
"""Codes that one address may try in vain; a code has 50 random bits."""
_LETTERS = 5


class Invitations:
    """The invitations of one clinic."""

    def __init__(self, entrance: Entrance, accounts: Accounts) -> None:
        """Use these."""
        self._store, _, self._visits, self._brakes, self._audit, self._now, self._code_key = entrance
        self._accounts = accounts

    def new(
        self, login: str, name: str, role: str, wards: Mapping[str, str] | None = None, by: str = COMMAND
    ) -> tuple[int, str]:
        """Make an account and invite whose it is; gives its id and the code. Raises account_rules.AccountRefused."""
        account_id = self._accounts.make(login, name, role, wards=wards, by=by)
        return account_id, self.invite(account_id, by)

    def invite(self, account_id: int, by: str = COMMAND) -> str:
        """A code such as 7KQ4M-2XD9P to choose a password with; the one there was is none any more.

        Codes before it are void, and logins end at once. Raises accounts.UnknownAccount.
        """
        action = "invite" if self._accounts.of(account_id).invited else "reset a password"
        with self._store.writing() as db:
            code = self.invite_in(db, account_id)
            self._audit.append(db, by, action, thing=by_account(account_id))
        return code

    def invite_in(self, db: Connection, account_id: int) -> str:
        """The same, in a transaction in which more is taken from an account."""
        code = new_code(groups=2, letters=_LETTERS)
        db.execute(update(Account).where(Account.id == account_id).values(password_hash=""))
        self._visits.end_all(db, account_id)
        db.execute(delete(Invitation).where(Invitation.account_id == account_id))
        values = {"account_id": account_id, "expires_at": self._now() + VALID}
        db.execute(insert(Invitation).values(sha256=digest(self._code_key, code), **values))
        return code

    def accept(self, code: str, password: str, address: str) -> AccountLine:
        """Choose a password; gives the account, whose login is tried anew from now on.

        Raises NotProved, or passwords.WeakPassword, after which the code is still good.
        """
        limit = Limit(f"invitation from {address}", WRONG_CODES, WRONG_CODES_WITHIN)
        tries = self._brakes.count(limit)
        good = Invitation.sha256 == digest(self._code_key, code), Invitation.expires_at > self._now()
        found = self._store.look(select(Invitation.account_id).where(*good))
        if not found:
            self._audit.note(STRANGER, "fail to accept an invitation")
            raise NotProved(
                "This code is not valid (any more): it is good once, for 7 days. Ask the clinic for another."
            )
        self._brakes.forgive(tries)
        account = self._accounts.of(found[0].account_id)
        passwords.check(password, account.second_factor, (account.login, account.name))
        new_hash = passwords.hashed(password)
        with self._store.writing() as db:
            used = delete(Invitation).where(*good).returning(Invitation.account_id)
            if not db.execute(used).all():  # somebody with the same code was a moment faster
                raise NotProved("This code was used just now.")
            db.execute(update(Account).where(Account.id == account.id).values(password_hash=new_hash))
            self._audit.append(db, by_account(account.id), "choose a password")
        self._brakes.forgive((), limits_of(account.login, address)[1])
        return account._replace(invited=False)
