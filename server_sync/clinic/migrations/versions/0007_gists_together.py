"""Gists in a table of their own, in which those of a patient lie together; the order of sessions names them, too."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Bring those there are."""
    op.create_table(
        "gist",
        sa.Column("patient_id", sa.String, sa.ForeignKey("patient.id"), primary_key=True),
        sa.Column("session_id", sa.String, sa.ForeignKey("session.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    theirs = "SELECT patient_id, id, gist FROM session WHERE gist IS NOT NULL ORDER BY patient_id, id"
    op.execute(f"INSERT INTO gist (patient_id, session_id, sealed) {theirs}")
    op.drop_column("session", "gist")
    op.drop_index("ix_session_patient_started", "session")
    op.create_index("ix_session_patient_started", "session", ["patient_id", "started_at", "id"])


def downgrade() -> None:
    """They are made again."""
    op.drop_index("ix_session_patient_started", "session")
    op.create_index("ix_session_patient_started", "session", ["patient_id", "started_at"])
    op.add_column("session", sa.Column("gist", sa.LargeBinary))
    op.drop_table("gist")
