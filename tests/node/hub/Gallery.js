// The first screen: who is asking, and what can be used, page by page.
import { graphql } from 'relay-runtime';

export const card = graphql`
  fragment Gallery_card on Integration {
    name
    description
    category
    vendor
    state
    ownedByViewer
    publisher {
      name
    }
    installation {
      status
    }
    connection {
      status
    }
  }
`;

export const list = graphql`
  fragment Gallery_list on Query
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 24 }
    cursor: { type: "String" }
    search: { type: "String" }
  )
  @refetchable(queryName: "GalleryListPaginationQuery") {
    integrations(first: $count, after: $cursor, filter: { search: $search }, orderBy: { field: NAME })
      @connection(key: "Gallery_integrations", filters: ["filter"]) {
      totalCount
      edges {
        node {
          id
          ...Gallery_card
        }
      }
    }
  }
`;

export const screen = graphql`
  query GalleryQuery($search: String) {
    viewer {
      organization {
        id
        databaseId
        name
      }
      organizations {
        databaseId
        name
      }
      principal {
        id
        displayName
        email
      }
      permissions
    }
    ...Gallery_list @arguments(search: $search)
  }
`;

export const create = graphql`
  mutation GalleryCreateMutation($input: CreateIntegrationInput!, $connections: [ID!]!) {
    createIntegration(input: $input) {
      ... on IntegrationPayload {
        integration @prependNode(connections: $connections, edgeTypeName: "IntegrationEdge") {
          id
          handler
          slug
          version
          ...Gallery_card
        }
      }
      ... on InvalidInput {
        violations {
          path
          message
        }
      }
      ... on Conflict {
        existing {
          id
        }
      }
      ... on Problem {
        code
        message
        path
      }
    }
  }
`;

export const remove = graphql`
  mutation GalleryDeleteMutation($id: ID!, $connections: [ID!]!) {
    deleteIntegration(id: $id) {
      ... on DeletePayload {
        deletedId @deleteEdge(connections: $connections)
      }
      ... on Problem {
        code
        message
      }
    }
  }
`;
