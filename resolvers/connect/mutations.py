"""Connect sessions: create links for end users; go to the vendor or enter a credential with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, NotReady
from models.tables import ConnectSession, Integration, Principal
from models.vocabulary import ConnectionMode, Permission, PrincipalKind
from resolvers.acting import as_user, require_act_as
from resolvers.connect.choice import check_return_url, renewable
from resolvers.connect.consent import CALLBACK, send_to_vendor
from resolvers.connect.forms import read_form
from resolvers.connect.keep import keep_secret
from resolvers.connect.links import PATH, digest_of, new_secret
from resolvers.connect.opening import Opening, hold
from resolvers.connect.rights import as_maker, offered
from resolvers.connect.session import (
    asks_for_consent,
    complete,
    connection_of,
    definition_of,
    new_session,
    way_back,
)
from resolvers.faults import Faults, require
from resolvers.history import place_of_offer
from resolvers.managing import require_sharing
from resolvers.operation import operation
from resolvers.work import Work

#: Integrations of one connect link.
MOST_INTEGRATIONS: Final = 50
_SHORTEST_SECONDS, _LONGEST_SECONDS = 60, 86_400


@dataclass(frozen=True, kw_only=True)
class CreateConnectSession:
    """A connect link for one user, named by `principal_id`; or for everybody, by `mode` SHARED. Never for neither."""

    integration_ids: Sequence[str]
    principal_id: str | None = None
    mode: ConnectionMode | None = None
    connection_id: str | None = None
    return_url: str | None = None
    lifetime_seconds: int = 1800


@dataclass(frozen=True, kw_only=True)
class NewConnectSession:
    """The session, and its link, which is shown only once."""

    session: ConnectSession
    url: str


@dataclass(frozen=True, kw_only=True)
class Choose:
    """The integration chosen on a connect page, and the values entered there."""

    opening: Opening
    integration_id: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Entered:
    """The ended session, its integration, and the user's next address."""

    session: ConnectSession
    integration: Integration
    way_back: str | None


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden))
async def create_connect_session(work: Work, new: CreateConnectSession) -> NewConnectSession:
    """Make a link with which an end user connects. For another user it needs ACT_AS or ORGANIZATION_ADMIN."""
    await _check(work, new)
    holder = await _holder(work, new.principal_id)
    reach = _reach(work, holder)
    integrations = [
        await reach.get(Integration, one, path=("integration_ids", str(index)))
        for index, one in enumerate(new.integration_ids)
    ]
    session = new_session(work, integrations, lasts_ms=new.lifetime_seconds * 1000)
    session.principal_id = holder.id if holder else None
    if new.connection_id is not None:
        await _renew(reach, session, integrations, new)
    if session.principal_id is None:
        renewed = await connection_of(work, session.renews_id)
        await require_sharing(work, *integrations, connection=renewed, path=("integration_ids",))
    link = new_secret()
    session.link_digest = digest_of(link)
    session.return_url = new.return_url
    work.add(session)
    work.audit(session, "connect_session.created", integration_id=place_of_offer(integrations))
    return NewConnectSession(session=session, url=work.hub.own_url + PATH + link)


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden, Conflict, NotReady))
async def leave_for_vendor(work: Work, choice: Choose) -> str:
    """Leave a connect page for the vendor's consent page. Answers its address."""
    session = await hold(work, choice.opening)
    integration = await _chosen(work, session, choice)
    url = await send_to_vendor(work, session, integration, callback=CALLBACK, path=("integration",))
    work.audit(session, "connect_session.redirected", integration_id=integration.id)
    return url


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden, Conflict))
async def enter_credentials(work: Work, choice: Choose) -> Entered:
    """Create or renew a connection from the values entered on a connect page. A fault's path is its field's key."""
    session = await hold(work, choice.opening)
    integration = await _chosen(work, session, choice)
    require(not asks_for_consent(integration), ("integration",), "It is connected on the vendor's own page.")
    faults = Faults()
    secret = read_form(faults, integration, await definition_of(work, integration), choice.values)
    faults.refuse()
    renewed = await connection_of(work, session.renews_id, lock=True)
    if session.renews_id is not None and renewed is None:
        raise NotFound("connection")
    session.integration_id = integration.id
    await work.flush()
    by = await as_maker(work, session)
    connection = await keep_secret(
        work, integration, secret, principal_id=session.principal_id, renewed=renewed, by=by
    )
    complete(work, session, connection)
    return Entered(session=session, integration=integration, way_back=await way_back(work, session))


