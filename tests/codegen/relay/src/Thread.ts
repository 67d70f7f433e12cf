// A conversation from its end, older messages above; each message with its parts, citations and versions.
import { graphql } from 'relay-runtime'

export const screen = graphql`
  query ThreadScreenQuery($id: ID!) {
    conversation(id: $id) {
      title
      version
      assistant {
        name
        initialMessage
      }
      ...Thread_messages
    }
  }
`

export const messages = graphql`
  fragment Thread_messages on Conversation
  @refetchable(queryName: "ThreadOlderQuery")
  @argumentDefinitions(pageSize: { type: "Int", defaultValue: 30 }, before: { type: "String" }) {
    messages(last: $pageSize, before: $before, where: { visible: true })
      @connection(key: "Thread_messages", filters: []) {
      edges {
        node {
          id
          ...Thread_message
        }
      }
    }
  }
`

export const message = graphql`
  fragment Thread_message on Message {
    sequence
    role
    roleName
    authorName
    status
    failReason
    timestamp
    content
    contentFormat
    contentParts {
      __typename
      ... on TextPart {
        text
      }
      ... on ReasoningPart {
        text
      }
      ... on ImagePart {
        url
        detail
      }
      ... on FilePart {
        url
        name
        mediaType
      }
      ... on OtherPart {
        type
        payload
      }
    }
    siblings {
      index
      count
      previous {
        id
      }
      next {
        id
      }
    }
    citations {
      id
      ...Thread_citation
    }
    followUpQuestions {
      question
      confidence
    }
    toolCalls {
      id
      name
      argumentsText
      tool {
        id
        kind
      }
      result {
        id
        content
      }
    }
    attachments {
      id
      name
      mediaType
      size
    }
    feedback {
      id
      rating
      reasons {
        label
        details
      }
    }
  }
`

export const citation = graphql`
  fragment Thread_citation on Reference {
    number
    shownNumber
    title
    url
    excerpt
    pages
    startIndex
    endIndex
    source {
      id
      title
      kind
      connector
    }
  }
`
