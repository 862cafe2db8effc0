"""The demo's rows: made once by the hub's operations, and listed in `demo.json` for scripts."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Select, select
from sqlmodel import col

from demo import contents
from demo.published import publish_app
from demo.upstream import APP_TOKEN
from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from models.tables import Integration, Organization, Place
from models.vocabulary import (
    Permission,
    PlaceKind,
    PrincipalKind,
    Source,
)
from resolvers.authenticate import authenticate
from resolvers.caller import Caller
from resolvers.capabilities.declaring import DeclareEventType
from resolvers.capabilities.mutations import (
    DeclareCapabilities,
    DeclareEventTypes,
    declare_capabilities,
    declare_event_types,
)
from resolvers.hub import Hub
from resolvers.integrations.auth import IntegrationAuth
from resolvers.integrations.change import UpdateIntegration
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.mutations import create_integration, update_integration
from resolvers.people.mutations import CreatePrincipal, create_principal
from resolvers.people.organization import (
    CreateOrganization,
    IssueToken,
    create_organization,
    issue_token,
)
from resolvers.people.place import CreatePlace, create_place
from resolvers.people.token import CreateToken, create_token
from resolvers.unset import UNSET

T = TypeVar("T")

_FIRST, _SECOND, _USER, _PLAIN_USER = "demo", "second", "ada", "charles"


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """The values of the newcomer's banner."""

    url: str
    token: str
    file: Path


async def seed(hub: Hub, *, home: Path, url: str, upstream: str) -> Seeded:
    """Make the demo organizations if they do not exist; else update the addresses."""
    file = home / "demo.json"
    known = _read(file)
    organization = await _first(hub, select(Organization).where(col(Organization.slug) == _FIRST))
    if organization is None:
        known = await _create(hub, upstream)
    else:
        known = {"organization": organization.id} | await _with_tokens(hub, organization.id, known)
        await _point_to(Caller.operator(hub, organization.id), known.get("upstream"), upstream)
    if "user" not in known:
        known |= await _plain_user(hub, known["organization"])
    _write(file, known | {"url": url, "upstream": upstream})
    return Seeded(url=url, token=known["token"], file=file)


async def _create(hub: Hub, upstream: str) -> dict[str, str]:
    operator = Caller.operator(hub)
    first = await create_organization(
        operator,
        CreateOrganization(
            name="Demo", slug=_FIRST, username=_USER, display_name="Ada Lovelace", email="ada@demo.example"
        ),
    )
    await create_organization(
        operator,
        CreateOrganization(
            name="Second", slug=_SECOND, username="grace", display_name="Grace Hopper", email="grace@second.example"
        ),
    )
    inside = Caller.operator(hub, first.organization.id)
    space = await create_place(inside, CreatePlace(kind=PlaceKind.SPACE, name="Handbook"))
    site = await create_place(inside, CreatePlace(kind=PlaceKind.SITE, name="Docs"))
    tokens = await _tokens(hub)
    ada = await authenticate(hub, tokens["token"], source=Source.CLI)
    app_token = await _integrations(ada, upstream)
    second = await authenticate(hub, tokens["secondToken"], source=Source.CLI)
    await create_integration(second, CreateIntegration(name="Ledger", description="Another tenant's own."))
    return {
        "organization": first.organization.id,
        **tokens,
        "principal": _USER,
        "integration": contents.APP,
        "integrationToken": app_token,
        "space": space.id,
        "site": site.id,
        **await publish_app(second, ada, (space.id, site.id)),
    }


async def _plain_user(hub: Hub, organization_id: str) -> dict[str, str]:
    """A user for whom a back end can act, which nobody can for an administrator. Made once; one that exists stays."""
    new = CreatePrincipal(
        kind=PrincipalKind.USER,
        username=_PLAIN_USER,
        display_name="Charles Babbage",
        email="charles@demo.example",
        permissions=[Permission.INTEGRATIONS_READ, Permission.DISPATCH_READ, Permission.DISPATCH_WRITE],
    )
    with suppress(Conflict):
        await create_principal(Caller.operator(hub, organization_id), new)
    return {"user": _PLAIN_USER}


async def _tokens(hub: Hub) -> dict[str, str]:
    operator = Caller.operator(hub)
    first = await issue_token(operator, IssueToken(organization=_FIRST, username=_USER, name="Demo"))
    second = await issue_token(operator, IssueToken(organization=_SECOND, username="grace", name="Demo"))
    return {
        "token": first.secret,
        "secondOrganization": second.token.organization_id,
        "secondToken": second.secret,
    }


