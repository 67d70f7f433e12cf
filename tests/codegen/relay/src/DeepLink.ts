// The page around one message, on the branch that passes through it; and any object by its id.
import { graphql } from 'relay-runtime'

export const around = graphql`
  query DeepLinkQuery($conversationId: ID!, $messageId: ID!) {
    conversation(id: $conversationId) {
      id
      messages(first: 21, around: $messageId, through: $messageId) {
        edges {
          cursor
          node {
            id
            parent {
              id
            }
            ...Thread_message
          }
        }
        pageInfo {
          hasPreviousPage
          startCursor
          hasNextPage
          endCursor
        }
      }
    }
  }
`

export const anything = graphql`
  query DeepLinkNodeQuery($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Conversation {
        conversationTitle: title
      }
      ... on Message {
        conversation {
          id
        }
      }
      ... on Source {
        ...Sources_usage @alias(as: "usage")
      }
    }
  }
`
