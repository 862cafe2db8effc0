"""Find integrations and principals by any of their names; lock an integration that the caller may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from unicodedata import normalize

from sqlalchemy import BindParameter, ColumnElement, and_, or_, select, true
from sqlmodel import col

from models.errors import Forbidden, NotFound, Path
from models.row import is_id, name_key
from models.tables import Installation, Integration, Principal, Publication
from models.vocabulary import PrincipalKind, PublicationVisibility
from resolvers.access import Viewer
from resolvers.filters import equal
from resolvers.managing import manages, require_governing, require_own_app
from resolvers.reach import published_apps
from resolvers.scope import visible
from resolvers.unset import Unset
from resolvers.work import Work

_KINDS: Final = {"user": PrincipalKind.USER, "team": PrincipalKind.TEAM}


@dataclass(frozen=True, kw_only=True)
class IntegrationRef:
    """One integration by exactly one of its names.

    `named` is the id, UUID or slug of one that the caller's organization owns: the first that fits. `published_name`
    is the name of an app, in letters of any case, or the id of one that the caller's organization owns, published or
    not. `find_app` finds by it also the apps of others that are not installed.
    """

    id: str | None = None
    handler: str | None = None
    slug: str | None = None
    uuid: str | None = None
    named: str | None = None
    published_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class PrincipalRef:
    """One user or team: `named` is its id, `user:<username>`, `team:<username>` or username; the first that fits."""

    named: str
    kind: PrincipalKind | None = None


async def find_integration(work: Work, ref: IntegrationRef) -> Integration | None:
    """The integration with this name in the caller's organization; None if there is none."""
    if ref.id is not None:
        return await work.find(Integration, ref.id)
    statement = (
        select(Integration)
        .outerjoin(
            Installation,
            and_(
                col(Installation.integration_id) == col(Integration.id),
                col(Installation.organization_id) == work.organization_id,
            ),
        )
        .where(*visible(work.caller, Integration), *_names(work, ref))
    )
    return await work.first(statement if ref.named is None else statement.order_by(*_precedence(ref.named)))


async def get_integration(work: Work, ref: IntegrationRef, *, path: Path | None = None) -> Integration:
    """Like `find_integration`. Raises NotFound."""
    integration = await find_integration(work, ref)
    if integration is None:
        raise NotFound("integration", path=path)
    return integration


async def find_app(work: Work, ref: IntegrationRef) -> Integration | None:
    """Like `find_integration`; also an app of another organization, installed or not.

    By `published_name` it is found if it is public or unlisted, by `id` if it is public.
    """
    found = await find_integration(work, ref)
    if found is not None:
        return found
    if ref.published_name is not None:
        named = col(Publication.name_key) == name_key(ref.published_name)
    elif ref.id is not None and is_id(ref.id):
        is_public = col(Publication.visibility) == PublicationVisibility.PUBLIC
        named = and_(col(Integration.id) == ref.id, is_public)
    else:
        return None
    others = select(Integration).join(Publication, col(Publication.integration_id) == col(Integration.id))
    return await work.first(others.where(named, *published_apps(work.caller)))


async def get_app(work: Work, ref: IntegrationRef, *, path: Path | None = None) -> Integration:
    """Like `find_app`. Raises NotFound."""
    integration = await find_app(work, ref)
    if integration is None:
        raise NotFound("integration", path=path)
    return integration


async def get_principal(work: Work, ref: str | PrincipalRef, *, path: Path | None = None) -> Principal:
    """A user or a team, by id or by a name. Raises NotFound."""
    if isinstance(ref, str):
        return await work.get(Principal, ref, path=path)
    prefix, _, username = ref.named.partition(":")
    kind = _KINDS.get(prefix)
    forms = [col(Principal.id) == ref.named, *(col(Principal.username) == form for form in _written(ref.named))]
    if kind is not None:
        forms.insert(1, and_(col(Principal.kind) == kind, col(Principal.username) == username))
    statement = work.mine(Principal).where(or_(*forms), *equal(col(Principal.kind), ref.kind))
    found = await work.first(statement.order_by(*(form.is_not(true()) for form in forms)))
    if found is None:
        raise NotFound("principal", path=path)
    return found


def name_of(principal_id: str, username: str) -> str:
    """The name of a user or team for clients that know no ids: `get_principal` finds it again by it.

    It is the username, or the id for a username that could be read as somebody else's id or as `user:…`, or that the
    path of an address cannot hold.
    """
    prefix, colon, _ = username.partition(":")
    is_misread = is_id(username) or (colon and prefix in _KINDS)
    in_path = username.isprintable() and "/" not in username and username not in (".", "..")
    return username if in_path and not is_misread else principal_id


async def managed_integration(
    work: Work, ref: str | IntegrationRef, *, expected_version: int | Unset | None = None, path: Path | None = None
) -> Integration:
    """An integration of the caller's organization, locked for a change.

    Raises NotFound, Stale, and Forbidden if it is restricted and the caller neither owns nor manages it, or if the
    caller is the token of another app.
    """
    integration_id = ref if isinstance(ref, str) else (await get_integration(work, ref, path=path)).id
    integration = await work.lock(Integration, integration_id, expected_version=expected_version, path=path)
    require_own_app(work, integration, path=path)
    if not await manages(work, [integration]):
        raise Forbidden("Only its owner, those with a MANAGE share and administrators may change it.", path=path)
    return integration


async def governed_integration(
    work: Work, ref: str | IntegrationRef, *, expected_version: int | Unset | None = None, path: Path | None = None
) -> Integration:
    """Like `managed_integration`. Raises Forbidden also if the caller may not decide about it (`governs`)."""
    integration = await managed_integration(work, ref, expected_version=expected_version, path=path)
    await require_governing(work, integration, path=path)
    return integration


def called(viewer: Viewer, handler: str | BindParameter[Any]) -> ColumnElement[bool]:
    """Whether an integration has this handler in the viewer's organization: its installation's, else its own.

    The statement must select from Integration and outer-join the organization's Installation.
    """
    uninstalled = and_(
        col(Installation.id).is_(None),
        col(Integration.organization_id) == viewer.organization_id,
        col(Integration.handler) == handler,
    )
    return or_(col(Installation.handler) == handler, uninstalled)


def _written(username: str) -> tuple[str, ...]:
    """A username as it was sent, and in the form NFKC in which it is kept: some systems send it decomposed."""
    return tuple(dict.fromkeys((username, normalize("NFKC", username))))


def _names(work: Work, ref: IntegrationRef) -> list[ColumnElement[bool]]:
    if ref.handler is not None:
        return [called(work.caller, ref.handler)]
    own = col(Integration.organization_id) == work.organization_id
    if ref.slug is not None:
        return [own, col(Integration.slug) == ref.slug]
    if ref.named is not None:
        return [own, or_(*_forms(ref.named))]
    if ref.published_name is not None:
        published = select(col(Publication.integration_id)).where(
            col(Publication.name_key) == name_key(ref.published_name)
        )
        return [or_(and_(own, col(Integration.id) == ref.published_name), col(Integration.id).in_(published))]
    return [own, col(Integration.uuid) == (ref.uuid or "").lower()]


def _forms(named: str) -> list[ColumnElement[bool]]:
    return [
        col(Integration.id) == named,
        col(Integration.uuid) == named.lower(),
        col(Integration.slug) == named,
    ]


def _precedence(named: str) -> list[ColumnElement[bool]]:
    return [form.is_not(true()) for form in _forms(named)]
