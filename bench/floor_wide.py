"""What the floor answers to the wide operation: all scalar fields of conversations and messages."""

from collections.abc import Sequence
from typing import Any, Final

from bench.floor_json import Driver, dumps, grouped

CONVERSATION: Final = (
    "id", "title", "preview", "type", "execution_status", "fail_reason", "matrix_mode", "visibility", "share_url",
    "model", "system_prompt", "temperature", "external_id", "external_url", "support_ticket_conversation_id",
    "project_id", "integration_id", "owner_id", "created_at", "updated_at", "last_activity_at", "archived_at",
    "deleted_at", "version", "message_count",
)  # fmt: skip
"""The columns of a conversation in the wide answer."""

MESSAGE: Final = (
    "id", "sequence", "role", "role_name", "message_type", "actor", "author_id", "author_name", "status",
    "fail_reason", "visible", "content", "content_format", "confidence", "model", "tool_call_id", "tool_name",
    "timestamp", "created_at", "updated_at", "version", "external_id", "external_url",
)  # fmt: skip
"""The columns of a message in the wide answer."""


def wide(driver: Driver, found: Sequence[Any], messages: Sequence[Any]) -> bytes:
    """Conversations and messages with all their scalar fields."""
    listed = grouped(
        (
            of,
            {
                "id": name,
                "sequence": sequence,
                "role": role,
                "roleName": role_name,
                "messageType": message_type,
                "actor": actor,
                "authorId": author_id,
                "authorName": author_name,
                "status": status,
                "failReason": fail_reason,
                "visible": visible != 0,
                "content": content,
                "contentFormat": content_format,
                "confidence": confidence,
                "model": model,
                "toolCallId": tool_call_id,
                "toolName": tool_name,
                "timestamp": happened,
                "createdAt": created,
                "updatedAt": updated,
                "version": version,
                "externalId": external_id,
                "externalUrl": external_url,
            },
        )
        for name, happened, created, updated, (
            of,
            _,
            sequence,
            role,
            role_name,
            message_type,
            actor,
            author_id,
            author_name,
            status,
            fail_reason,
            visible,
            content,
            content_format,
            confidence,
            model,
            tool_call_id,
            tool_name,
            _,
            _,
            _,
            version,
            external_id,
            external_url,
        ) in zip(
            driver.ids("Message", [row[1] for row in messages]),
            *_times(driver, messages, ("of", *MESSAGE), ("timestamp", "created_at", "updated_at")),
            messages,
            strict=True,
        )
    )
    nodes = [
        {
            "id": name,
            "title": title,
            "preview": preview,
            "type": kind,
            "executionStatus": execution_status,
            "failReason": fail_reason,
            "matrixMode": matrix_mode != 0,
            "visibility": visibility,
            "shareUrl": share_url,
            "model": model,
            "systemPrompt": system_prompt,
            "temperature": temperature,
            "externalId": external_id,
            "externalUrl": external_url,
            "supportTicketConversationId": support_ticket_conversation_id,
            "projectId": project_id,
            "integrationId": integration_id,
            "ownerId": owner_id,
            "createdAt": created,
            "updatedAt": updated,
            "lastActivityAt": active,
            "archivedAt": archived,
            "deletedAt": deleted,
            "version": version,
            "messageCount": message_count,
            "messages": {"nodes": listed.get(key, ())},
        }
        for name, created, updated, active, archived, deleted, (
            key,
            title,
            preview,
            kind,
            execution_status,
            fail_reason,
            matrix_mode,
            visibility,
            share_url,
            model,
            system_prompt,
            temperature,
            external_id,
            external_url,
            support_ticket_conversation_id,
            project_id,
            integration_id,
            owner_id,
            _,
            _,
            _,
            _,
            _,
            version,
            message_count,
        ) in zip(
            driver.ids("Conversation", [row[0] for row in found]),
            *_times(
                driver,
                found,
                CONVERSATION,
                ("created_at", "updated_at", "last_activity_at", "archived_at", "deleted_at"),
            ),
            found,
            strict=True,
        )
    ]
    return dumps({"conversations": {"nodes": nodes}})


def _times(driver: Driver, rows: Sequence[Any], columns: Sequence[str], wanted: Sequence[str]) -> list[list[Any]]:
    places = [columns.index(name) for name in wanted]
    return [driver.times([row[place] for row in rows]) for place in places]
