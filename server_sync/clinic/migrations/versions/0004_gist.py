"""The gist of each session, and each patient at a glance: both are made of what is there, when they are needed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make room for them."""
    op.add_column("session", sa.Column("gist", sa.LargeBinary))
    op.create_table(
        "glance",
        sa.Column("patient_id", sa.String, sa.ForeignKey("patient.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """They are made again."""
    op.drop_table("glance")
    op.drop_column("session", "gist")
