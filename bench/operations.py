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
    return _body("Small", SMALL, {"id": _node(conversation)})


def add(conversation: UUID) -> bytes:
    """One message more."""
    given = {"conversationId": _node(conversation), "messages": [{"role": "USER", "content": QUESTION}]}
    return _body("Add", ADD % "Add", {"input": given})


def send(conversation: UUID) -> bytes:
    """One message more, with an id and a key of the client's own, so that the request is safe to repeat."""
    fresh = FRESH.decode("ascii")
    message = {"uuid": fresh, "role": "USER", "content": QUESTION}
    given = {"conversationId": _node(conversation), "messages": [message], "idempotencyKey": fresh}
    return _body("Send", ADD % "Send", {"input": given})


def log(messages: int = 100) -> bytes:
    """A transcript that is not here yet."""
    said = [
        {"role": "ASSISTANT" if place % 2 else "USER", "content": ANSWER if place % 2 else QUESTION}
        for place in range(messages)
    ]
    return _body("Log", LOG, {"input": {"messages": said}})


def _node(conversation: UUID) -> str:
    return b2a_base64(f"Conversation:{conversation}".encode(), newline=False).rstrip(b"=").decode("ascii")


def _body(name: str, document: str, variables: dict[str, object]) -> bytes:
    return json.dumps({"operationName": name, "query": document, "variables": variables}).encode()
