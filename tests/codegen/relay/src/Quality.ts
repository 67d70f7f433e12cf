// Numbers of one assistant over a time, and the latest complaints with what was asked.
import { graphql } from 'relay-runtime'

export const quality = graphql`
  query QualityQuery($assistantId: ID!, $since: DateTime!, $until: DateTime!) {
    assistant(id: $assistantId) {
      name
      model
    }
    total: conversations(where: { assistantId: { eq: $assistantId }, createdAt: { gte: $since, lt: $until } }) {
      totalCount
    }
    unsourced: conversations(
      where: {
        and: [{ assistantId: { eq: $assistantId } }, { createdAt: { gte: $since, lt: $until } }]
        not: { hasCitations: true }
      }
    ) {
      totalCount
    }
    liked: feedback(
      where: { assistantId: { eq: $assistantId }, createdAt: { gte: $since, lt: $until }, rating: { eq: POSITIVE } }
    ) {
      totalCount
    }
    complaints: feedback(
      first: 5
      where: {
        assistantId: { eq: $assistantId }
        createdAt: { gte: $since, lt: $until }
        rating: { eq: NEGATIVE }
        authorKind: { in: [END_USER, STAFF] }
      }
      orderBy: [{ field: CREATED_AT }]
    ) {
      nodes {
        id
        ...Quality_complaint
      }
    }
  }
`

export const complaint = graphql`
  fragment Quality_complaint on Feedback {
    createdAt
    comment
    reasons {
      label
      details
    }
    scores {
      name
      value
    }
    target {
      __typename
      ... on Conversation {
        id
        conversationTitle: title
      }
      ... on Message {
        id
        content
        parent {
          content
        }
      }
      ... on Reference {
        id
        referenceTitle: title
        url
      }
    }
    citationVerdicts {
      verdict
      title
      url
      reference {
        id
        title
      }
    }
  }
`
