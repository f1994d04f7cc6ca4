"""The gist of each session, each patient at a glance, both made of what is there; and sessions in order by patient."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make room for them."""
    op.add_column("session", sa.Column("gist", sa.LargeBinary))
    op.create_index("ix_session_patient_started", "session", ["patient_id", "started_at"])
    op.drop_index("ix_session_patient_id", "session")
    op.create_table(
        "glance",
        sa.Column("patient_id", sa.String, sa.ForeignKey("patient.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """They are made again."""
    op.drop_table("glance")
    op.create_index("ix_session_patient_id", "session", ["patient_id"])
    op.drop_index("ix_session_patient_started", "session")
    op.drop_column("session", "gist")
