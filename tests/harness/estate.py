"""An organization with one row of every kind, made by operations, for tests that walk all rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jobs.job import NewJob
from jobs.transaction import enqueue
from models.row import new_id
from models.tables import (
    Capability,
    Connection,
    Definition,
    Dispatch,
    Event,
    Installation,
    Integration,
    Job,
    Token,
)
from models.vocabulary import (
    AuthType,
    ConnectionMode,
    HttpMethod,
    IntegrationAccess,
    Permission,
    Source,
    UploadPurpose,
)
from resolvers.caller import Caller
from resolvers.capabilities.declaring import DeclareCapability, DeclareEventType
from resolvers.capabilities.mutations import DeclareEventTypes, declare_event_types
from resolvers.capabilities.queries import CapabilityFilter, list_capabilities
from resolvers.connect.mutations import CreateConnectSession, create_connect_session
from resolvers.connections.mutations import (
    CreateConnection,
    RegisterConnections,
    create_connection,
    register_connections,
)
from resolvers.connections.own import AuthorizeIntegration, authorize_integration
from resolvers.definitions.mutations import SaveDefinition, save_definition
from resolvers.dispatching.build import RunCapability
from resolvers.dispatching.mutations import dispatch
from resolvers.events.mutations import EmitEvent, emit_event
from resolvers.find import IntegrationRef
from resolvers.installations.queries import InstallationFilter, list_installations
from resolvers.integrations.auth import IntegrationAuth
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.mutations import create_integration
from resolvers.integrations.sharing import ShareIntegration, share_integration
from resolvers.integrations.tags import SetIntegrationTags, set_integration_tags
from resolvers.outbound.request import Header
from resolvers.page import SliceRequest
from resolvers.people.token import CreateToken, NewToken, create_token
from resolvers.secret import Secret
from resolvers.uploads.mutations import CreateUpload, FillUpload, create_upload, fill_upload
from resolvers.uploads.set_icon import SetIntegrationIcon, set_integration_icon
from tests.harness.ran import Ran, run_once
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.harness.things import make_things
from tests.harness.webhooks import Hooked, hook_up

ALL = frozenset(Permission)
#: The secret of a browser's cookie.
BROWSER = "b" * 43
ICON = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
_ONE = SliceRequest(size=1)


@dataclass(frozen=True, kw_only=True)
class Connecting:
    """The text of a connect link, and a state that a vendor's answer is waited for with."""

    link: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Estate:
    """The rows of an organization. `word` stands in every name, so that it can be told from any other's.

    `things` are the rows of `tests/harness/things.py`, by noun.
    """

    tenant: Tenant
    hub: RunningHub
    word: str
    member_id: str
    spare: Definition
    integration: Integration
    restricted: Integration
    capability: Capability
    event_type: str = "HAPPENED"
    installation: Installation
    shared: Connection
    own: Connection
    event: Event
    hooked: Hooked
    ran: Ran
    dispatch: Dispatch
    token: Token
    app_token: NewToken
    things: Mapping[str, Any]
    upload_id: str
    icon_id: str
    job: Job
    connecting: Connecting

    def caller(self, permissions: Iterable[Permission] = ALL, **facts: Any) -> Caller:
        """Its administrator, with some permissions; `facts` are Caller's."""
        return caller_of(self.hub, self.tenant, permissions, **facts)

    async def run(self, operation: Callable[..., Awaitable[Any]], *given: Any, **named: Any) -> Any:
        """What an operation answers its administrator, who may do everything."""
        return await self.hub.run(operation(self.caller(), *given, **named))


def caller_of(hub: RunningHub, tenant: Tenant, permissions: Iterable[Permission] = ALL, **facts: Any) -> Caller:
    """The administrator of an organization, with some permissions."""
    facts.setdefault("principal_id", tenant.admin_id)
    return Caller(
        hub=hub.app.state.hub,
        source=Source.GRAPHQL,
        organization_id=tenant.id,
        permissions=frozenset(permissions),
        actor_name="admin",
        **facts,
    )


async def found_estate(hub: RunningHub, tenant: Tenant, upstream: str) -> Estate:
    """Fill an organization. `upstream` is the address of a remote service that answers `/ok` with JSON."""
    run = _Runner(hub, caller_of(hub, tenant))
    member_id = await tenant.add_user("member")
    word = f"w{new_id()}"
    _, spare = [await run(save_definition, _vendor(vendor, upstream)) for vendor in (word, f"{word}-2")]
    integration = await run(create_integration, _rich(word, upstream))
    await run(declare_event_types, _event_types(integration))
    restricted = await run(create_integration, _hidden(word, upstream))
    shared, own = await _connect(run, word, integration)
    token, app_token = await _tokens(run, word, member_id, integration)
    installed = await run(list_installations, filter=InstallationFilter(search=word), page=_ONE)
    (capability,) = (await run(list_capabilities, filter=CapabilityFilter(), page=_ONE)).rows
    said = await run(emit_event, _happened(integration, word))
    await _mark(run, integration, word, member_id)
    upload_id, icon_id = await _upload(run, integration)
    return Estate(
        tenant=tenant,
        hub=hub,
        word=word,
        member_id=member_id,
        spare=spare,
        integration=integration,
        restricted=restricted,
        capability=capability,
        installation=installed.rows[0],
        shared=shared,
        own=own,
        event=said.event,
        hooked=await hook_up(run, hub, said.event, word),
        ran=await hub.run(run_once(hub, integration, said.event)),
        dispatch=(await run(dispatch, _noting(word, capability, shared))).dispatch,
        token=token,
        app_token=app_token,
        things=await make_things(run, installed.rows[0], word),
        upload_id=upload_id,
        icon_id=icon_id,
        job=await hub.run(_ask_for_work(hub, tenant, integration)),
        connecting=await _connecting(run, integration, restricted),
    )


