"""Devices with keys, numbered sessions, prescriptions, jobs and measurements."""

from typing import Any

import sqlalchemy as sa
import zstandard
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)
Columns = tuple[sa.Column[Any], ...]


def upgrade() -> None:
    """Add the columns and tables."""
    _add("device", _of_device())
    op.create_index("ix_device_next_token_sha256", "device", ["next_token_sha256"], unique=True)
    _add("enrolment_code", _of_code())
    _add("session", _of_session())
    op.create_index("ix_session_recording_sha256", "session", ["recording_sha256"])
    op.create_index("ix_session_device_number", "session", ["device_id", "number"])
    _refusals(foreign=False)
    op.create_table(
        "lost_session",
        sa.Column("device_id", sa.String, sa.ForeignKey("device.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "same_session",
        sa.Column("device_id", sa.String, sa.ForeignKey("device.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "prescription",
        sa.Column("pseudonym", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    _jobs()


def downgrade() -> None:
    """Take them away; what only they held is gone."""
    for table in ("measurement", "job", "prescription", "same_session", "lost_session"):
        op.drop_table(table)
    _unpack()
    op.execute("DELETE FROM refusal WHERE session_id NOT IN (SELECT id FROM session)")
    _refusals(foreign=True)
    op.drop_index("ix_session_device_number", "session")
    op.drop_index("ix_session_recording_sha256", "session")
    _drop("session", _of_session())
    op.drop_index("ix_device_next_token_sha256", "device")
    _drop("enrolment_code", _of_code())
    _drop("device", _of_device())


def _unpack() -> None:
    """Version 1 knows records as they are, and nothing of packing."""
    connection = op.get_bind()
    packed = sa.text("SELECT id, content FROM session WHERE packing = 'zstd'")
    write = sa.text("UPDATE session SET content = :content WHERE id = :id")
    for session, content in connection.execute(packed).all():
        plain = zstandard.ZstdDecompressor().stream_reader(bytes(content)).read()
        connection.execute(write, {"id": session, "content": plain})


def _add(table: str, columns: Columns) -> None:
    for column in columns:
        op.add_column(table, column)


def _drop(table: str, columns: Columns) -> None:
    # Not as a batch: that would drop and make again a table that others refer to.
    for column in columns:
        op.drop_column(table, column.name)


def _refusals(foreign: bool) -> None:
    """Move the refusals into a table that knows why (or, back, into one whose sessions are here)."""
    op.rename_table("refusal", "refusal_before")
    session = sa.Column("session_id", sa.String, *([sa.ForeignKey("session.id")] if foreign else []))
    op.create_table(
        "refusal",
        session,
        sa.Column("sha256", sa.String),
        sa.Column("device_id", sa.String, sa.ForeignKey("device.id"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *([] if foreign else _of_refusal()),
        sa.PrimaryKeyConstraint("session_id", "sha256", name="refusal_key" if not foreign else "refusal_pkey"),
    )
    names = "session_id, sha256, device_id, at"
    op.execute(f"INSERT INTO refusal ({names}) SELECT {names} FROM refusal_before")  # noqa: S608 - fixed names
    op.drop_table("refusal_before")


def _jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False, server_default="waiting"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("worker", sa.String, nullable=False, server_default=""),
        sa.Column("lease_until", MOMENT),
        sa.Column("error", sa.String, nullable=False, server_default=""),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT),
        sa.UniqueConstraint("kind", "key"),
    )
    op.create_index("ix_job_state", "job", ["state", "kind", "id"])
    op.create_table(
        "measurement",
        sa.Column("recording_sha256", sa.String, primary_key=True),
        sa.Column("version", sa.String, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def _of_device() -> Columns:
    return (
        sa.Column("next_token_sha256", sa.String),
        sa.Column("token_at", MOMENT),
        sa.Column("signing_key", sa.String, nullable=False, server_default=""),
        sa.Column("sealing_key", sa.String, nullable=False, server_default=""),
        sa.Column("patients", sa.String, nullable=False, server_default=""),
        sa.Column("software", sa.String, nullable=False, server_default=""),
        sa.Column("seen_at", MOMENT),
        sa.Column("acked_through", sa.Integer, nullable=False, server_default="0"),
        sa.Column("clock_offset_s", sa.Float),
        sa.Column("clock_within_s", sa.Float),
    )


def _of_session() -> Columns:
    return (
        sa.Column("packing", sa.String, nullable=False, server_default=""),
        sa.Column("number", sa.Integer, nullable=False, server_default="0"),
        sa.Column("clock_offset_s", sa.Float),
        sa.Column("clock_within_s", sa.Float),
        sa.Column("prescription", sa.Integer, nullable=False, server_default="0"),
        sa.Column("schema", sa.Integer, nullable=False, server_default="1"),
        sa.Column("recording_lost", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def _of_code() -> Columns:
    return (
        sa.Column("patients", sa.String, nullable=False, server_default=""),
        sa.Column("device_id", sa.String),
    )


def _of_refusal() -> Columns:
    return (
        sa.Column("number", sa.Integer, nullable=False, server_default="0"),
        sa.Column("code", sa.String, nullable=False, server_default="other bytes"),
        sa.Column("detail", sa.String, nullable=False, server_default=""),
    )
