"""Devices that may deliver: enrolment by a one-time code, and the token that a device shows afterwards."""

import hmac
import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, bindparam, insert, or_, select, update

from engine.prescription import PSEUDONYM
from server_sync.clinic.audit import COMMAND, STRANGER, Audit, by_device
from server_sync.clinic.codes import KEY, as_typed, digest, new_code
from server_sync.clinic.keys import Keys
from server_sync.clinic.patients import NO_PSEUDONYM, Patients
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Device, EnrolmentCode
from server_sync.wire import Enrolled, Enrolment, sha256

VALID, TRIES = timedelta(minutes=15), 5
TOKEN_VALID = timedelta(days=30)
TOKEN_KEY = "token key"  # noqa: S105 - the name of a secret
KEY_BYTES = 32
_LONGEST_NAME = 100
_SHOWING = select(Device.id, Device.name, Device.signing_key, Device.patients, Device.token_sha256).where(
    or_(Device.token_sha256 == bindparam("digest"), Device.next_token_sha256 == bindparam("digest")),
    Device.revoked_at.is_(None),
)
# Five letters find the code, five are its secret: a guess at the secret counts against one code, not against all.
_SELECTOR_LETTERS = 5


class CodeRefused(Exception):
    """A code that is unknown, used, too old or was tried too often; the message does not say which."""


class KeyRefused(ValueError):
    """A device's public key is none; the message says what one looks like."""


class UnknownDevice(LookupError):
    """There is no device of this id."""


class KnownDevice(NamedTuple):
    """A device that may deliver: the key that checks its requests (Ed25519), and the ids of whom it is for, or of none.

    `signing_key` is empty for a device that enrolled when there were none. `token_is_new` says that it never showed the
    token before that it shows now.
    """

    id: str
    name: str
    signing_key: bytes
    patients: tuple[str, ...]
    token_is_new: bool = False

    def has_signed(self, content: bytes, signature: bytes) -> bool:
        """Whether a signature is this device's, of this content."""
        try:
            Ed25519PublicKey.from_public_bytes(self.signing_key).verify(signature, content)
        except (ValueError, InvalidSignature):
            return False
        return True


class DeviceLine(NamedTuple):
    """One line of the list of devices; the clock is the clinic's less the device's."""

    id: str
    name: str
    patients: tuple[str, ...]
    software: str
    enrolled_at: datetime
    seen_at: datetime | None
    revoked_at: datetime | None
    acked_through: int
    clock_offset_s: float | None
    clock_within_s: float | None


