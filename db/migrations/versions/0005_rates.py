"""What the processes of one database have taken of each viewer's points in a minute."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

POLICIES = (
    "ALTER TABLE rate_points ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY program ON rate_points FOR ALL"
    " USING ((SELECT current_setting('colloquy.workspace_id', true)) = '*')",
)


def upgrade() -> None:
    op.create_table(
        "rate_points",
        sa.Column("asker", sa.String(64), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("asker", name="pk_rate_points"),
    )
    op.create_index("ix_rate_points_minute", "rate_points", ["minute"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in POLICIES:
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("rate_points")
