"""The first tables.

Longer than a module should be: a migration is a record of what was, and shares nothing with the tables of today.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DEFAULT_WORKSPACE = "00000000-0000-7000-8000-000000000001"

# jsonb knows neither NUL nor lone surrogates: its copy has U+FFFD for them, the text beside it keeps what was there.
JSONB = r"""
CREATE FUNCTION colloquy_jsonb(document text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    cleaned text := document;
    previous text;
BEGIN
    RETURN cleaned::jsonb;
EXCEPTION WHEN others THEN
    -- An escape counts only after an even number of backslashes.
    LOOP
        previous := cleaned;
        cleaned := regexp_replace(
            cleaned, '((?:^|[^\\])(?:\\\\)*)\\u0000', '\1\\ufffd', 'gi');
        EXIT WHEN cleaned = previous;
    END LOOP;
    LOOP
        previous := cleaned;
        cleaned := regexp_replace(
            cleaned, '((?:^|[^\\])(?:\\\\)*)\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})', '\1\\ufffd', 'gi');
        EXIT WHEN cleaned = previous;
    END LOOP;
    LOOP
        previous := cleaned;
        cleaned := regexp_replace(
            cleaned,
            '((?:^|[^\\])(?:\\\\)*)(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}', '\1\\ufffd', 'gi');
        EXIT WHEN cleaned = previous;
    END LOOP;
    BEGIN
        RETURN cleaned::jsonb;
    EXCEPTION WHEN others THEN
        RETURN NULL;
    END;
END $$
"""


class CopyOf(sa.Computed):
    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column_name = column


@compiles(CopyOf)
def _copy_on_sqlite(element: CopyOf, _compiler: Any, **_options: Any) -> str:
    return f"GENERATED ALWAYS AS ({element.column_name}) VIRTUAL"


@compiles(CopyOf, "postgresql")
def _copy_on_postgresql(element: CopyOf, _compiler: Any, **_options: Any) -> str:
    return f"GENERATED ALWAYS AS (colloquy_jsonb({element.column_name})) STORED"


def moment() -> Any:
    return sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def sorted_text(length: int) -> Any:
    return sa.String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")


def json_copy() -> Any:
    return sa.Text().with_variant(postgresql.JSONB(), "postgresql")


def copy_of(column: str) -> CopyOf:
    return CopyOf(column)


def word_check(table: str, column: str, name: str, *words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{name}"))


def where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def json_index(name: str, table: str, column: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(name, table, [column], postgresql_using="gin", postgresql_ops={column: "jsonb_path_ops"})


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # Not through text(): the body has colons that are no parameters.
        op.get_bind().exec_driver_sql(JSONB)
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
        sa.UniqueConstraint("name", name="uq_workspaces_name"),
    )
    op.create_table(
        "assistants",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sorted_text(512), nullable=False),
        sa.Column("name_made", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("system_prompt", sa.Text()),
        sa.Column("initial_message", sa.Text()),
        sa.Column("model", sa.String(512)),
        sa.Column("temperature", sa.Float()),
        sa.Column("config", sa.Text()),
        sa.Column("external_id", sa.String(512)),
        sa.PrimaryKeyConstraint("id", name="pk_assistants"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_assistants_workspace_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_assistants_name", "assistants", ["workspace_id", "name", "id"])
    op.create_index(
        "uq_assistants_external_id",
        "assistants",
        ["workspace_id", "external_id"],
        unique=True,
        **where("external_id IS NOT NULL"),
    )
    op.create_table(
        "imports",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("layout", sa.String(32), nullable=False),
        sa.Column("envelope", sa.Text()),
        sa.Column("counts", sa.Text()),
        sa.Column("finished_at", moment()),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_imports_workspace_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_imports_created_at", "imports", ["workspace_id", "created_at", "id"])
    op.create_table(
        "record_versions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("seen_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("entity_id", "digest", name="pk_record_versions"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_record_versions_workspace_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "sources",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(32)),
        sa.Column("title", sorted_text(512)),
        sa.Column("url", sa.Text()),
        sa.Column("kind", sa.String(512)),
        sa.Column("connector", sa.String(512)),
        sa.Column("external_id", sa.String(512)),
        sa.Column("text", sa.Text()),
        sa.Column("metadata", sa.Text()),
        sa.Column("citation_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_sources_workspace_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_sources_citation_count", "sources", ["workspace_id", "citation_count", "id"])
    op.create_index("ix_sources_created_at", "sources", ["workspace_id", "created_at", "id"])
    op.create_index(
        "ix_sources_external_id", "sources", ["workspace_id", "external_id"], **where("external_id IS NOT NULL")
    )
    op.create_index("ix_sources_title", "sources", ["workspace_id", "title", "id"])
    op.create_index("ix_sources_url", "sources", ["url"], postgresql_using="hash")
    op.create_index(
        "uq_sources_identity", "sources", ["workspace_id", "identity"], unique=True, **where("identity IS NOT NULL")
    )
    op.create_table(
        "tools",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sorted_text(512), nullable=False),
        sa.Column("name_made", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("parameters", sa.Text()),
        sa.Column("external_id", sa.String(512)),
        sa.PrimaryKeyConstraint("id", name="pk_tools"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_tools_workspace_id", ondelete="CASCADE"),
        word_check("tools", "kind", "toolkind", "FUNCTION", "RETRIEVAL", "SCRIPT", "MCP", "OTHER"),
    )
    op.create_index("ix_tools_name", "tools", ["workspace_id", "name", "id"])
    op.create_index(
        "uq_tools_external_id",
        "tools",
        ["workspace_id", "external_id"],
        unique=True,
        **where("external_id IS NOT NULL"),
    )
    op.create_table(
        "assistant_tools",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("assistant_id", sa.Uuid(), nullable=False),
        sa.Column("tool_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("assistant_id", "tool_id", name="pk_assistant_tools"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_assistant_tools_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["assistant_id"], ["assistants.id"], name="fk_assistant_tools_assistant_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tool_id"], ["tools.id"], name="fk_assistant_tools_tool_id", ondelete="CASCADE"),
    )
    op.create_index("ix_assistant_tools_tool_id", "assistant_tools", ["tool_id", "assistant_id"])
    op.create_table(
        "conversations",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sorted_text(500), nullable=False),
        sa.Column("title_made", sa.Boolean(), nullable=False),
        sa.Column("preview", sa.Text()),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("assistant_id", sa.Uuid()),
        sa.Column("execution_status", sa.String(20), nullable=False),
        sa.Column("fail_reason", sa.Text()),
        sa.Column("matrix_mode", sa.Boolean(), nullable=False),
        sa.Column("visibility", sa.String(20), nullable=False),
        sa.Column("share_url", sa.Text()),
        sa.Column("shared_with", sa.Text()),
        sa.Column("properties", sa.Text()),
        sa.Column("properties_copy", json_copy(), copy_of("properties")),
        sa.Column("user_properties", sa.Text()),
        sa.Column("user_properties_copy", json_copy(), copy_of("user_properties")),
        sa.Column("model", sa.String(512)),
        sa.Column("system_prompt", sa.Text()),
        sa.Column("temperature", sa.Float()),
        sa.Column("config", sa.Text()),
        sa.Column("external_id", sa.String(512)),
        sa.Column("external_url", sa.Text()),
        sa.Column("support_ticket_conversation_id", sa.String(512)),
        sa.Column("project_id", sa.String(512)),
        sa.Column("integration_id", sa.String(512)),
        sa.Column("owner_id", sa.String(512)),
        sa.Column("forked_from_id", sa.Uuid()),
        sa.Column("last_activity_at", moment(), nullable=False),
        sa.Column("archived_at", moment()),
        sa.Column("deleted_at", moment()),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column("last_message_id", sa.Uuid()),
        sa.Column("current_message_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_conversations_workspace_id", ondelete="CASCADE"
        ),
        word_check(
            "conversations", "type", "conversationtype", "CHAT", "OPENAI", "SUPPORT_TICKET", "SUPPORT_COPILOT", "AGENT"
        ),
        sa.ForeignKeyConstraint(
            ["assistant_id"], ["assistants.id"], name="fk_conversations_assistant_id", ondelete="SET NULL"
        ),
        word_check(
            "conversations",
            "execution_status",
            "executionstatus",
            "AVAILABLE",
            "PENDING",
            "PROCESSING",
            "ERROR",
            "ENDED",
        ),
        word_check("conversations", "visibility", "visibility", "PRIVATE", "PUBLIC"),
    )
    op.create_index("ix_conversations_assistant_id", "conversations", ["assistant_id", "last_activity_at", "id"])
    op.create_index("ix_conversations_created_at", "conversations", ["workspace_id", "created_at", "id"])
    op.create_index(
        "ix_conversations_deleted_at",
        "conversations",
        ["workspace_id", "deleted_at"],
        **where("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_conversations_integration_id",
        "conversations",
        ["workspace_id", "integration_id"],
        **where("integration_id IS NOT NULL"),
    )
    op.create_index("ix_conversations_last_activity_at", "conversations", ["workspace_id", "last_activity_at", "id"])
    op.create_index("ix_conversations_message_count", "conversations", ["workspace_id", "message_count", "id"])
    op.create_index("ix_conversations_model", "conversations", ["workspace_id", "model"], **where("model IS NOT NULL"))
    op.create_index(
        "ix_conversations_owner_id", "conversations", ["workspace_id", "owner_id", "last_activity_at", "id"]
    )
    op.create_index(
        "ix_conversations_project_id",
        "conversations",
        ["workspace_id", "project_id"],
        **where("project_id IS NOT NULL"),
    )
    json_index("ix_conversations_properties", "conversations", "properties_copy")
    op.create_index(
        "ix_conversations_support_ticket_conversation_id",
        "conversations",
        ["workspace_id", "support_ticket_conversation_id"],
        **where("support_ticket_conversation_id IS NOT NULL"),
    )
    op.create_index("ix_conversations_title", "conversations", ["workspace_id", "title", "id"])
    op.create_index("ix_conversations_updated_at", "conversations", ["workspace_id", "updated_at", "id"])
    json_index("ix_conversations_user_properties", "conversations", "user_properties_copy")
    op.create_index(
        "uq_conversations_external_id",
        "conversations",
        ["workspace_id", "external_id"],
        unique=True,
        **where("external_id IS NOT NULL"),
    )
    op.create_table(
        "origins",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.String(20), nullable=False),
        sa.Column("system", sa.String(20), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("record_id", sa.String(512), nullable=False),
        sa.Column("id_type", sa.String(20), nullable=False),
        sa.Column("extra", sa.Text()),
        sa.Column("presence", sa.Text()),
        sa.Column("import_id", sa.Uuid()),
        sa.Column("position", sa.Integer()),
        sa.Column("source_updated_at", moment()),
        sa.Column("imported_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("entity_id", name="pk_origins"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_origins_workspace_id", ondelete="CASCADE"
        ),
        word_check(
            "origins",
            "entity",
            "entity",
            "CONVERSATION",
            "MESSAGE",
            "REFERENCE",
            "SOURCE",
            "ASSISTANT",
            "TOOL",
            "FEEDBACK",
        ),
        word_check(
            "origins",
            "system",
            "originsystem",
            "ATHENA",
            "COGSOL",
            "PIPESHUB",
            "INKEEP",
            "OPENAI",
            "CHATGPT",
            "CLAUDE",
            "LIBRECHAT",
            "OPEN_WEBUI",
            "CHATBOT_UI",
            "SHAREGPT",
            "OPENASSISTANT",
            "MTRAG",
            "COLLOQUY",
        ),
        word_check("origins", "id_type", "idtype", "STRING", "NUMBER", "PLACE"),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name="fk_origins_import_id", ondelete="SET NULL"),
    )
    op.create_index("ix_origins_import_id", "origins", ["import_id", "position"])
    op.create_index("ix_origins_record_id", "origins", ["workspace_id", "record_id"])
    op.create_index(
        "uq_origins_record_id", "origins", ["workspace_id", "system", "account", "kind", "record_id"], unique=True
    )
    op.create_table(
        "conversation_tags",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("tag", sorted_text(512), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "tag", name="pk_conversation_tags"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_conversation_tags_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_conversation_tags_conversation_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_conversation_tags_tag", "conversation_tags", ["workspace_id", "tag", "conversation_id"])
    op.create_table(
        "conversation_tools",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("tool_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "tool_id", name="pk_conversation_tools"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_conversation_tools_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_conversation_tools_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tool_id"], ["tools.id"], name="fk_conversation_tools_tool_id", ondelete="CASCADE"),
    )
    op.create_index("ix_conversation_tools_tool_id", "conversation_tools", ["tool_id", "conversation_id"])
    op.create_table(
        "messages",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("branch_position", sa.Integer()),
        sa.Column("rank", sa.Integer()),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("role_name", sa.String(512), nullable=False),
        sa.Column("message_type", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(20), nullable=False),
        sa.Column("author_id", sa.String(512)),
        sa.Column("author_name", sa.Text()),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("fail_reason", sa.Text()),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_format", sa.String(20), nullable=False),
        sa.Column("has_parts", sa.Boolean(), nullable=False),
        sa.Column("stream_sequence", sa.Integer()),
        sa.Column("confidence", sa.String(512)),
        sa.Column("tool_call_id", sa.String(512)),
        sa.Column("tool_name", sa.String(512)),
        sa.Column("model", sa.String(512)),
        sa.Column("dw_data", sa.Text()),
        sa.Column("user_credits", sa.Integer()),
        sa.Column("processing_time_ms", sa.Float()),
        sa.Column("model_version", sa.Text()),
        sa.Column("ai_transaction_id", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("finish_reason", sa.Text()),
        sa.Column("system_prompt", sa.Text()),
        sa.Column("metadata", sa.Text()),
        sa.Column("metadata_copy", json_copy(), copy_of("metadata")),
        sa.Column("input_tokens", sa.Integer()),
        sa.Column("output_tokens", sa.Integer()),
        sa.Column("total_tokens", sa.Integer()),
        sa.Column("cached_input_tokens", sa.Integer()),
        sa.Column("reasoning_tokens", sa.Integer()),
        sa.Column("properties", sa.Text()),
        sa.Column("properties_copy", json_copy(), copy_of("properties")),
        sa.Column("user_properties", sa.Text()),
        sa.Column("user_properties_copy", json_copy(), copy_of("user_properties")),
        sa.Column("external_id", sa.String(512)),
        sa.Column("external_url", sa.Text()),
        sa.Column("timestamp", moment()),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_messages_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["messages.id"], name="fk_messages_parent_id", ondelete="CASCADE"),
        word_check("messages", "role", "messagerole", "USER", "ASSISTANT", "SYSTEM", "TOOL", "OTHER"),
        word_check(
            "messages",
            "message_type",
            "messagetype",
            "USER_QUERY",
            "BOT_RESPONSE",
            "ERROR",
            "FEEDBACK",
            "SYSTEM",
            "TOOL_RESULT",
            "OTHER",
        ),
        word_check("messages", "actor", "actor", "USER", "AI", "STAFF", "SYSTEM"),
        word_check("messages", "status", "messagestatus", "STREAMING", "COMPLETE", "STOPPED", "FAILED"),
        word_check("messages", "content_format", "contentformat", "MARKDOWN", "JSON", "HTML", "TEXT"),
    )
    op.create_index(
        "ix_messages_author_id", "messages", ["workspace_id", "author_id"], **where("author_id IS NOT NULL")
    )
    op.create_index(
        "ix_messages_branch_position",
        "messages",
        ["conversation_id", "branch_position"],
        **where("branch_position IS NOT NULL"),
    )
    op.create_index(
        "ix_messages_confidence", "messages", ["workspace_id", "confidence"], **where("confidence IS NOT NULL")
    )
    op.create_index("ix_messages_created_at", "messages", ["workspace_id", "created_at", "id"])
    json_index("ix_messages_metadata", "messages", "metadata_copy")
    op.create_index("ix_messages_model", "messages", ["workspace_id", "model"], **where("model IS NOT NULL"))
    op.create_index("ix_messages_parent_id", "messages", ["parent_id", "sequence"])
    json_index("ix_messages_properties", "messages", "properties_copy")
    op.create_index("ix_messages_roots", "messages", ["conversation_id", "sequence"], **where("parent_id IS NULL"))
    op.create_index("ix_messages_timestamp", "messages", ["workspace_id", "timestamp", "id"])
    op.create_index(
        "ix_messages_tool_name", "messages", ["workspace_id", "tool_name"], **where("tool_name IS NOT NULL")
    )
    json_index("ix_messages_user_properties", "messages", "user_properties_copy")
    op.create_index(
        "uq_messages_external_id",
        "messages",
        ["conversation_id", "external_id"],
        unique=True,
        **where("external_id IS NOT NULL"),
    )
    op.create_index("uq_messages_sequence", "messages", ["conversation_id", "sequence"], unique=True)
    op.create_table(
        "attachments",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("media_type", sa.Text()),
        sa.Column("size", sa.BigInteger()),
        sa.Column("url", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("external_id", sa.String(512)),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_attachments_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_attachments_message_id", ondelete="CASCADE"),
    )
    op.create_index("ix_attachments_message_id", "attachments", ["message_id", "position"])
    op.create_table(
        "citations",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("shown_number", sa.Integer()),
        sa.Column("label", sa.Text()),
        sa.Column("source_id", sa.Uuid()),
        sa.Column("title", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("excerpt", sa.Text()),
        sa.Column("context", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("relevance_score", sa.Float()),
        sa.Column("kind", sa.String(512)),
        sa.Column("breadcrumbs", sa.Text()),
        sa.Column("pages", sa.Text()),
        sa.Column("start_index", sa.Integer()),
        sa.Column("end_index", sa.Integer()),
        sa.Column("external_id", sa.String(512)),
        sa.Column("metadata", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_citations"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_citations_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_citations_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_citations_message_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_citations_source_id", ondelete="SET NULL"),
    )
    op.create_index("ix_citations_conversation_id", "citations", ["conversation_id", "position", "id"])
    op.create_index(
        "ix_citations_listed", "citations", ["conversation_id", "position", "id"], **where("message_id IS NULL")
    )
    op.create_index(
        "ix_citations_message_id", "citations", ["message_id", "position", "id"], **where("message_id IS NOT NULL")
    )
    op.create_index("ix_citations_source_id", "citations", ["source_id", "id"], **where("source_id IS NOT NULL"))
    op.create_index("ix_citations_url", "citations", ["url"], postgresql_using="hash")
    op.create_table(
        "content_parts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("media_type", sa.Text()),
        sa.Column("other_type", sa.Text()),
        sa.Column("payload", sa.Text()),
        sa.PrimaryKeyConstraint("message_id", "position", name="pk_content_parts"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_content_parts_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_content_parts_message_id", ondelete="CASCADE"
        ),
        word_check("content_parts", "type", "parttype", "TEXT", "IMAGE", "FILE", "REASONING", "OTHER"),
    )
    op.create_table(
        "follow_up_questions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text()),
        sa.Column("reasoning", sa.Text()),
        sa.PrimaryKeyConstraint("message_id", "position", name="pk_follow_up_questions"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_follow_up_questions_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_follow_up_questions_message_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "tool_calls",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(512)),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("arguments_text", sa.Text()),
        sa.Column("tool_id", sa.Uuid()),
        sa.Column("result_message_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("id", name="pk_tool_calls"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_tool_calls_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_tool_calls_message_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tool_id"], ["tools.id"], name="fk_tool_calls_tool_id", ondelete="SET NULL"),
    )
    op.create_index("ix_tool_calls_message_id", "tool_calls", ["message_id", "position"])
    op.create_index("ix_tool_calls_tool_id", "tool_calls", ["tool_id"], **where("tool_id IS NOT NULL"))
    op.create_table(
        "feedback",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("reference_id", sa.Uuid()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_owners", sa.Boolean(), nullable=False),
        sa.Column("rating", sa.String(20)),
        sa.Column("comment", sa.Text()),
        sa.Column("positive_comment", sa.Text()),
        sa.Column("negative_comment", sa.Text()),
        sa.Column("suggestion", sa.Text()),
        sa.Column("follow_up_questions_helpful", sa.Boolean()),
        sa.Column("author_id", sa.String(512)),
        sa.Column("author_kind", sa.String(20), nullable=False),
        sa.Column("seen_message_version", sa.Integer()),
        sa.Column("seen_current_message_id", sa.Uuid()),
        sa.Column("seen_assistant_id", sa.Uuid()),
        sa.Column("seen_assistant_version", sa.Integer()),
        sa.Column("properties", sa.Text()),
        sa.Column("properties_copy", json_copy(), copy_of("properties")),
        sa.Column("user_properties", sa.Text()),
        sa.Column("user_properties_copy", json_copy(), copy_of("user_properties")),
        sa.Column("external_id", sa.String(512)),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_feedback_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_feedback_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_feedback_message_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["reference_id"], ["citations.id"], name="fk_feedback_reference_id", ondelete="CASCADE"
        ),
        word_check("feedback", "rating", "rating", "POSITIVE", "NEGATIVE"),
        word_check("feedback", "author_kind", "feedbackauthor", "END_USER", "STAFF", "EVALUATOR", "SYSTEM"),
    )
    op.create_index(
        "ix_feedback_author_id", "feedback", ["workspace_id", "author_id"], **where("author_id IS NOT NULL")
    )
    op.create_index("ix_feedback_conversation_id", "feedback", ["conversation_id", "created_at", "id"])
    op.create_index("ix_feedback_created_at", "feedback", ["workspace_id", "created_at", "id"])
    op.create_index(
        "ix_feedback_external_id", "feedback", ["workspace_id", "external_id"], **where("external_id IS NOT NULL")
    )
    op.create_index(
        "ix_feedback_message_id", "feedback", ["message_id", "created_at", "id"], **where("message_id IS NOT NULL")
    )
    json_index("ix_feedback_properties", "feedback", "properties_copy")
    op.create_index(
        "ix_feedback_rating", "feedback", ["workspace_id", "rating", "created_at", "id"], **where("rating IS NOT NULL")
    )
    op.create_index(
        "ix_feedback_reference_id",
        "feedback",
        ["reference_id", "created_at", "id"],
        **where("reference_id IS NOT NULL"),
    )
    op.create_index("ix_feedback_updated_at", "feedback", ["workspace_id", "updated_at", "id"])
    json_index("ix_feedback_user_properties", "feedback", "user_properties_copy")
    op.create_table(
        "citation_verdicts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(20)),
        sa.Column("score", sa.Float()),
        sa.Column("comment", sa.Text()),
        sa.Column("reference_id", sa.Uuid()),
        sa.Column("title", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.PrimaryKeyConstraint("feedback_id", "position", name="pk_citation_verdicts"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_citation_verdicts_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_citation_verdicts_feedback_id", ondelete="CASCADE"
        ),
        word_check("citation_verdicts", "verdict", "verdict", "POSITIVE", "NEGATIVE", "MISSING"),
        sa.ForeignKeyConstraint(
            ["reference_id"], ["citations.id"], name="fk_citation_verdicts_reference_id", ondelete="SET NULL"
        ),
    )
    op.create_index(
        "ix_citation_verdicts_reference_id", "citation_verdicts", ["reference_id"], **where("reference_id IS NOT NULL")
    )
    op.create_table(
        "feedback_reasons",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(512), nullable=False),
        sa.Column("details", sa.Text()),
        sa.PrimaryKeyConstraint("feedback_id", "position", name="pk_feedback_reasons"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_feedback_reasons_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_feedback_reasons_feedback_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_feedback_reasons_label", "feedback_reasons", ["workspace_id", "label"])
    op.create_table(
        "feedback_scores",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("label", sa.Text()),
        sa.Column("count", sa.Integer()),
        sa.PrimaryKeyConstraint("feedback_id", "position", name="pk_feedback_scores"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_feedback_scores_workspace_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_feedback_scores_feedback_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_feedback_scores_name", "feedback_scores", ["workspace_id", "name", "value"])
    # The type makes of the id what the database at hand stores.
    workspaces = sa.table(
        "workspaces", sa.column("id", sa.Uuid()), sa.column("name", sa.String()), sa.column("created_at", moment())
    )
    postgres = op.get_bind().dialect.name == "postgresql"
    epoch: Any = datetime(1970, 1, 1, tzinfo=UTC) if postgres else 0
    op.bulk_insert(workspaces, [{"id": UUID(DEFAULT_WORKSPACE), "name": "default", "created_at": epoch}])


def downgrade() -> None:
    op.drop_table("feedback_scores")
    op.drop_table("feedback_reasons")
    op.drop_table("citation_verdicts")
    op.drop_table("feedback")
    op.drop_table("tool_calls")
    op.drop_table("follow_up_questions")
    op.drop_table("content_parts")
    op.drop_table("citations")
    op.drop_table("attachments")
    op.drop_table("messages")
    op.drop_table("conversation_tools")
    op.drop_table("conversation_tags")
    op.drop_table("origins")
    op.drop_table("conversations")
    op.drop_table("assistant_tools")
    op.drop_table("tools")
    op.drop_table("sources")
    op.drop_table("record_versions")
    op.drop_table("imports")
    op.drop_table("assistants")
    op.drop_table("workspaces")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION colloquy_jsonb(text)")
