"""Replays: deliveries of webhooks that are sent again, and events that a webhook has not got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers.webhooks import replay as operations
from resolvers.webhooks.replaying import Replayed
from schema.job import Job
from schema.kit.field import column, given
from schema.kit.mutation import mutation
from schema.kit.node import view
from schema.kit.result import Result
from schema.kit.scalars import DateTime

if TYPE_CHECKING:
    from schema.delivery import Delivery


@strawberry.input(description="A part of the history of one webhook.")
class ReplayRangeInput:
    webhook_id: strawberry.ID = strawberry.field(description="Of which webhook.")
    since: DateTime | None = given("From: when deliveries were made; of missing ones, when events were accepted.")
    until: DateTime | None = given("To, exclusive.")
    event_type: list[str] | None = given("Event types, `*` at the end allowed.")
    entity_id: str | None = given("About what.")


@strawberry.input(one_of=True, description="The deliveries to send: exactly one member.")
class ReplaySelection:
    delivery_id: strawberry.ID | None = given("This one, whether it was delivered or not.")
    failed: ReplayRangeInput | None = given(
        "Those that failed or wait for a retry. Each event goes once, and not if the delivery or a copy of it was"
        " delivered or waits already."
    )
    all: ReplayRangeInput | None = given(
        "Those, and delivered ones too. Each event goes once, and not if the delivery or a copy of it waits already."
    )
    missing: ReplayRangeInput | None = given(
        "Events that the webhook takes as it is now, and that have no delivery to it: of the time when it was"
        " disabled, or before it was made or changed. As far back as deliveries are kept (30 days by default):"
        " of older events it is not known whether they were delivered."
    )


@strawberry.input(description="An order to send deliveries again.")
class ReplayDeliveriesInput:
    what: ReplaySelection = strawberry.field(description="Which.")
    dry_run: bool = strawberry.field(default=False, description="Only count.")
    as_new: bool = strawberry.field(
        default=False,
        description="Send copies, which receivers do not take for repeats: under new ids, the old ones in the header"
        " `patchbay-original`. Of deliveries that have ended.",
    )
    idempotency_key: str | None = given("Makes a retry of this order safe for 24 hours.")


@view(Replayed, "A replay. It runs after live deliveries and within the limits of the webhook.")
class ReplayPayload:
    count: int = column("Deliveries that it sends; counted up to 10,000.")
    more: bool = column("There are more than were counted; all of them are sent.")
    expired: int = column("Further ones that cannot be sent: their payload has expired.")
    unjudged: int = column("Those of `count` that the webhook's filter judges when they are about to be sent.")
    job: Job | None = column("The job that does it, which can be cancelled; null for one delivery and for a dry run.")
    delivery: Annotated[Delivery, strawberry.lazy("schema.delivery")] | None = column(
        "The one delivery, or its copy; null for many."
    )
    replayed: bool = column("The answer to an earlier order with the same key.")


ReplayResult = Result("ReplayResult", ReplayPayload, "A replay, or why not.")


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    replay_deliveries = mutation(
        operations.replay_deliveries,
        ReplayResult,
        "Send deliveries again, or events that a webhook has not got.",
        input=ReplayDeliveriesInput,
        reads=operations.ReplayDeliveries,
    )
