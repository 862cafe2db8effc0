"""Scope: the rows that exist for a caller. Tenancy is decided here, access to integrations in `access.py`.

Another organization's row does not exist. There are four exceptions: public and unlisted publications; the built-in
definitions; a publisher's reading of its own app's installations elsewhere; and an installer's dispatch with the
publisher's app token, whose connection is never shown. For the token of an installation only the rows of that
installation exist (`of_installation` in `reach.py`). A token that reaches several organizations sees the rows of
one at a time; of the others it sees only that they exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Select, and_, exists, not_, or_, select, true
from sqlmodel import col

from models.row import Scope
from models.tables import (
    Attempt,
    AuditEntry,
    Connection,
    ConnectSession,
    Definition,
    Delivery,
    Event,
    ExternalId,
    Installation,
    InstallationPlace,
    Integration,
    IntegrationTag,
    Job,
    Organization,
    Principal,
    Publication,
    Registration,
    Share,
    Tag,
    Token,
    Webhook,
)
from models.vocabulary import ConnectionMode, PrincipalKind, WebhookKind
from resolvers.access import MANAGE, Viewer, accessible, is_fact
from resolvers.reach import (
    Conditions,
    installations,
    integrations,
    of_installation,
    of_visible_installations,
    of_visible_integrations,
    publications,
)

#: Rows that exist for a caller by their place, as the audit log names them.
_PLACED: Final = (Connection.__name__, Job.__name__)
#: Events of such rows. Without an integration, administrators and the actor see them.
PLACED_EVENTS: Final = ("Hub.connection.", "Hub.job.")


def visible(viewer: Viewer, model: Any) -> Conditions:
    """Conditions on `model` for the rows that exist for this viewer.

    Raises LookupError for a table without a rule, so that nobody reads a forgotten table.
    """
    rule = _RULES.get(model) or _RULES.get(getattr(model, "scope", None))
    if rule is None:
        raise LookupError(f"{model.__name__} has neither a scope nor its own rule, so callers cannot read it.")
    if viewer.installation_id is not None:
        return of_installation(viewer, model)
    return rule(viewer, model)


def living(viewer: Viewer, model: Any) -> Select[Any]:
    """The rows of `model` that exist for this viewer."""
    return select(model).where(*visible(viewer, model))


def acting(subject: str | BindParameter[str]) -> Conditions:
    """The principals with this subject that may act, one in each organization."""
    return [*of_subject(subject), col(Principal.disabled_at).is_(None)]


def of_subject(subject: str | BindParameter[str]) -> Conditions:
    """The principals with this subject, one in each organization."""
    return [col(Principal.subject) == subject, col(Principal.kind) == PrincipalKind.USER]


def _connections(viewer: Viewer, _model: Any) -> Conditions:
    """The viewer's own connections, and shared ones at an integration that it sees.

    A shared one at no integration is of those who may change the one that it was detached from last; of its maker if
    it never was at any.
    """
    mine = col(Connection.organization_id) == viewer.organization_id
    if viewer.is_admin:
        return [mine]
    foreign = col(Integration.organization_id) != viewer.organization_id
    registered = exists().where(col(Registration.connection_id) == col(Connection.id))
    seen = registered.where(col(Registration.integration_id) == col(Integration.id), or_(foreign, accessible(viewer)))
    left = exists().where(
        col(Integration.id) == col(Connection.last_integration_id), or_(foreign, accessible(viewer, least=MANAGE))
    )
    maker = [
        is_fact(viewer.principal_id, Connection.created_by),
        is_fact(viewer.token_id, Connection.created_by_token),
    ]
    made = and_(col(Connection.last_integration_id).is_(None), or_(*maker))
    # Statements around it may have the same tables: only the connection is theirs.
    apart = and_(not_(registered.correlate(Connection)), or_(left.correlate(Connection), made))
    shared = and_(col(Connection.mode) == ConnectionMode.SHARED, or_(apart, seen.correlate(Connection)))
    return [mine, or_(is_fact(viewer.principal_id, Connection.principal_id), shared)]


def _connect_sessions(viewer: Viewer, _model: Any) -> Conditions:
    """Sessions that the viewer made, and sessions for the viewer."""
    mine = col(ConnectSession.organization_id) == viewer.organization_id
    if viewer.is_admin:
        return [mine]
    own = [
        is_fact(viewer.token_id, ConnectSession.created_by_token),
        is_fact(viewer.principal_id, ConnectSession.created_by),
        is_fact(viewer.principal_id, ConnectSession.principal_id),
    ]
    return [mine, or_(*own)]


def _history(viewer: Viewer, model: Any) -> Conditions:
    """History outlives the rows that it names, but a restricted integration's history is hidden with it."""
    mine = model.organization_id == viewer.organization_id
    if viewer.is_admin:
        return [mine]
    apart = and_(model.integration_id.is_(None), _without_place(viewer, model))
    # NULL is not in an empty list: without the first condition all of it is seen where no integration is hidden.
    placed = and_(model.integration_id.is_not(None), model.integration_id.not_in(_hidden(viewer)))
    return [mine, or_(apart, placed)]


