"""The tables of the clinic's database."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, ForeignKey, Index, LargeBinary, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A moment with its zone; SQLite, which keeps no zone, holds it as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn into UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """What all tables share."""

    type_annotation_map = {datetime: Moment, bytes: LargeBinary}  # noqa: RUF012 - SQLAlchemy's own name and type


class Setting(Table):
    """A value that all processes of one server share, such as the key that signs forms."""

    __tablename__ = "setting"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Account(Table):
    """A person who may log in; `role` is therapist, for now."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]


class Visit(Table):
    """A login that holds: the SHA-256 of the cookie, when it began and when it was last used."""

    __tablename__ = "visit"
    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class LoginFailure(Table):
    """A login that did not work; `key` is the login and the address it came from."""

    __tablename__ = "login_failure"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]


class EnrolmentCode(Table):
    """A one-time code: its first characters in the clear to find it by, the SHA-256 of the rest.

    `patients` are the pseudonyms that its device will be for, separated by spaces; `device_id` is who used it.
    """

    __tablename__ = "enrolment_code"
    selector: Mapped[str] = mapped_column(primary_key=True)
    secret_sha256: Mapped[str]
    expires_at: Mapped[datetime]
    tries: Mapped[int]
    used_at: Mapped[datetime | None]
    patients: Mapped[str] = mapped_column(server_default="")
    device_id: Mapped[str | None]


class Device(Table):
    """A headset or computer that may deliver; only the SHA-256 of its token is kept.

    `next_token_sha256` is that of a token it was given and has not shown yet; `signing_key` (base64, Ed25519) checks
    its requests. `patients` are the pseudonyms it is for, separated by spaces. `acked_through` counts its sessions
    that are here, or told to be lost, without a gap. The clock is the clinic's less the device's, as last measured.
    """

    __tablename__ = "device"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    token_sha256: Mapped[str] = mapped_column(unique=True)
    enrolled_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    next_token_sha256: Mapped[str | None] = mapped_column(unique=True)
    token_at: Mapped[datetime | None]
    signing_key: Mapped[str] = mapped_column(server_default="")
    sealing_key: Mapped[str] = mapped_column(server_default="")
    patients: Mapped[str] = mapped_column(server_default="")
    software: Mapped[str] = mapped_column(server_default="")
    seen_at: Mapped[datetime | None]
    acked_through: Mapped[int] = mapped_column(server_default="0")
    clock_offset_s: Mapped[float | None]
    clock_within_s: Mapped[float | None]


class Person(Table):
    """The clinic's own words for a pseudonym; devices never learn them."""

    __tablename__ = "person"
    pseudonym: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    about: Mapped[str]


class Delivered(Table):
    """A session as it was delivered, byte for byte, and what a list needs of it.

    `content` is the record's JSON, packed as `packing` says ("" or "zstd"); `sha256` is of the JSON. `number` is the
    device's own, 0 for sessions from before there were numbers. The clock is the clinic's less the device's at
    delivery. `prescription` is the version that was used, 0 for none. `schema` is the record's. `recording_lost` says
    that the recording was here and is not any more: the session is to be offered once more.
    """

    __tablename__ = "session"
    id: Mapped[str] = mapped_column(primary_key=True)
    pseudonym: Mapped[str] = mapped_column(index=True)
    started_at: Mapped[datetime]
    zone_offset_s: Mapped[int]
    seconds: Mapped[float]
    titles: Mapped[str]
    trials: Mapped[int]
    reached: Mapped[int]
    ended_by: Mapped[str]
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"))
    received_at: Mapped[datetime]
    sha256: Mapped[str]
    recording_sha256: Mapped[str] = mapped_column(index=True)
    content: Mapped[bytes]
    packing: Mapped[str] = mapped_column(server_default="")
    number: Mapped[int] = mapped_column(server_default="0")
    clock_offset_s: Mapped[float | None]
    clock_within_s: Mapped[float | None]
    prescription: Mapped[int] = mapped_column(server_default="0")
    schema: Mapped[int] = mapped_column(server_default="1")
    recording_lost: Mapped[bool] = mapped_column(server_default=false())
    __table_args__ = (Index("ix_session_device_number", "device_id", "number"),)


class Refusal(Table):
    """A session that was offered and not taken: which bytes, by whom, when and why; a person must look.

    `code` is that of the receipt, such as `other bytes` for a session that is here with another content.
    """

    __tablename__ = "refusal"
    session_id: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"))
    at: Mapped[datetime]
    number: Mapped[int] = mapped_column(server_default="0")
    code: Mapped[str] = mapped_column(server_default="other bytes")
    detail: Mapped[str] = mapped_column(server_default="")


class SameSession(Table):
    """A session that is here already, with the same bytes, from another device or under another number.

    It accounts for the number: a computer that was enrolled again offers again what it delivered under its former id.
    """

    __tablename__ = "same_session"
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    session_id: Mapped[str]
    at: Mapped[datetime]


class LostSession(Table):
    """A session that was finished on a device and is gone, as the device tells it."""

    __tablename__ = "lost_session"
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    session_id: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class PrescriptionVersion(Table):
    """One version of what is prescribed for a patient; it is never changed, only followed by the next.

    `content` is an `engine.prescription.Prescription` as JSON, `sha256` its hash and ETag.
    """

    __tablename__ = "prescription"
    pseudonym: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[datetime]
    content: Mapped[bytes]


class Job(Table):
    """Work to be done once: what kind, on what (`key`, one job of a kind each), and who holds it until when.

    `state` is waiting, running, done or failed; a running job whose lease is over is waiting again.
    """

    __tablename__ = "job"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempts: Mapped[int] = mapped_column(server_default="0")
    worker: Mapped[str] = mapped_column(server_default="")
    lease_until: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("kind", "key"), Index("ix_job_state", "state", "kind", "id"))


class Measurement(Table):
    """What one version of the measures says of one recording: a pure function of both, kept as canonical JSON."""

    __tablename__ = "measurement"
    recording_sha256: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes]
