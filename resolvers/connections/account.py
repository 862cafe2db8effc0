"""The connected account: requested if the definition has an account request, else as known since connecting."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl

from models.errors import Forbidden, InvalidInput, NotFound, NotReady, TooMany, UpstreamFailed
from models.tables import Connection, Definition, Integration
from models.vocabulary import Permission, UpstreamFailure
from proxy.address import check_oauth_url, check_path_and_query
from resolvers.definitions.parts import Request
from resolvers.definitions.stored import definition_of
from resolvers.find import IntegrationRef, get_integration
from resolvers.hub import Hub
from resolvers.operation import READS, exchange
from resolvers.outbound.probe import USERINFO, Identity, Reply, account_of, ask, identity_of, probe_of
from resolvers.outbound.request import Outbound
from resolvers.pick import picked
from resolvers.work import Work

_PLACE: Final = ("parameters", "accountUri")


@dataclass(frozen=True, kw_only=True)
class Sought:
    """The known account, and the request for the current one."""

    known: dict[str, Any]
    identity: Identity | None = None
    probe: Outbound | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """The reply to the account request, and the account in it."""

    reply: Reply
    account: dict[str, str] = field(default_factory=dict)


async def load_account(work: Work, ref: IntegrationRef) -> Sought:
    """Find the connection that a call of the caller would use, and build its account request."""
    integration = await get_integration(work, ref)
    chosen = await picked(work, integration)
    if chosen.shown is None:
        raise NotFound("connection")
    return await _sought(work, integration, chosen.shown)


async def ask_account(hub: Hub, sought: Sought) -> Told | None:
    """Send the account request and read its answer; None if there is no request. Raises TooMany."""
    if sought.probe is None or sought.identity is None:
        return None
    reply = await ask(hub, sought.probe)
    if reply.status is None or not 200 <= reply.status < 300:
        return Told(reply=reply)
    try:
        return Told(reply=reply, account=await account_of(hub, sought.identity, reply))
    except UpstreamFailed as refusal:
        return Told(reply=replace(reply, failure=refusal.message))


@exchange(
    load_account,
    ask_account,
    loads=READS,
    records=READS,
    needs=Permission.CONNECTIONS_READ,
    refuses=(NotFound, InvalidInput, Forbidden, NotReady, TooMany, UpstreamFailed),
)
async def read_account(work: Work, sought: Sought, told: Told | None) -> dict[str, Any]:
    """`accountId`, `email` and `displayName`, as far as they are known. Raises NotFound if none is."""
    account = (told.account if told else {}) or sought.known
    if account:
        return account
    if told is not None:
        _refuse_silence(told.reply)
    raise NotFound("account")


async def _sought(work: Work, integration: Integration, connection: Connection) -> Sought:
    definition = definition_of(await work.find(Definition, integration.definition_id or ""))
    identity = identity_of(definition, integration.parameters) if definition else None
    identity = identity or _own_identity(integration)
    if identity is None:
        return Sought(known=connection.account)
    probe = await probe_of(work, integration, connection, identity.request)
    return Sought(known=connection.account, identity=identity, probe=probe)


def _own_identity(integration: Integration) -> Identity | None:
    """The request by `accountUri` of the integration's parameters, answered as userinfo is.

    A path below its API, or a full address: the credential goes there if it was entered for its origin. Raises
    InvalidInput for any other text.
    """
    address = integration.parameters.get("accountUri")
    if not isinstance(address, str) or not address:
        return None
    objection = check_oauth_url(address) if "://" in address else check_path_and_query(address)
    if objection is not None:
        raise InvalidInput.at(_PLACE, objection)
    path, _, query = address.partition("?")
    return Identity(request=Request(path=path, query=dict(parse_qsl(query, keep_blank_values=True))), facts=USERINFO)


def _refuse_silence(reply: Reply) -> None:
    """Raise UpstreamFailed for a failed request: it does not mean that there is no account."""
    if reply.failure is not None:
        raise UpstreamFailed(reply.failure)
    if reply.status is not None and not 200 <= reply.status < 300:
        message = f"The remote service answered {reply.status} to the account request."
        raise UpstreamFailed(message, reason=UpstreamFailure.ERROR_STATUS, external_status=reply.status)
