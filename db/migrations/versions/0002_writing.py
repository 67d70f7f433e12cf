"""Answers of repeatable writes, and what the files of one import have in common."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def moment() -> Any:
    return sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "repeats",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "key", name="pk_repeats"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_repeats_workspace_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_repeats_created_at", "repeats", ["created_at"])
    # SQLite's own ALTER TABLE leaves another text of the table behind than the one that a new table has.
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("imports", recreate="always" if on_sqlite else "never") as imports:
        imports.add_column(sa.Column("run_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("imports") as imports:
        imports.drop_column("run_id")
    op.drop_index("ix_repeats_created_at", "repeats")
    op.drop_table("repeats")