async def _ask_for_work(hub: RunningHub, tenant: Tenant, integration: Integration) -> Job:
    """A job of a queue that nobody works on."""
    new = NewJob(
        operation="test.work",
        caption="Work",
        organization_id=tenant.id,
        queue="idle",
        subject_kind="Integration",
        subject_id=integration.id,
        integration_id=integration.id,
    )
    async with hub.app.state.hub.database.write() as session:
        return await enqueue(session, new)


def _happened(integration: Integration, word: str) -> EmitEvent:
    named = IntegrationRef(id=integration.id)
    return EmitEvent(integration=named, type="HAPPENED", payload={"what": word})


async def icon_bytes(_most: int) -> bytes:
    """What comes when an icon is put."""
    return ICON


async def _upload(run: _Runner, integration: Integration) -> tuple[str, str]:
    """An upload that waits for its bytes, and an icon in use."""
    promise = CreateUpload(purpose=UploadPurpose.ICON, size=len(ICON))
    waiting, icon = await run(create_upload, promise), await run(create_upload, promise)
    await run(fill_upload, FillUpload(id=icon.id, receive=icon_bytes))
    await run(set_integration_icon, SetIntegrationIcon(integration_id=integration.id, upload_id=icon.id))
    return waiting.id, icon.id


async def _connecting(run: _Runner, integration: Integration, restricted: Integration) -> Connecting:
    new = CreateConnectSession(integration_ids=[integration.id, restricted.id], mode=ConnectionMode.SHARED)
    link = (await run(create_connect_session, new)).url
    wanted = AuthorizeIntegration(integration=IntegrationRef(id=restricted.id), browser=BROWSER)
    begun = await run(authorize_integration, wanted)
    (state,) = parse_qs(urlsplit(begun.url).query)["state"]
    return Connecting(link=link.rpartition("/")[2], state=state)


async def _tokens(run: _Runner, word: str, member_id: str, integration: Integration) -> tuple[Token, NewToken]:
    """A token of the member's, and one of the app's."""
    own = CreateToken(name=word, permissions=[Permission.AUDIT_READ], principal_id=member_id)
    app = CreateToken(name=f"{word} app", permissions=list(Permission), integration_id=integration.id)
    return (await run(create_token, own)).token, await run(create_token, app)


async def _mark(run: _Runner, integration: Integration, word: str, member_id: str) -> None:
    await run(set_integration_tags, SetIntegrationTags(integration_id=integration.id, tags=[word]))
    await run(share_integration, ShareIntegration(integration_id=integration.id, principal_id=member_id))


def _noting(word: str, capability: Capability, connection: Connection) -> RunCapability:
    return RunCapability(capability=capability.id, inputs={"note": word}, connection_id=connection.id)


def _hidden(word: str, upstream: str) -> CreateIntegration:
    """A restricted one, whose users consent at the vendor."""
    auth = IntegrationAuth(
        type=AuthType.OAUTH2,
        client_id="client",
        client_secret=f"another-client-secret-{word}",
        authorization_url=f"{upstream}/authorize",
        token_url=f"{upstream}/token",
    )
    return CreateIntegration(name=f"{word} restricted", access=IntegrationAccess.RESTRICTED, auth=auth)


def _vendor(vendor: str, upstream: str) -> SaveDefinition:
    auth = {"type": "API_KEY", "apiBaseUrl": upstream}
    probe = {"request": {"path": "/ok"}}
    account = {**probe, "accountId": "to_string(ok)"}
    body = {"name": vendor, "category": "other", "auth": auth, "verification": probe, "account": account}
    return SaveDefinition(vendor=vendor, definition=body)


def _rich(word: str, upstream: str) -> CreateIntegration:
    auth = IntegrationAuth(
        type=AuthType.API_KEY,
        api_base_url=upstream,
        client_id="client",
        client_secret=f"client-secret-{word}",
        headers=[Header(name="X-Extra", value=f"header-{word}")],
        parameters={"region": "north"},
    )
    capability = DeclareCapability(name="DO", method=HttpMethod.GET, endpoint="/ok", allow_unknown_inputs=True)
    return CreateIntegration(
        name=f"{word} rich",
        vendor=word,
        auth=auth,
        secret=Secret(api_key=f"key-of-{word}"),
        capabilities=[capability],
    )


def _event_types(integration: Integration) -> DeclareEventTypes:
    happened = DeclareEventType(name=f"{integration.handler}.HAPPENED", description="It happened.")
    return DeclareEventTypes(integration_id=integration.id, event_types=[happened])


async def _connect(run: _Runner, word: str, integration: Integration) -> tuple[Connection, Connection]:
    kept = CreateConnection(
        name=f"{word} shared", secret=Secret(api_key=f"{word}-shared"), mode=ConnectionMode.SHARED
    )
    shared = await run(create_connection, kept)
    link = RegisterConnections(integration_id=integration.id, connection_ids=[shared.id])
    await run(register_connections, link)
    mine = replace(kept, name=f"{word} own", mode=ConnectionMode.PER_USER, integration_id=integration.id)
    return shared, await run(create_connection, mine)


@dataclass(frozen=True)
class _Runner:
    hub: RunningHub
    caller: Caller

    async def __call__(self, operation: Callable[..., Awaitable[Any]], *given: Any, **named: Any) -> Any:
        return await self.hub.run(operation(self.caller, *given, **named))
