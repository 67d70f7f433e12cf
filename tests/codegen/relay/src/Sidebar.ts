// What the filters beside the list can offer, and assistants to choose from, page by page.
import { graphql } from 'relay-runtime'

export const sidebar = graphql`
  query SidebarQuery($typed: String, $path: [String!]!) {
    tags(prefix: $typed, first: 12) {
      tag
      count
    }
    propertyKeys(field: PROPERTIES, on: CONVERSATION) {
      key
      count
    }
    propertyValues(field: PROPERTIES, path: $path, prefix: $typed, first: 12) {
      value
      count
    }
    ...Sidebar_assistants
  }
`

export const assistants = graphql`
  fragment Sidebar_assistants on Query
  @refetchable(queryName: "SidebarAssistantsQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 30 }, after: { type: "String" }) {
    assistants(first: $count, after: $after) @connection(key: "Sidebar_assistants") {
      edges {
        node {
          id
          name
          tools {
            id
            name
            kind
          }
        }
      }
    }
  }
`
