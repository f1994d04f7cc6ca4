"""What sessions brought for the clinic to read, who read which message, and which message a letter answers."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; letters of before answer nothing."""
    op.add_column("letter", sa.Column("message_id", sa.String, nullable=False, server_default=""))
    op.create_table(
        "news",
        sa.Column("session_id", sa.String, sa.ForeignKey("session.id"), primary_key=True),
        sa.Column("patient_id", sa.String, sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("read_at", MOMENT),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_news_patient_id", "news", ["patient_id"])
    op.create_table(
        "message_read",
        sa.Column("patient_id", sa.String, sa.ForeignKey("patient.id"), primary_key=True),
        sa.Column("message_id", sa.String, primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("message_read")
    op.drop_table("news")
    op.drop_column("letter", "message_id")