class Devices:
    """The devices of one clinic."""

    def __init__(
        self,
        store: Store,
        patients: Patients,
        audit: Audit,
        now: Callable[[], datetime],
        keychain: Keys,
        sealing_key: Callable[[], bytes],
    ) -> None:
        """Use this database, these patients, this audit, this clock, these keys and the public key to seal for."""
        self._store, self._patients, self._audit, self._now = store, patients, audit, now
        self._code_key, self._token_key = keychain.clinic_key(KEY), keychain.clinic_key(TOKEN_KEY)
        self._sealing_key = sealing_key

    def new_code(self, patients: Sequence[str] = (), by: str = COMMAND) -> str:
        """A one-time code for one device, such as 7KQ4M-2XD9P: ten letters, good for 15 minutes and 5 tries.

        The device will be for these pseudonyms alone, or for anybody without any.
        """
        for patient in patients:
            if not PSEUDONYM.fullmatch(patient):
                raise ValueError(f"patient {patient!r} {NO_PSEUDONYM}")
        code = new_code(groups=2, letters=_SELECTOR_LETTERS)
        values = {"secret_sha256": digest(self._code_key, code), "expires_at": self._now() + VALID, "tries": 0}
        with self._store.writing() as db:
            known = self._patients.admitted(db, patients)
            if gone := [patient for patient in patients if patient not in known]:
                raise ValueError(f"the person {gone[0]!r} was erased here; choose another pseudonym")
            whom = " ".join(known[patient] for patient in patients)
            db.execute(insert(EnrolmentCode).values(selector=_selector(code), patients=whom, **values))
            for patient_id in known.values() or ("",):
                self._audit.append(db, by, "make a code for a device", patient_id)
        return code

    def enrol(self, asked: Enrolment) -> Enrolled:
        """Exchange a code for a token; raises CodeRefused, or KeyRefused.

        When the answer was lost, the same code with the same signing key gives a fresh token of the same device.
        """
        for key in (asked.signing_key, asked.sealing_key):
            if len(key) != KEY_BYTES:
                raise KeyRefused(f"a public key of {len(key)} bytes is none: Ed25519 and X25519 keys have {KEY_BYTES}")
        token = f"device_{secrets.token_urlsafe(32)}"
        with self._store.writing() as db:
            device_id = self._admit(db, asked, sha256(token.encode()))
            actor, action = (by_device(device_id), "enrol") if device_id else (STRANGER, "fail to enrol")
            self._audit.append(db, actor, action)
        if device_id is None:
            raise CodeRefused(
                "this code is not valid (any more): a code is good for one device, 15 minutes and 5 tries; "
                "ask the clinic for a new one (steadyreach enrol)"
            )
        return Enrolled(device=device_id, token=token, sealing_key=self._sealing_key())

    def who(self, token: str) -> KnownDevice | None:
        """The device that shows this token; None when there is none or it was revoked."""
        shown = sha256(token.encode())
        found = self._store.look(_SHOWING, {"digest": shown})
        if not found:
            return None
        row = found[0]
        key, patients = b64decode(row.signing_key), tuple(row.patients.split())
        return KnownDevice(row.id, row.name, key, patients, row.token_sha256 != shown)

    def settle(self, token: str) -> None:
        """Let a new token take the place of the one before: a request that shows it was signed by its device."""
        shown = sha256(token.encode())
        values = {"token_sha256": shown, "next_token_sha256": None, "token_at": self._now()}
        with self._store.writing() as db:
            db.execute(update(Device).where(Device.next_token_sha256 == shown).values(values))

    def rotate(self, device_id: str) -> str:
        """The next token for a device; the one before works until this one is shown.

        It follows from the one before by a secret of the clinic: whoever sends the same request again voids nothing.
        """
        this = Device.id == device_id
        with self._store.writing() as db:
            before = db.execute(select(Device.token_sha256).where(this)).scalar_one()
            token = f"device_{urlsafe_b64encode(hmac.digest(self._token_key, before.encode(), 'sha256')).decode()}"
            db.execute(update(Device).where(this).values(next_token_sha256=sha256(token.encode())))
        return token

    def revoke(self, device_id: str, by: str = COMMAND) -> None:
        """Take a device's token away at once; what it delivered stays. Raises UnknownDevice."""
        with self._store.writing() as db:
            changed = update(Device).where(Device.id == device_id).values(revoked_at=self._now())
            if not db.execute(changed.returning(Device.id)).all():
                raise UnknownDevice(f"there is no device {device_id!r} here; steadyreach devices lists those there are")
            self._audit.append(db, by, "revoke a device", thing=device_id)

    def listed(self) -> list[DeviceLine]:
        """All devices, also revoked ones, the first enrolled first."""
        columns = [getattr(Device, name) for name in DeviceLine._fields]
        with self._store.reading() as db:
            rows = db.execute(select(*columns).order_by(Device.enrolled_at, Device.id)).all()
        return [DeviceLine(*row)._replace(patients=self._patients.called(row.patients.split())) for row in rows]

    def seen(self) -> dict[str, datetime]:
        """When a device of each patient was seen last, by the patient's id; those for everybody say nothing."""
        columns = Device.patients, Device.seen_at, Device.enrolled_at
        found: dict[str, datetime] = {}
        for row in self._store.look(select(*columns).where(Device.revoked_at.is_(None), Device.patients != "")):
            at = row.seen_at or row.enrolled_at
            found |= {whom: max(at, found.get(whom, at)) for whom in row.patients.split()}
        return found

    def _admit(self, db: Connection, asked: Enrolment, token_sha256: str) -> str | None:
        """The id of the device that this code makes or made; None where the code is not good."""
        code = self._use(db, asked.code)
        if code is None:
            return None
        signing_key, sealing_key = (b64encode(key).decode() for key in (asked.signing_key, asked.sealing_key))
        values: dict[str, Any] = {
            "name": asked.device.replace("\0", "")[:_LONGEST_NAME],
            "token_sha256": token_sha256,
            "token_at": self._now(),
            "sealing_key": sealing_key,
            "software": asked.software.replace("\0", "")[:_LONGEST_NAME],
        }
        if code.device_id is not None:
            known = Device.id == code.device_id, Device.signing_key == signing_key, Device.revoked_at.is_(None)
            again = update(Device).where(*known).values(next_token_sha256=None, **values)
            return db.execute(again.returning(Device.id)).scalar()
        values |= {"id": secrets.token_hex(8), "signing_key": signing_key, "patients": code.patients}
        db.execute(insert(Device).values(enrolled_at=self._now(), **values))
        used = {"used_at": self._now(), "device_id": values["id"]}
        db.execute(update(EnrolmentCode).where(EnrolmentCode.selector == code.selector).values(used))
        return str(values["id"])

    def _use(self, db: Connection, code: str) -> Any:
        """The row of a code whose secret fits; one that does not is a try."""
        found = EnrolmentCode.selector == _selector(code)
        good = found, EnrolmentCode.tries < TRIES, EnrolmentCode.expires_at > self._now()
        # Counted before it is checked, so that many guesses at once are not one.
        tried = update(EnrolmentCode).where(*good).values(tries=EnrolmentCode.tries + 1)
        columns = EnrolmentCode.selector, EnrolmentCode.secret_sha256, EnrolmentCode.patients, EnrolmentCode.device_id
        row = db.execute(tried.returning(*columns)).first()
        if row is None or not hmac.compare_digest(row.secret_sha256, digest(self._code_key, code)):
            return None
        db.execute(update(EnrolmentCode).where(found).values(tries=EnrolmentCode.tries - 1))
        return row


def _selector(code: str) -> str:
    return as_typed(code)[:_SELECTOR_LETTERS]
