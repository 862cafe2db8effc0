"""The nouns that a name is enough to make: an estate has one of each. A new noun of this kind is entered here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from models.tables import Installation
from models.vocabulary import PlaceKind, StepDirection
from resolvers.flows.change import CreateFlow, FlowTrigger, PlacedStep
from resolvers.flows.mutations import create_flow
from resolvers.flows.step_change import CreateStep
from resolvers.flows.step_mutations import create_step
from resolvers.installations.address import InstallationAddress, PlaceAddress
from resolvers.installations.mutations import UpdateInstallation, update_installation
from resolvers.installations.places import SaveInstallationPlace, save_installation_place
from resolvers.operation import Operation
from resolvers.people.place import CreatePlace, create_place

#: The operation that makes each, and its command for a name.
THINGS: Final[dict[str, tuple[Operation[Any, Any], Callable[[str], Any]]]] = {
    "place": (create_place, lambda name: CreatePlace(kind=PlaceKind.SPACE, name=name)),
    "site": (create_place, lambda name: CreatePlace(kind=PlaceKind.SITE, name=name)),
}


async def make_things(run: Callable[..., Awaitable[Any]], installation: Installation, word: str) -> dict[str, Any]:
    """One of each, and the installation on the place, both with an external id of their own."""
    things = {noun: await run(create, new(word)) for noun, (create, new) in THINGS.items()}
    address = PlaceAddress(installation=InstallationAddress(id=installation.id), place_id=things["place"].id)
    await run(update_installation, UpdateInstallation(id=installation.id, external_ids=(f"{word}-1",)))
    saved = await run(save_installation_place, SaveInstallationPlace(place=address, external_ids=(f"{word}-2",)))
    return {**things, **await _make_flow(run, installation.integration_id, word), "installation_place": saved.row}


async def _make_flow(run: Callable[..., Awaitable[Any]], integration_id: str, word: str) -> dict[str, Any]:
    """A step, and a flow that uses it; both are of the integration, and go with it."""
    request = {"method": "POST", "path": "/ok"}
    new = CreateStep(name=word, direction=StepDirection.IMPORT, request=request, integration_id=integration_id)
    step = await run(create_step, new)
    placed = (PlacedStep(step_id=step.id),)
    trigger = FlowTrigger(manual=True)
    flow = CreateFlow(name=word, integration_id=integration_id, trigger=trigger, steps=placed)
    return {"step": step, "flow": (await run(create_flow, flow)).flow}
