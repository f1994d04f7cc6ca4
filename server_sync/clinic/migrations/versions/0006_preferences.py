"""What each account wishes of its pages."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
NAMES = ("language", "look", "letters")


def upgrade() -> None:
    """As the browser has it, for those there are."""
    for name in NAMES:
        op.add_column("account", sa.Column(name, sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    """Take them away."""
    for name in NAMES:
        op.drop_column("account", name)
