"""The closed sets of words of the vocabulary, as enums of the graph."""

from __future__ import annotations

import strawberry

from models import vocabulary
from models.definition import FieldGroup, FieldType
from resolvers.integrations.queries import IntegrationOrderField

_PERMISSION = """What a token may do. READ words show, WRITE words change. DISPATCH_READ runs capabilities whose \
effect is READ, DISPATCH_WRITE the others.
PROXY_REQUEST sends requests of the caller's own making with a stored connection. ORGANIZATION_ADMIN also sees \
restricted integrations."""

for _words in (
    vocabulary.ApiKeyLocation,
    vocabulary.AuthType,
    vocabulary.CapabilityEffect,
    vocabulary.ConnectionMode,
    vocabulary.ConnectionStatus,
    vocabulary.ConnectSessionStatus,
    vocabulary.DispatchOutcome,
    FieldGroup,
    FieldType,
    vocabulary.HttpMethod,
    vocabulary.IdempotencyFate,
    vocabulary.InputLocation,
    vocabulary.InputType,
    vocabulary.InstallationStatus,
    vocabulary.IntegrationAccess,
    vocabulary.IntegrationState,
    vocabulary.PlaceKind,
    vocabulary.PrincipalKind,
    vocabulary.Selection,
    vocabulary.ShareLevel,
    vocabulary.Source,
    vocabulary.TokenEndpointAuth,
    vocabulary.TokenKind,
    vocabulary.UnavailableReason,
    vocabulary.UploadPurpose,
    vocabulary.UpstreamFailure,
    vocabulary.WorkState,
    IntegrationOrderField,
):
    strawberry.enum(_words, description=_words.__doc__)
strawberry.enum(vocabulary.Permission, description=_PERMISSION)
