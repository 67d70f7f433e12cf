"""The operations of the inbox benchmark, as a client sends them."""

import json
from binascii import b2a_base64
from uuid import UUID

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


def inbox(first: int = 20, messages: int = 20) -> bytes:
    """The newest conversations with their first messages and these messages' citations."""
    return _body("Inbox", INBOX, {"first": first, "messages": messages})


def small(conversation: UUID) -> bytes:
    """One conversation's title."""
    node = b2a_base64(f"Conversation:{conversation}".encode(), newline=False).rstrip(b"=").decode("ascii")
    return _body("Small", SMALL, {"id": node})


def _body(name: str, document: str, variables: dict[str, object]) -> bytes:
    return json.dumps({"operationName": name, "query": document, "variables": variables}).encode()
