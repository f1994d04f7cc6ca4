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
    """A person who may log in; `role` is one of `server_sync.clinic.roles.ROLES`.

    `lookup` finds them by their login: its HMAC under a secret of the clinic. `sealed` are login and name
    (`server_sync.clinic.names.Named`), sealed under the account's own key, which `key_id` names; it is empty once an
    erasure closed the account. `password_hash` is "" until an invited person has chosen one. `second_factor` is the
    shared secret of their time-based codes (RFC 6238), sealed under a secret of the clinic, and `last_step` the last
    time step whose code was shown: each is good once. `language`, `look` and `letters` are what they wish of their
    pages (`server_sync.clinic.preferences.Preferred`). `disabled_at` says since when they may not log in any more;
    accounts are never removed, because the audit names them.
    """

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    lookup: Mapped[str] = mapped_column(unique=True)
    key_id: Mapped[str] = mapped_column(unique=True)
    sealed: Mapped[bytes]
    role: Mapped[str]
    password_hash: Mapped[str]
    second_factor: Mapped[bytes | None]
    last_step: Mapped[int] = mapped_column(server_default="0")
    language: Mapped[str] = mapped_column(server_default="")
    look: Mapped[str] = mapped_column(server_default="")
    letters: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class Ward(Table):
    """Whose record an account may see: a patient's own (`relation` is self), or that of a child of theirs."""

    __tablename__ = "ward"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    relation: Mapped[str]


class RecoveryCode(Table):
    """A code that stands in for a second factor once; `sha256` is its HMAC (`codes.digest`)."""

    __tablename__ = "recovery_code"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class Invitation(Table):
    """A one-time code with which somebody chooses the password of an account; `sha256` is its HMAC (`codes.digest`)."""

    __tablename__ = "invitation"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[datetime]


class Visit(Table):
    """A login that holds: the SHA-256 of the cookie, when it began and when it was last used.

    `password_alone` says that the second factor was not shown yet: nothing else may be done with it.
    """

    __tablename__ = "visit"
    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    password_alone: Mapped[bool] = mapped_column(server_default=false())


class LoginFailure(Table):
    """A try that did not fit; `key` is the HMAC of what was tried, such as a login from an address."""

    __tablename__ = "login_failure"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]


class EnrolmentCode(Table):
    """A one-time code: its first characters in the clear to find it by, and its HMAC (`codes.digest`).

    `patients` are the ids of those whom its device will be for, separated by spaces; `device_id` is who used it.
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
    its requests. `patients` are the ids of those it is for, separated by spaces. `acked_through` counts its sessions
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


class Patient(Table):
    """A patient, under an id that says nothing.

    `lookup` finds them by their pseudonym: its HMAC under a secret of the clinic. `sealed` are the clinic's words about
    them (`server_sync.clinic.patients.Person`), sealed under the patient's own key.
    """

    __tablename__ = "patient"
    id: Mapped[str] = mapped_column(primary_key=True)
    lookup: Mapped[str] = mapped_column(unique=True)
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]


class Erased(Table):
    """A pseudonym, as `Patient.lookup` has it, whose person was erased: nothing of theirs is taken any more."""

    __tablename__ = "erased"
    lookup: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Delivered(Table):
    """A session as it was delivered, byte for byte, and what a list needs of it.

    `content` is the record's JSON, packed with zstd, and `summary` what a list shows (`intake.Summary`), both sealed
    under the patient's key. `sha256` is of the JSON. `number` is the device's own, 0 for sessions from before there
    were numbers. The clock is the clinic's less the device's at delivery. `prescription` is the version that was used,
    0 for none. `schema` is the record's. `recording_lost` says that the recording was here and is not any more: the
    session is to be offered once more.
    """

    __tablename__ = "session"
    id: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"))
    started_at: Mapped[datetime]
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"))
    received_at: Mapped[datetime]
    sha256: Mapped[str]
    recording_sha256: Mapped[str] = mapped_column(index=True)
    summary: Mapped[bytes]
    content: Mapped[bytes]
    number: Mapped[int] = mapped_column(server_default="0")
    clock_offset_s: Mapped[float | None]
    clock_within_s: Mapped[float | None]
    prescription: Mapped[int] = mapped_column(server_default="0")
    schema: Mapped[int] = mapped_column(server_default="1")
    recording_lost: Mapped[bool] = mapped_column(server_default=false())
    __table_args__ = (
        Index("ix_session_device_number", "device_id", "number"),
        Index("ix_session_patient_started", "patient_id", "started_at", "id"),
    )


class SessionGist(Table):
    """What is followed of a session (`gist.Gist`), sealed under the patient's key; made when it arrives.

    On SQLite those of a patient lie together and apart from the sessions, each of which is ten times as long: hundreds
    are read at once.
    """

    __tablename__ = "gist"
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"), primary_key=True)
    sealed: Mapped[bytes]
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own name and type


class Glance(Table):
    """What a list shows of a patient (`glance.Glance`), sealed under their key; what makes it untrue removes it."""

    __tablename__ = "glance"
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    sealed: Mapped[bytes]


class RecordingKey(Table):
    """The key under which a recording is stored, sealed under its patient's, or the clinic's until it has one.

    `device_id` is whose device brought it, "" where that is not known.
    """

    __tablename__ = "recording"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patient.id"), index=True)
    sealed: Mapped[bytes]
    device_id: Mapped[str] = mapped_column(server_default="")


class Refusal(Table):
    """A session that was offered and not taken: which bytes, by whom, when and why; a person must look.

    `code` is that of the receipt, such as `other bytes` for a session that is here with another content. The words of
    the receipt are the device's alone: what a session says is never open here.
    """

    __tablename__ = "refusal"
    session_id: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"))
    at: Mapped[datetime]
    number: Mapped[int] = mapped_column(server_default="0")
    code: Mapped[str] = mapped_column(server_default="other bytes")


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
    """A session that was finished on a device and is gone, as the device tells it; its words about why are not kept."""

    __tablename__ = "lost_session"
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    session_id: Mapped[str]
    at: Mapped[datetime]


class PrescriptionVersion(Table):
    """One version of what is prescribed for a patient; it is never changed, only followed by the next.

    `content` is an `engine.prescription.Prescription` as JSON, sealed under the patient's key, `sha256` its hash and
    ETag.
    """

    __tablename__ = "prescription"
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[datetime]
    content: Mapped[bytes]


class Job(Table):
    """Work to be done once: what kind, on what (`key`, one job of a kind each), and who holds it until when.

    `state` is waiting, running, done, failed or postponed; a running job whose lease is over is waiting again, and so
    is one that was postponed.
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
    """What one version of the measures says of one recording: a pure function of both.

    It is canonical JSON, sealed under the patient's key.
    """

    __tablename__ = "measurement"
    recording_sha256: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    content: Mapped[bytes]


