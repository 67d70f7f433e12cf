// Which documents answers lean on, and for one of them the answers that cite it.
import { graphql } from 'relay-runtime'

export const report = graphql`
  query SourcesQuery($site: String!, $sourceId: ID!) {
    sources(first: 10, where: { url: { startsWith: $site } }, orderBy: [{ field: CITATION_COUNT }]) {
      nodes {
        id
        title
        url
        citationCount
      }
    }
    source(id: $sourceId) {
      ...Sources_usage @arguments(count: 10)
    }
    complained: conversations(
      first: 10
      where: { references: { sourceId: { eq: $sourceId } }, feedback: { rating: { eq: NEGATIVE } } }
    ) {
      totalCount
      nodes {
        id
        title
      }
    }
  }
`

export const usage = graphql`
  fragment Sources_usage on Source
  @refetchable(queryName: "SourcesUsageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    title
    kind
    references(first: $count, after: $after) @connection(key: "Sources_references") {
      totalCount
      edges {
        node {
          id
          ...Thread_citation
          relevanceScore
          message {
            id
            content
            timestamp
          }
          conversation {
            id
            title
          }
          feedback {
            id
            rating
            comment
          }
        }
      }
    }
  }
`
