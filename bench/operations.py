"""The operations of the benchmarks over HTTP, as a client sends them."""

import json
from binascii import b2a_base64
from uuid import UUID

from bench.load import FRESH

INBOX = """\
query Inbox($first: Int!, $messages: Int!) {
  conversations(first: $first) {
    edges {
      cursor
      node {
        id title preview lastActivityAt messageCount tags
        assistant { id name }
        messages(first: $messages) {
          nodes {
            id role content confidence createdAt
            citations { id number title url excerpt }
          }
          pageInfo { hasNextPage }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

SMALL = """\
query Small($id: ID!) {
  conversation(id: $id) { id title }
}
"""

DEEP = """\
query Deep($id: ID!, $messages: Int!, $references: Int!) {
  conversation(id: $id) {
    id title
    messages(first: $messages) {
      nodes {
        id role content
        citations {
          id number title
          source {
            id title url
            references(first: $references) {
              nodes { id number message { id role createdAt conversation { id title messageCount } } }
            }
          }
        }
      }
    }
  }
}
"""

WIDE = """\
query Wide($first: Int!, $messages: Int!) {
  conversations(first: $first) {
    nodes {
      id title preview type executionStatus failReason matrixMode visibility shareUrl model systemPrompt temperature
      externalId externalUrl supportTicketConversationId projectId integrationId ownerId
      createdAt updatedAt lastActivityAt archivedAt deletedAt version messageCount
      messages(first: $messages) {
        nodes {
          id sequence role roleName messageType actor authorId authorName status failReason visible content
          contentFormat confidence model toolCallId toolName timestamp createdAt updatedAt version
          externalId externalUrl
        }
      }
    }
  }
}
"""

TYPENAME = "query Typename { __typename }"

GROWTH = """\
query Growth($first: Int!, $messages: Int!, $cite: Boolean!) {
  conversations(first: $first) {
    nodes {
      id title
      messages(first: $messages) {
        nodes { id role content createdAt citations @include(if: $cite) { id number title url } }
      }
    }
  }
}
"""

ADD = """\
mutation %s($input: AddMessagesInput!) {
  addMessages(input: $input) { messages { id } userErrors { field message code } }
}
"""

LOG = """\
mutation Log($input: LogConversationInput!) {
  logConversation(input: $input) { conversation { id } counts { inserted } userErrors { field message code } }
}
"""

QUESTION = "Since this morning the weekly report stops after the first page. Is that known, and what can I do?"
ANSWER = (
    "That happens after a change of plan: the weekly report keeps its old limits until the next full hour. Please open "
    "**Settings → Activity** and look for the entry with today's date; it names who changed it."
)


def inbox(first: int = 20, messages: int = 20) -> bytes:
    """The newest conversations with their first messages and these messages' citations."""
    return _body("Inbox", INBOX, {"first": first, "messages": messages})


def small(conversation: UUID) -> bytes:
    """One conversation's title."""
    return _body("Small", SMALL, {"id": node_id(conversation)})


def deep(conversation: UUID, messages: int = 20, references: int = 20) -> bytes:
    """One conversation, and by its messages' citations and their sources what else cites these: eight levels."""
    return _body("Deep", DEEP, {"id": node_id(conversation), "messages": messages, "references": references})


def wide(first: int = 100, messages: int = 100) -> bytes:
    """The scalar fields of conversations and of their messages."""
    return _body("Wide", WIDE, {"first": first, "messages": messages})


def typename() -> bytes:
    """Nothing of the database: what is left is the way of a request through the server."""
    return _body("Typename", TYPENAME, {})


def growth(messages: int, *, cite: bool, first: int = 100) -> bytes:
    """Conversations with that many messages each, with or without their citations."""
    return _body("Growth", GROWTH, {"first": first, "messages": messages, "cite": cite})


def add(conversation: UUID) -> bytes:
    """One message more."""
    given = {"conversationId": node_id(conversation), "messages": [{"role": "USER", "content": QUESTION}]}
    return _body("Add", ADD % "Add", {"input": given})


def send(conversation: UUID) -> bytes:
    """One message more, with an id and a key of the client's own, so that the request is safe to repeat."""
    fresh = FRESH.decode("ascii")
    message = {"uuid": fresh, "role": "USER", "content": QUESTION}
    given = {"conversationId": node_id(conversation), "messages": [message], "idempotencyKey": fresh}
    return _body("Send", ADD % "Send", {"input": given})


def log(messages: int = 100) -> bytes:
    """A transcript that is not here yet."""
    said = [
        {"role": "ASSISTANT" if place % 2 else "USER", "content": ANSWER if place % 2 else QUESTION}
        for place in range(messages)
    ]
    return _body("Log", LOG, {"input": {"messages": said}})


def node_id(conversation: UUID) -> str:
    """The id that the server gives."""
    return b2a_base64(f"Conversation:{conversation}".encode(), newline=False).rstrip(b"=").decode("ascii")


def _body(name: str, document: str, variables: dict[str, object]) -> bytes:
    return json.dumps({"operationName": name, "query": document, "variables": variables}).encode()
