"""Access of a user or team to an integration."""

from __future__ import annotations

import strawberry

from models import tables
from models.vocabulary import ShareLevel
from resolvers.integrations import edges
from resolvers.integrations import levels as fields
from schema.kit.field import column, derived, to_one
from schema.kit.node import RowNode, node
from schema.kit.scalars import DateTime
from schema.principal import Principal


@node(tables.Share)
class Share(RowNode):
    """Access of a principal to a restricted integration."""

    principal: Principal = to_one(edges.PRINCIPAL_BY_SHARE, "Who.")
    level: ShareLevel = derived(fields.level, "How much.")
    created_at: DateTime = column("When it was given.")
    updated_at: DateTime = column("Last change.")


@strawberry.input(description="A share to give or change.")
class ShareIntegrationInput:
    integration_id: strawberry.ID = strawberry.field(description="Which.")
    principal_id: strawberry.ID = strawberry.field(description="To whom.")
    level: ShareLevel = strawberry.field(default=ShareLevel.VIEW, description="How much.")


@strawberry.input(description="A share to take away.")
class UnshareIntegrationInput:
    integration_id: strawberry.ID = strawberry.field(description="Which.")
    principal_id: strawberry.ID = strawberry.field(description="From whom.")


@strawberry.input(description="A new owner.")
class TransferIntegrationInput:
    integration_id: strawberry.ID = strawberry.field(description="Which.")
    principal_id: strawberry.ID = strawberry.field(description="To whom.")


@strawberry.input(description="Tags of an integration.")
class SetIntegrationTagsInput:
    integration_id: strawberry.ID = strawberry.field(description="Which.")
    tags: list[str] = strawberry.field(description="Names.")
