// The list of conversations: endless scrolling, filters and order from the page, a badge on each row.
import { graphql } from 'relay-runtime'

export const screen = graphql`
  query InboxScreenQuery($where: ConversationWhere, $order: [ConversationOrder!]) {
    ...Inbox_rows @arguments(where: $where, order: $order, pageSize: 25)
  }
`

export const rows = graphql`
  fragment Inbox_rows on Query
  @refetchable(queryName: "InboxPageQuery")
  @argumentDefinitions(
    pageSize: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    where: { type: "ConversationWhere" }
    order: { type: "[ConversationOrder!]", defaultValue: [{ field: LAST_ACTIVITY_AT, direction: DESC }] }
  ) {
    conversations(first: $pageSize, after: $after, where: $where, orderBy: $order)
      @connection(key: "Inbox_conversations", filters: ["where", "orderBy"]) {
      edges {
        node {
          id
          ...Inbox_row
        }
      }
    }
  }
`

export const row = graphql`
  fragment Inbox_row on Conversation {
    title
    preview
    tags
    executionStatus
    visibility
    lastActivityAt
    archivedAt
    messageCount
    assistant {
      name
    }
    currentMessage {
      role
      actor
      status
    }
  }
`
