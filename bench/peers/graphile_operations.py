"""The operations of the benchmark as PostGraphile's schema has them: the same data, asked for in its words.

Its lists are ordered by what has an index: the messages by their sequence, which here is the order of the branch. Its
ids are uuids and not node ids, its times have no fixed number of digits, and enums are text: answers are compared by
how many objects they hold, not by value.
"""

import json
from typing import Final
from uuid import UUID

WORKSPACE: Final = "00000000-0000-7000-8000-000000000001"

_NEWEST: Final = (
    f'first: $first, orderBy: [LAST_ACTIVITY_AT_DESC, ID_DESC], condition: {{workspaceId: "{WORKSPACE}", '
    "deletedAt: null}"
)

INBOX: Final = f"""\
query Inbox($first: Int!, $messages: Int!) {{
  conversations({_NEWEST}) {{
    edges {{
      cursor
      node {{
        id title preview lastActivityAt messageCount
        tags: conversationTagsList(orderBy: POSITION_ASC) {{ tag }}
        assistant {{ id name }}
        messages(first: $messages, orderBy: SEQUENCE_ASC) {{
          nodes {{
            id role content confidence createdAt
            citations: citationsList(orderBy: POSITION_ASC) {{ id number title url excerpt }}
          }}
          pageInfo {{ hasNextPage }}
        }}
      }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""

SMALL: Final = """\
query Small($id: UUID!) {
  conversation(id: $id) { id title }
}
"""

DEEP: Final = """\
query Deep($id: UUID!, $messages: Int!, $references: Int!) {
  conversation(id: $id) {
    id title
    messages(first: $messages, orderBy: SEQUENCE_ASC) {
      nodes {
        id role content
        citations: citationsList(orderBy: POSITION_ASC) {
          id number title
          source {
            id title url
            references: citations(first: $references, orderBy: ID_DESC) {
              nodes { id number message { id role createdAt conversation { id title messageCount } } }
            }
          }
        }
      }
    }
  }
}
"""

WIDE: Final = f"""\
query Wide($first: Int!, $messages: Int!) {{
  conversations({_NEWEST}) {{
    nodes {{
      id title preview type executionStatus failReason matrixMode visibility shareUrl model systemPrompt temperature
      externalId externalUrl supportTicketConversationId projectId integrationId ownerId
      createdAt updatedAt lastActivityAt archivedAt deletedAt version messageCount
      messages(first: $messages, orderBy: SEQUENCE_ASC) {{
        nodes {{
          id sequence role roleName messageType actor authorId authorName status failReason visible content
          contentFormat confidence model toolCallId toolName timestamp createdAt updatedAt version
          externalId externalUrl
        }}
      }}
    }}
  }}
}}
"""


def inbox(first: int = 20, messages: int = 20) -> bytes:
    """The newest conversations with their first messages and these messages' citations."""
    return _body("Inbox", INBOX, {"first": first, "messages": messages})


def small(conversation: UUID) -> bytes:
    """One conversation's title."""
    return _body("Small", SMALL, {"id": str(conversation)})


def deep(conversation: UUID, messages: int = 20, references: int = 20) -> bytes:
    """One conversation and what else cites its sources."""
    return _body("Deep", DEEP, {"id": str(conversation), "messages": messages, "references": references})


def wide(first: int = 100, messages: int = 100) -> bytes:
    """The scalar fields of conversations and of their messages."""
    return _body("Wide", WIDE, {"first": first, "messages": messages})


def _body(name: str, document: str, variables: dict[str, object]) -> bytes:
    return json.dumps({"operationName": name, "query": document, "variables": variables}).encode()