def _without_place(viewer: Viewer, model: Any) -> ColumnElement[bool]:
    """Whether history without an integration is seen: by all, except about a connection or a job, by its actor."""
    if model is AuditEntry:
        actors = (
            is_fact(viewer.principal_id, AuditEntry.actor_id),
            is_fact(viewer.token_id, AuditEntry.actor_token_id),
        )
        return or_(col(AuditEntry.resource_type).not_in(_PLACED), *actors)
    if model is Event:
        actors = is_fact(viewer.principal_id, Event.principal_id), is_fact(viewer.token_id, Event.token_id)
        return or_(_not_placed(Event.type), *actors)
    if model is Delivery:
        return _not_placed(Delivery.event_type)
    return true()


def _not_placed(type_column: Any) -> ColumnElement[bool]:
    return and_(*(not_(col(type_column).startswith(prefix, autoescape=True)) for prefix in PLACED_EVENTS))


def _webhooks(viewer: Viewer, _model: Any) -> Conditions:
    """Webhooks that people made, without removed ones."""
    return [
        col(Webhook.organization_id) == viewer.organization_id,
        col(Webhook.kind) == WebhookKind.ENDPOINT,
        col(Webhook.removed_at).is_(None),
    ]


def _deliveries(viewer: Viewer, _model: Any) -> Conditions:
    """History, but for that of removed webhooks and of those that nobody made."""
    mine = col(Webhook.organization_id) == viewer.organization_id
    gone = or_(col(Webhook.removed_at).is_not(None), col(Webhook.kind) != WebhookKind.ENDPOINT)
    hidden = select(col(Webhook.id)).where(mine, gone)
    return [*_history(viewer, Delivery), col(Delivery.webhook_id).not_in(hidden)]


def _attempts(viewer: Viewer, _model: Any) -> Conditions:
    """Attempts of deliveries that exist for the viewer."""
    of_these = exists().where(col(Delivery.id) == col(Attempt.delivery_id), *_deliveries(viewer, Delivery))
    return [col(Attempt.organization_id) == viewer.organization_id, of_these]


def _jobs(viewer: Viewer, _model: Any) -> Conditions:
    """Jobs about a user's own are that user's, others are hidden with their place. The hub's have no organization."""
    mine, place = col(Job.organization_id) == viewer.organization_id, col(Job.integration_id)
    if viewer.is_admin:
        return [mine]
    seen = and_(col(Job.principal_id).is_(None), place.is_not(None), place.not_in(_hidden(viewer)))
    return [mine, or_(is_fact(viewer.principal_id, Job.principal_id), seen)]


def _hidden(viewer: Viewer) -> Select[Any]:
    return select(col(Integration.id)).where(
        col(Integration.organization_id) == viewer.organization_id, not_(accessible(viewer))
    )


def _tags(viewer: Viewer, _model: Any) -> Conditions:
    """A tag that only restricted integrations have is seen with one of them: its name may say what they are for."""
    mine = col(Tag.organization_id) == viewer.organization_id
    if viewer.is_admin:
        return [mine]
    used = select(col(IntegrationTag.tag_id)).where(*of_visible_integrations(viewer, IntegrationTag))
    return [mine, col(Tag.id).in_(used)]


def _tokens(viewer: Viewer, _model: Any) -> Conditions:
    mine = col(Token.organization_id) == viewer.organization_id
    if viewer.is_admin:
        return [mine]
    own = [col(Token.id) == viewer.token_id]
    if viewer.principal_id is not None:
        own += [col(Token.principal_id) == viewer.principal_id, col(Token.created_by) == viewer.principal_id]
    return [mine, or_(*own)]


def _definitions(viewer: Viewer, _model: Any) -> Conditions:
    owner = col(Definition.organization_id)
    return [or_(owner.is_(None), owner == viewer.organization_id)]


def _organizations(viewer: Viewer, _model: Any) -> Conditions:
    own = col(Organization.id) == viewer.organization_id
    if viewer.subject is None:
        return [own]
    return [or_(own, col(Organization.id).in_(select(col(Principal.organization_id)).where(*acting(viewer.subject))))]


def _shares(viewer: Viewer, _model: Any) -> Conditions:
    return [col(Share.organization_id) == viewer.organization_id, *of_visible_integrations(viewer, Share)]


def _of_the_organization(viewer: Viewer, model: Any) -> Conditions:
    return [model.organization_id == viewer.organization_id]


#: The rule of each scope that a table may declare, and of each table with its own rule.
_RULES: dict[Any, Callable[[Viewer, Any], Conditions]] = {
    Scope.HISTORY: _history,
    Scope.INTEGRATION: of_visible_integrations,
    Scope.ORGANIZATION: _of_the_organization,
    Attempt: _attempts,
    Connection: _connections,
    ConnectSession: _connect_sessions,
    Definition: _definitions,
    Delivery: _deliveries,
    ExternalId: of_visible_installations,
    Installation: installations,
    InstallationPlace: of_visible_installations,
    Integration: integrations,
    Job: _jobs,
    Organization: _organizations,
    Publication: publications,
    Share: _shares,
    Tag: _tags,
    Token: _tokens,
    Webhook: _webhooks,
}
