"""The GraphQL face's front door, over sockets."""