class Audited(Table):
    """One read or write of personal data: who, what, whose and which thing; never what it says.

    `actor` is `account 7`, `device ab12...`, `system ...` or `command`; `patient_id` is "" where it is of nobody in
    particular. `sha256` is over all of the row and the `sha256` of the one before, so that none can be changed, left
    out or put in between.
    """

    __tablename__ = "audit"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    patient_id: Mapped[str] = mapped_column(index=True)
    thing: Mapped[str]
    sha256: Mapped[str]


class Consent(Table):
    """What somebody agreed to, once; `withdrawn_at` ends it. `sealed` says who, in which words (`consents.Given`)."""

    __tablename__ = "consent"
    id: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    kind: Mapped[str]
    given_at: Mapped[datetime]
    until: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    sealed: Mapped[bytes]


class Contact(Table):
    """Time that somebody of the clinic spent on a patient (sealed), or what replaces an earlier row."""

    __tablename__ = "contact"
    id: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    replaces: Mapped[str] = mapped_column(server_default="")
    sealed: Mapped[bytes]


class Letter(Table):
    """What a patient or guardian wrote to the clinic; `sealed` is the text, `read_at` when somebody saw it.

    `message_id` names the message of the clinic that it answers, "" for none.
    """

    __tablename__ = "letter"
    id: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    sealed: Mapped[bytes]
    message_id: Mapped[str] = mapped_column(server_default="")


class SessionNews(Table):
    """What a session brought for the clinic to read (`server_sync.clinic.news.News`, sealed), where it brought any.

    `at` is when the session began, `read_at` when somebody of the clinic saw it, or when there was nothing to see.
    """

    __tablename__ = "news"
    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    sealed: Mapped[bytes]


class MessageRead(Table):
    """When an account of a patient or guardian first had a message of the clinic on its page."""

    __tablename__ = "message_read"
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    at: Mapped[datetime]


class DraftProgramme(Table):
    """A programme that another system asked for, for a therapist to take up or turn down; `sealed` is what it asked.

    `state` is waiting, taken or declined; `system_id` is whose it is, and `request_id` the SHA-256 of what it calls it.
    """

    __tablename__ = "draft"
    id: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    system_id: Mapped[str]
    request_id: Mapped[str]
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="waiting")
    sealed: Mapped[bytes]
    __table_args__ = (UniqueConstraint("system_id", "request_id"),)


class System(Table):
    """Another system that may use the FHIR facade: its public keys (JWKS) and what it may do (SMART scopes).

    `base` is where it reaches the facade. Systems are never removed, because the audit and consents name them.
    """

    __tablename__ = "system"
    id: Mapped[str] = mapped_column(primary_key=True)
    base: Mapped[str]
    jwks: Mapped[str]
    scopes: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SystemToken(Table):
    """What a system shows for some minutes after it proved who it is; only the SHA-256 is kept."""

    __tablename__ = "system_token"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    system_id: Mapped[str] = mapped_column(ForeignKey("system.id"))
    scopes: Mapped[str]
    expires_at: Mapped[datetime]


class UsedAssertion(Table):
    """A proof that a system has used, until it would be too old anyway: the SHA-256 of its id and the JWT's `jti`."""

    __tablename__ = "used_assertion"
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


class Target(Table):
    """Another FHIR server that the records of who agreed are brought to; the key for it is among the clinic's keys.

    `client_id` is what it knows us by, "" where it asks for no token; `token_url` is where it gives out tokens, ""
    where it says so itself, and `scope` what is asked for there.
    """

    __tablename__ = "target"
    id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    client_id: Mapped[str]
    token_url: Mapped[str]
    scope: Mapped[str]
    created_at: Mapped[datetime]


class Sent(Table):
    """A resource that a target holds, or may: the hash of what was sent, and `remote`, where it is there.

    `doubt` says why somebody has to look before it is sent again; it is not sure then whether it is there. `etag` names
    the version that we wrote, "" where the target gave none; what is `theirs` is the target's own, and not written.
    """

    __tablename__ = "sent"
    target: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    sha256: Mapped[str]
    at: Mapped[datetime]
    remote: Mapped[str] = mapped_column(server_default="")
    doubt: Mapped[str] = mapped_column(server_default="")
    etag: Mapped[str] = mapped_column(server_default="")
    theirs: Mapped[bool] = mapped_column(server_default=false())
