// What a chat client writes: variables that may be null stand where the schema has defaults.
import { graphql } from 'relay-runtime'

export const send = graphql`
  mutation WritingSendMutation(
    $conversationId: ID!
    $uuid: UUID
    $content: String
    $visible: Boolean
    $format: ContentFormat
    $policy: ErrorPolicy
    $key: String
  ) {
    addMessages(
      input: {
        conversationId: $conversationId
        messages: [{ uuid: $uuid, role: USER, content: $content, visible: $visible, contentFormat: $format }]
        onError: $policy
        idempotencyKey: $key
      }
    ) {
      conversation {
        id
        version
        currentMessage {
          id
        }
      }
      messages {
        id
        ...Thread_message
      }
      userErrors {
        ...Writing_wrong
      }
    }
  }
`

export const create = graphql`
  mutation WritingCreateMutation($type: ConversationType, $visibility: Visibility, $matrix: Boolean, $kind: ToolKind) {
    createConversation(input: { type: $type, visibility: $visibility, matrixMode: $matrix }) {
      conversation {
        ...Inbox_row
      }
      userErrors {
        ...Writing_wrong
      }
    }
    createTool(input: { name: "search", kind: $kind }) {
      tool {
        id
        kind
      }
    }
  }
`

export const change = graphql`
  mutation WritingChangeMutation($rate: GiveFeedbackInput!, $withdraw: ID!, $switch: SetCurrentMessageInput!, $fork: ID!) {
    giveFeedback(input: $rate) {
      feedback {
        id
        rating
      }
    }
    withdrawFeedback(input: { id: $withdraw }) {
      withdrawnFeedbackId @deleteRecord
      target {
        ... on Message {
          id
          viewerFeedback {
            id
          }
        }
      }
    }
    setCurrentMessage(input: $switch) {
      conversation {
        id
        messages(last: 30) {
          edges {
            node {
              id
              ...Thread_message
            }
          }
        }
      }
    }
    forkConversation(input: { messageId: $fork }) {
      conversation {
        id
      }
      userErrors {
        ...Writing_wrong
      }
    }
  }
`

export const wrong = graphql`
  fragment Writing_wrong on UserError {
    field
    message
    code
    limit
    actual
    currentVersion
  }
`