async def _check(work: Work, new: CreateConnectSession) -> None:
    faults = Faults()
    several = 0 < len(new.integration_ids) <= MOST_INTEGRATIONS
    if faults.check(several, "integration_ids", f"Name 1 to {MOST_INTEGRATIONS} integrations."):
        once = len(set(new.integration_ids)) == len(new.integration_ids)
        faults.check(once, "integration_ids", "Name each integration only once.")
    _check_holder(faults, new)
    await check_return_url(work, faults, new.return_url)
    fits = _SHORTEST_SECONDS <= new.lifetime_seconds <= _LONGEST_SECONDS
    faults.check(fits, "lifetime_seconds", f"It must be from {_SHORTEST_SECONDS} to {_LONGEST_SECONDS} seconds.")
    faults.refuse()


def _check_holder(faults: Faults, new: CreateConnectSession) -> None:
    """The holder is named, never inferred: an omission would turn one user's key into everybody's."""
    if new.mode is ConnectionMode.SHARED:
        alone = new.principal_id is None
        faults.check(
            alone, "mode", "A shared connection belongs to no user: give principalId or mode SHARED, not both."
        )
        return
    message = "Name the user in principalId; or give mode SHARED for a connection that the whole organization uses."
    faults.check(new.principal_id is not None, "principal_id", message)


async def _holder(work: Work, principal_id: str | None) -> Principal | None:
    """The user who will hold the connection; None for a shared one.

    Anybody who opens the link connects in that user's name. So a link for another user than the caller's own needs
    ACT_AS, also with an app's token. Administrators need nothing more.
    """
    if principal_id is None:
        return None
    path = ("principal_id",)
    if _is_anothers(work, principal_id):
        require_act_as(work.caller, path=path)
    principal = await work.get(Principal, principal_id, path=path)
    message = "Only a user can have their own connection; for a shared one give mode SHARED in place of principalId."
    require(principal.kind is PrincipalKind.USER, path, message)
    require(principal.disabled_at is None, path, "This user is disabled; enable the user first.")
    return principal


def _reach(work: Work, holder: Principal | None) -> Work:
    """The work that reads integrations and the connection: for another user, those alone that both reach."""
    if holder is None or not _is_anothers(work, holder.id):
        return work
    return work.as_caller(as_user(work.caller, holder, path=("principal_id",)))


def _is_anothers(work: Work, principal_id: str) -> bool:
    return principal_id != work.caller.principal_id and not work.caller.is_admin


async def _renew(
    work: Work, session: ConnectSession, integrations: Sequence[Integration], new: CreateConnectSession
) -> None:
    path = ("connection_id",)
    require(len(integrations) == 1, path, "To renew a connection, name one integration.")
    renewed = await renewable(work, new.connection_id or "", integrations)
    shared = "The connection is shared: give mode SHARED in place of principalId."
    own = "The connection is a user's own: name that user in principalId."
    message = shared if renewed.mode is ConnectionMode.SHARED else own
    require(renewed.principal_id == new.principal_id, path, message)
    session.renews_id = renewed.id


async def _chosen(work: Work, session: ConnectSession, choice: Choose) -> Integration:
    among = choice.integration_id in session.integration_ids
    found = await offered(work, session, [choice.integration_id]) if among else []
    if not found:
        raise NotFound("integration", path=("integration",))
    return found[0]
