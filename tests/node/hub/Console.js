// Running a capability: the plan, the call, the record of calls, tokens, the audit, and things by their ids.
import { graphql } from 'relay-runtime';

export const call = graphql`
  fragment Console_call on Dispatch {
    capabilityName
    method
    url
    outcome
    externalStatus
    durationMs
    error
    source
    createdAt
  }
`;

export const calls = graphql`
  fragment Console_calls on Query
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 20 }
    cursor: { type: "String" }
    filter: { type: "DispatchFilter" }
  )
  @refetchable(queryName: "ConsoleCallsPaginationQuery") {
    dispatches(first: $count, after: $cursor, filter: $filter)
      @connection(key: "Console_dispatches", filters: ["filter"]) {
      edges {
        node {
          id
          ...Console_call
        }
      }
    }
  }
`;

export const screen = graphql`
  query ConsoleQuery($plan: DispatchInput!, $ids: [ID!]!) {
    planDispatch(input: $plan) {
      ... on DispatchPlan {
        allowed
        reason
        blockedBy
        missingScopes
        method
        url
        headers {
          name
          value
        }
        body
        connection {
          id
          name
        }
        idempotency
        capability {
          effect
        }
      }
      ... on Problem {
        code
        message
        path
      }
    }
    tokens(first: 50) {
      nodes {
        id
        name
        kind
        hint
        permissions
        expiresAt
        lastUsedAt
        revokedAt
        allowedCapabilities {
          id
          name
        }
      }
    }
    nodes(ids: $ids) {
      __typename
      id
      ... on Integration {
        name
        state
      }
    }
    ...Console_calls
  }
`;

export const audit = graphql`
  query ConsoleAuditQuery($id: ID!, $after: String, $since: DateTime) {
    integration(by: { id: $id }) {
      name
      auditEntries(first: 50, after: $after, filter: { since: $since, source: [CELIGO, GRAPHQL] }) {
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          cursor
          node {
            id
            action
            createdAt
            source
            actorName
            resourceType
            resourceName
            changes {
              path
              oldValue
              newValue
            }
            sequence
            hash
          }
        }
      }
    }
  }
`;

export const run = graphql`
  mutation ConsoleRunMutation($inputs: JSON, $key: String) {
    dispatch(
      input: {
        capability: { named: { handler: "SLACK", name: "SEND_MESSAGE" } }
        inputs: $inputs
        idempotencyKey: $key
      }
    ) {
      __typename
      ... on DispatchPayload {
        replayed
        response {
          status
          json
          text
          base64
          contentType
        }
        dispatch {
          id
          ...Console_call
        }
      }
      ... on Problem {
        code
        message
        path
      }
      ... on InvalidInput {
        violations {
          path
          message
        }
      }
      ... on NotReady {
        reason
        missingScopes
        connectUrl
      }
      ... on TooMany {
        retryAfterSeconds
      }
    }
  }
`;

export const emit = graphql`
  mutation ConsoleEmitMutation($input: EmitEventInput!) {
    emitEvent(input: $input) {
      ... on EventPayload {
        replayed
        queuedRuns
        queuedDeliveries
        event {
          id
          type
          payload
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

export const token = graphql`
  mutation ConsoleTokenMutation($input: CreateTokenInput!) {
    createToken(input: $input) {
      ... on TokenPayload {
        secret
        token {
          id
          hint
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
