// What a screen asks for: a page that can be asked for more, a node by id, and a mutation with its refusal.
import { graphql } from 'relay-runtime';

export const list = graphql`
  fragment Things_list on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "ThingsListPaginationQuery") {
    things(first: $count, after: $cursor) @connection(key: "Things_things") {
      edges {
        node {
          id
          ...Things_row
        }
      }
    }
  }
`;

export const row = graphql`
  fragment Things_row on Thing @refetchable(queryName: "ThingsRowRefetchQuery") {
    name
  }
`;

export const screen = graphql`
  query ThingsQuery($id: ID!) {
    ...Things_list
    node(id: $id) {
      __typename
      ...Things_row @alias(as: "row")
    }
  }
`;

export const add = graphql`
  mutation ThingsAddMutation($input: AddThingInput!, $connections: [ID!]!) {
    addThing(input: $input) {
      ... on AddThingPayload {
        thing @prependNode(connections: $connections, edgeTypeName: "ThingEdge") {
          ...Things_row
        }
      }
      ... on Problem {
        message
      }
    }
  }
`;
