// One integration: how it authorises, its connections, what it can do, what happened; and how it is changed.
import { graphql } from 'relay-runtime';

export const connectionCard = graphql`
  fragment Integration_connection on ConnectedAccount @refetchable(queryName: "IntegrationConnectionRefetchQuery") {
    name
    mode
    status
    account {
      displayName
      email
    }
    grantedScopes
    details
    expiresAt
    lastUsedAt
    lastError
    version
  }
`;

export const capabilities = graphql`
  fragment Integration_capabilities on Integration
  @argumentDefinitions(count: { type: "Int", defaultValue: 50 }, cursor: { type: "String" })
  @refetchable(queryName: "IntegrationCapabilitiesPaginationQuery") {
    capabilities(first: $count, after: $cursor) @connection(key: "Integration_capabilities") {
      totalCount
      edges {
        node {
          id
          name
          description
          method
          effect
          digest
          inputs {
            name
            type
            required
            location
          }
          inputSchema
          availability {
            available
            reason
            missingScopes
          }
        }
      }
    }
  }
`;

export const screen = graphql`
  query IntegrationQuery($handler: String!) {
    integration(by: { handler: $handler }) {
      id
      databaseId
      name
      readme
      state
      stateError
      version
      viewerCanManage
      auth {
        type
        apiBaseUrl
        scopes
        hasClientSecret
        headers {
          name
          value
        }
      }
      workspace {
        releaseVersion
        tag
      }
      owner {
        displayName
      }
      installation {
        id
        status
        configuration
        version
      }
      connections(first: 10) {
        nodes {
          id
          ...Integration_connection
        }
      }
      events(first: 10) {
        nodes {
          id
          type
          createdAt
        }
      }
      auditEntries(first: 5) {
        nodes {
          action
          createdAt
          actorName
        }
      }
      ...Integration_capabilities
    }
  }
`;

export const connect = graphql`
  mutation IntegrationConnectMutation($input: CreateConnectionInput!) {
    createConnection(input: $input) {
      __typename
      ... on ConnectionPayload {
        connection {
          ...Integration_connection
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

export const declare = graphql`
  mutation IntegrationDeclareMutation($input: DeclareCapabilitiesInput!) {
    declareCapabilities(input: $input) {
      ... on IntegrationPayload {
        integration {
          version
          ...Integration_capabilities
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

export const install = graphql`
  mutation IntegrationInstallMutation($input: InstallIntegrationInput!) {
    installIntegration(input: $input) {
      ... on InstallationPayload {
        installation {
          id
          version
          status
          configuration
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
