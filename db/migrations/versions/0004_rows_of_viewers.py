"""Keys of repeatable writes by who gave them, and on PostgreSQL the policies of row-level security."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WORKSPACE = "(SELECT current_setting('colloquy.workspace_id', true))"
HERE = (
    "({key} = (SELECT nullif(nullif(current_setting('colloquy.workspace_id', true), ''), '*')::uuid)"
    f" OR {WORKSPACE} = '*')"
)
STAFF = "(SELECT current_setting('colloquy.user_id', true)) = ''"
USER = "(SELECT substr(current_setting('colloquy.user_id', true), 2))"
PUBLIC = "(SELECT current_setting('colloquy.sees_public', true)) = 'on'"
TALK = "EXISTS (SELECT 1 FROM conversations AS talk WHERE talk.id = {table}.conversation_id AND {whose})"

OF_CONVERSATIONS = ("conversation_tags", "conversation_tools", "messages", "citations")
OF_MESSAGES = ("content_parts", "follow_up_questions", "attachments", "tool_calls")
OF_FEEDBACK = ("feedback_reasons", "feedback_scores", "citation_verdicts")
OF_ALL = ("assistants", "tools", "assistant_tools")
OF_STAFF = ("origins", "imports", "record_versions", "repeats", "api_keys", "audit_entries")


def policy(table: str, name: str, kind: str, condition: str, *, key: str = "workspace_id") -> str:
    """A policy for the rows of the workspace that meet the condition."""
    clause = "WITH CHECK" if kind == "INSERT" else "USING"
    return f"CREATE POLICY {name} ON {table} FOR {kind} {clause} ({HERE.format(key=key)} AND ({condition}))"


def above(table: str, parent: str, column: str) -> str:
    """Whether the row that this one belongs to is seen."""
    return f"{STAFF} OR EXISTS (SELECT 1 FROM {parent} AS above WHERE above.id = {table}.{column})"


def policies() -> list[str]:
    """All of them. A table whose policies let nobody in lets nobody in."""
    statements = [
        policy("workspaces", "seen", "ALL", "true", key="id"),
        policy("conversations", "owned", "ALL", f"{STAFF} OR owner_id = {USER}"),
        policy("conversations", "public", "SELECT", f"{PUBLIC} AND visibility = 'PUBLIC'"),
    ]
    for table in OF_CONVERSATIONS:
        own = TALK.format(table=table, whose=f"talk.owner_id = {USER}")
        public = TALK.format(table=table, whose="talk.visibility = 'PUBLIC'")
        statements.append(policy(table, "owned", "ALL", f"{STAFF} OR {own}"))
        statements.append(policy(table, "public", "SELECT", f"{PUBLIC} AND {public}"))
    statements += [policy(table, "seen", "ALL", above(table, "messages", "message_id")) for table in OF_MESSAGES]
    talk = TALK.format(table="feedback", whose=f"(feedback.is_owners AND talk.owner_id = {USER} OR {{author}})")
    author = f"feedback.author_kind = 'END_USER' AND feedback.author_id = {USER}"
    statements.append(policy("feedback", "seen", "ALL", f"{STAFF} OR {talk.format(author=author)}"))
    statements += [policy(table, "seen", "ALL", above(table, "feedback", "feedback_id")) for table in OF_FEEDBACK]
    cited = "EXISTS (SELECT 1 FROM citations AS said WHERE said.source_id = sources.id)"
    statements.append(policy("sources", "staff", "ALL", STAFF))
    statements.append(policy("sources", "cited", "SELECT", cited))
    for table in OF_ALL:
        statements.append(policy(table, "staff", "ALL", STAFF))
        statements.append(policy(table, "seen", "SELECT", "true"))
    statements += [policy(table, "staff", "ALL", STAFF) for table in OF_STAFF]
    statements.append(policy("audit_entries", "noted", "INSERT", "true"))
    statements.append(f"CREATE POLICY program ON token_secrets FOR ALL USING ({WORKSPACE} = '*')")
    return statements


def repeats_by_owner() -> None:
    """Make the table anew where a key cannot be changed; the keys so far are nobody's in particular."""
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("repeats", sa.Column("owner", sa.String(64), nullable=False, server_default=""))
        op.alter_column("repeats", "owner", server_default=None)
        op.drop_constraint("pk_repeats", "repeats", type_="primary")
        op.create_primary_key("pk_repeats", "repeats", ["workspace_id", "owner", "key"])
        return
    op.create_table(
        "repeats_by_owner",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "owner", "key", name="pk_repeats"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_repeats_workspace_id", ondelete="CASCADE"
        ),
    )
    op.execute(
        "INSERT INTO repeats_by_owner (workspace_id, owner, key, digest, answer, created_at)"
        " SELECT workspace_id, '', key, digest, answer, created_at FROM repeats"
    )
    op.drop_table("repeats")
    op.rename_table("repeats_by_owner", "repeats")
    op.create_index("ix_repeats_created_at", "repeats", ["created_at"])


def upgrade() -> None:
    repeats_by_owner()
    if op.get_bind().dialect.name == "postgresql":
        statements = policies()
        tables = list(dict.fromkeys(each.split(" ON ")[1].split(" ")[0] for each in statements))
        for statement in (*(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in tables), *statements):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in policies():
            name, _, table = statement.split(" ")[2:5]
            op.execute(f"DROP POLICY {name} ON {table}")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.drop_table("repeats")  # the answers of a day, of keys that could now be two users'
    op.create_table(
        "repeats",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("workspace_id", "key", name="pk_repeats"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_repeats_workspace_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_repeats_created_at", "repeats", ["created_at"])
