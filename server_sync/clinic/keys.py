"""The clinic's keys, in a database of their own, so that a copy of the data is never a copy of what opens it.

There is one key for each patient and one for each account: whoever destroys it has shredded all that is kept of that
patient, or who that account was, wherever copies of it lie.
"""

import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, LargeBinary, insert, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from server_sync.clinic.database import Database

KEY_BYTES, NONCE_BYTES = 32, 12
SHREDDED = b""
_ACCOUNT = "account "
"""How the ids of accounts' keys begin."""
KNOWN_FOR_S = 60.0
"""How long a process remembers a key after it was destroyed by another one."""
_LOCK = 7_340_002


class Shredded(LookupError):
    """The key of a person is gone: they were erased, and nothing that is kept of them can be read."""


class KeyMissing(LookupError):
    """There is no key of a person, and none was destroyed: these are not all keys of the clinic."""


class StillRead(RuntimeError):
    """What was destroyed can still be read, because a program holds it; the message says where."""


class _Table(DeclarativeBase):
    type_annotation_map = {bytes: LargeBinary}  # noqa: RUF012 - SQLAlchemy's own name and type


class Secret(_Table):
    """A secret of the whole clinic, such as the key that recordings are sealed for on devices."""

    __tablename__ = "secret"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class PersonKey(_Table):
    """The key of one person, empty once it was destroyed: a patient's by their id, or an account's by its `key_id`."""

    __tablename__ = "person_key"
    person_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[bytes]


class Keys:
    """The keys of one clinic."""

    def __init__(self, url: str) -> None:
        """Open by SQLAlchemy URL, and make the tables where there are none."""
        self._database = Database(url)
        self._known: dict[str, tuple[float, bytes]] = {}
        with self._database.writing() as db:
            if db.dialect.name == "postgresql":
                db.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            _Table.metadata.create_all(db)

    def secret(self, name: str, make: Callable[[], str] | None = None) -> str:
        """A secret of the clinic; made once, by default of 32 random bytes (base64)."""
        value = self.known(name)
        if value is not None:
            return value
        value = make() if make else b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        with self._database.writing() as db:
            db.execute(self._database.once(Secret), {"name": name, "value": value})
            return db.execute(select(Secret.value).where(Secret.name == name)).scalar_one()

    def known(self, name: str) -> str | None:
        """A secret of the clinic; None where it was not made yet."""
        with self._database.reading() as db:
            return db.execute(select(Secret.value).where(Secret.name == name)).scalar()

    def change(self, name: str, to: Callable[[str], str]) -> None:
        """Keep another value under a name, made of the one before ("" where there was none): nobody comes between."""
        with self._database.writing() as db:
            db.execute(self._database.once(Secret), {"name": name, "value": ""})
            this = select(Secret.value).where(Secret.name == name).with_for_update()
            db.execute(update(Secret).where(Secret.name == name).values(value=to(db.execute(this).scalar_one())))

    def clinic_key(self, name: str) -> bytes:
        """A secret of the clinic as the 32 bytes of a key."""
        return b64decode(self.secret(name))

    def new_patient(self) -> str:
        """The id of a new patient, who has a key from now on."""
        return self._new("")

    def new_account(self) -> str:
        """The id of a new key for an account: not the account's number, which may be another's after a restore."""
        return self._new(_ACCOUNT)

    def of(self, person_id: str) -> bytes:
        """A person's key; raises Shredded, or KeyMissing."""
        known = self._known.get(person_id)
        if known is not None and time.monotonic() - known[0] < KNOWN_FOR_S:
            return known[1]
        found = self._database.look(select(PersonKey.key).where(PersonKey.person_id == person_id))
        whose = person_id if person_id.startswith(_ACCOUNT) else f"patient {person_id}"
        if not found:
            raise KeyMissing(f"there is no key of {whose}: bring back a copy of the keys that has it")
        key = bytes(found[0].key)
        if key == SHREDDED:
            raise Shredded(f"the key of {whose} was destroyed: they were erased")
        self._known[person_id] = time.monotonic(), key
        return key

    def patients(self) -> set[str]:
        """The ids of all patients who have a key; all keys are read at once, and `of` knows them for a while."""
        rows = self._database.look(select(PersonKey.person_id, PersonKey.key).where(PersonKey.key != SHREDDED))
        read = time.monotonic()
        self._known.update({row.person_id: (read, bytes(row.key)) for row in rows})
        return {row.person_id for row in rows if not row.person_id.startswith(_ACCOUNT)}

    def shredded(self) -> set[str]:
        """The ids of all keys that were destroyed, patients' and accounts'."""
        return set(self._ids(PersonKey.key == SHREDDED))

    def shred(self, person_id: str) -> None:
        """Destroy a person's key, for good; that it was is kept. Raises StillRead, and then it has to be done again."""
        self._known.pop(person_id, None)
        with self._database.writing() as db:
            if db.dialect.name == "sqlite":
                db.exec_driver_sql("PRAGMA secure_delete = ON")
            db.execute(update(PersonKey).where(PersonKey.person_id == person_id).values(key=SHREDDED))
        # What was there is still in the log that was written ahead, or in the page of the table.
        if not self._database.tidy(PersonKey.__tablename__):
            raise StillRead("a program reads the database of keys for long, and so keeps one that is to be destroyed")

    def all(self) -> tuple[Mapping[str, str], Mapping[str, bytes]]:
        """Every secret by name, and every person's key by its id: what a copy of the keys holds."""
        with self._database.reading() as db:
            named = {row.name: row.value for row in db.execute(select(Secret.name, Secret.value))}
            keys = {row.person_id: bytes(row.key) for row in db.execute(select(PersonKey.person_id, PersonKey.key))}
        return named, keys

    def bring_back(self, named: Mapping[str, str], keys: Mapping[str, bytes]) -> None:
        """Add the keys of a copy; what is here already stays as it is, and so does what was destroyed here."""
        with self._database.writing() as db:
            for name, value in named.items():
                db.execute(self._database.once(Secret), {"name": name, "value": value})
            for person_id, key in keys.items():
                db.execute(self._database.once(PersonKey), {"person_id": person_id, "key": key})

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _new(self, begins: str) -> str:
        person_id = begins + secrets.token_hex(8)
        with self._database.writing() as db:
            db.execute(insert(PersonKey).values(person_id=person_id, key=secrets.token_bytes(KEY_BYTES)))
        return person_id

    def _ids(self, which: ColumnElement[bool]) -> Sequence[str]:
        return [row.person_id for row in self._database.look(select(PersonKey.person_id).where(which))]


def seal(key: bytes, content: bytes, bound: str) -> bytes:
    """Seal bytes: a random nonce, then AES-256-GCM. `bound` is not kept, and has to be the same to open."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound.encode())


def unseal(key: bytes, sealed: bytes, bound: str) -> bytes:
    """Open what was sealed; raises ValueError where a bit of it, the key or `bound` is another one."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound.encode())
    except InvalidTag:
        raise ValueError(f"what is kept as {bound} is damaged, or sealed under another key") from None