async def _with_tokens(hub: Hub, organization_id: str, known: dict[str, str]) -> dict[str, str]:
    """The content of `demo.json` with valid tokens: new ones if the file was lost or a token has ended."""
    try:
        for name in ("token", "secondToken"):
            await authenticate(hub, known.get(name), source=Source.CLI)
    except Unauthenticated:
        try:
            return known | await _reissue(hub, organization_id)
        except (Forbidden, InvalidInput, NotFound):  # a user of the demo is disabled or removed: start without it
            return {"token": ""} | known
    return known


async def _reissue(hub: Hub, organization_id: str) -> dict[str, str]:
    """New tokens by their names in `demo.json`."""
    tokens = await _tokens(hub)
    app = await _first(hub, _app_of(organization_id))
    places = {
        kind: await _first(
            hub, select(Place).where(col(Place.organization_id) == organization_id, col(Place.kind) == kind)
        )
        for kind in PlaceKind
    }
    caller = await authenticate(hub, tokens["token"], source=Source.CLI)
    return {
        "organization": organization_id,
        **tokens,
        "principal": _USER,
        "integration": contents.APP,
        "integrationToken": await _app_token(caller, app.id) if app else "",
        **{kind.lower(): place.id for kind, place in places.items() if place},
    }


async def _integrations(caller: Caller, upstream: str) -> str:
    """Make the app with its capabilities, and two integrations with credentials. Answers the app's token."""
    app = await create_integration(caller, contents.app(upstream))
    await declare_capabilities(
        caller, DeclareCapabilities(integration_id=app.id, capabilities=contents.capabilities(), app_token=APP_TOKEN)
    )
    changed = DeclareEventType(name="Inventory.STOCK_CHANGED", description="The quantity of an item changed.")
    await declare_event_types(caller, DeclareEventTypes(integration_id=app.id, event_types=[changed]))
    await create_integration(caller, contents.suppliers(upstream))
    await create_integration(caller, contents.carrier(upstream))
    return await _app_token(caller, app.id)


async def _app_token(caller: Caller, integration_id: str) -> str:
    permissions = [
        *(Permission.INTEGRATIONS_READ, Permission.INTEGRATIONS_WRITE, Permission.INSTALLATIONS_READ),
        *(Permission.DISPATCH_READ, Permission.DISPATCH_WRITE, Permission.EVENTS_EMIT, Permission.EVENTS_READ),
    ]
    new = await create_token(
        caller, CreateToken(name="Inventory app", permissions=permissions, integration_id=integration_id)
    )
    return new.secret


async def _point_to(caller: Caller, before: str | None, upstream: str) -> None:
    """Move addresses on the upstream's old port to its new port, and nothing else."""
    if before is None:
        app = await _first(caller.hub, _app_of(caller.organization_id))
        before = app.api_base_url if app else None
    async with caller.hub.database.read() as session:
        statement = select(Integration).where(
            col(Integration.organization_id) == caller.organization_id,
            col(Integration.removed_at).is_(None),
            col(Integration.api_base_url) == before,
            col(Integration.api_base_url) != upstream,
        )
        moved = (await session.execute(statement)).scalars().all()
    for integration in moved:
        auth = IntegrationAuth(api_base_url=upstream)
        known = contents.SECRETS.get(integration.handler)
        own = known is not None and known.auth_type is integration.auth_type
        secret = known if own else UNSET  # it is entered again, for the new address
        await update_integration(caller, UpdateIntegration(id=integration.id, auth=auth, secret=secret))
        if integration.handler == contents.APP:
            token = DeclareCapabilities(integration_id=integration.id, capabilities=None, app_token=APP_TOKEN)
            await declare_capabilities(caller, token)


def _app_of(organization_id: str) -> Select[Integration]:
    return select(Integration).where(
        col(Integration.organization_id) == organization_id,
        col(Integration.handler) == contents.APP,
        col(Integration.removed_at).is_(None),
    )


async def _first(hub: Hub, statement: Select[T]) -> T | None:
    async with hub.database.read() as session:
        return (await session.execute(statement.limit(1))).scalars().first()


def _read(file: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return known


def _write(file: Path, known: dict[str, str]) -> None:
    file.touch(mode=0o600)
    file.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
