"""Authentication: make bearer tokens, and find the caller and the organization of a request."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

from models.errors import Forbidden, NotFound, Unauthenticated, Unavailable
from models.row import new_id
from models.tables import Organization, Principal, Token
from models.vocabulary import Permission, Source, TokenReach
from resolvers.caller import Caller
from resolvers.hub import Hub, Identity
from resolvers.lookup import FoundToken, Membership
from resolvers.recorder import TokenUse

#: The header that names the organization, for a token that reaches several.
HUB_ID: Final = "X-Hub-Id"
_PREFIX: Final = "pb_"
_TEXT: Final = re.compile(r"pb_[A-Za-z0-9_-]{43}")
_USE_INTERVAL_MS: Final = 60_000
HINT_LENGTH: Final = 4
#: An app's token has these only if an administrator made it, and while its maker is one. A personal token follows
#: its user, who has no ACT_AS: for that one an administrator stands behind the token, its user or its maker.
GIVEN_BY_ADMINISTRATORS: Final = frozenset(
    {Permission.ACT_AS, Permission.ORGANIZATION_ADMIN, Permission.TOKENS_WRITE}
)
_CLAIMED: Final = (
    "No organization is certain to be yours: each entered your user while another one had it. Name yours with the"
    f" header {HUB_ID}, by its slug or id."
)
_WITHOUT_MAKER: Final = (
    "The user that made this token is disabled or removed. An administrator can hand it over to another user with"
    " transferToken, or make a new one."
)


def new_token_text() -> str:
    """A new bearer text of 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest_of(text: str) -> str:
    """The SHA-256 of a token. It is stored; the text itself never is."""
    return hashlib.sha256(text.encode()).hexdigest()


#: The caller in the organization with this id or slug; in the bearer's own for None.
Placing = Callable[[str | None], Awaitable[Caller]]


async def authenticate(
    hub: Hub,
    text: str | None,
    *,
    source: Source,
    organization: str | None = None,
    request_id: str | None = None,
) -> Caller:
    """The caller with this bearer text, in the organization that `X-Hub-Id` names by id or slug.

    Raises Unauthenticated in the same words for every text that is missing, malformed, unknown, expired or revoked;
    Forbidden for an app's token if its maker is disabled or removed, and for a JWT that must name an organization;
    NotFound for an organization that the text does not reach, existing or not; UpstreamFailed if another issuer's
    keys cannot be fetched. A JWT that names no organization acts in its subject's first, unless that one is a claim.
    """
    placed = await identify(hub, text, source=source, request_id=request_id)
    return await placed(organization)


async def identify(hub: Hub, text: str | None, *, source: Source, request_id: str | None = None) -> Placing:
    """The bearer of a text, as a function that gives the caller in an organization; both raise as `authenticate`."""
    request_id = request_id or new_id(hub.clock())
    if text is not None and _TEXT.fullmatch(text):
        return await _of_token(hub, text, source, request_id)
    if text is not None and hub.external is not None:
        return await _of_external(hub, text, source, request_id)
    raise Unauthenticated


async def caller_of_token(hub: Hub, found: FoundToken, *, source: Source) -> Caller:
    """The caller of a stored token in its own organization, with its permissions of now.

    Raises Unauthenticated if the token or its user may not act any more, Forbidden for its maker.
    """
    if not _alive(found.token, found.principal, hub.clock()):
        raise Unauthenticated
    _require_maker(found)
    return await _place_token(hub, found, source, new_id(hub.clock()), None)


def caller_of_user(hub: Hub, user: Principal, *, source: Source) -> Caller:
    """A user in its organization, with its permissions of now. Raises Unauthenticated if it is disabled."""
    if user.disabled_at is not None:
        raise Unauthenticated
    return Caller(
        hub=hub,
        source=source,
        request_id=new_id(hub.clock()),
        organization_id=user.organization_id,
        permissions=_permissions(set(user.permissions)),
        actor_name=user.username,
        principal_id=user.id,
    )


def bearer(header: str | None) -> str | None:
    """The text of an `Authorization: Bearer …` header (RFC 6750 §2.1). Its scheme is case-insensitive."""
    scheme, _, text = (header or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None


def granted(
    token: Token, *, principal: Principal | None = None, maker: Principal | None = None
) -> frozenset[Permission]:
    """The permissions of a token: its own, limited to the present ones of its principal, or of its maker without one.

    No principal has ACT_AS. It reaches users of the token's own organization, so it counts in that one only.
    """
    words = set(token.permissions)
    if principal is not None:
        acts = principal.organization_id == token.organization_id and _is_backed(token, principal, maker)
        words &= {*principal.permissions, *([Permission.ACT_AS] if acts else [])}
    elif maker is not None:
        words &= {*maker.permissions, Permission.ACT_AS}
        if not _is_administrator(maker):
            words -= GIVEN_BY_ADMINISTRATORS
    return _permissions(words)


async def _of_token(hub: Hub, text: str, source: Source, request_id: str) -> Placing:
    found = await hub.lookup.token(digest_of(text))
    now = hub.clock()
    if found is None or not _alive(found.token, found.principal, now):
        raise Unauthenticated
    _require_maker(found)
    await _note_use(hub, found.token, now)
    return partial(_place_token, hub, found, source, request_id)


async def _place_token(hub: Hub, found: FoundToken, source: Source, request_id: str, named: str | None) -> Caller:
    organization_id, principal = await _place(hub, found, named)
    token = found.token
    maker = found.maker if token.principal_id is None else None
    return Caller(
        hub=hub,
        source=source,
        request_id=request_id,
        organization_id=organization_id,
        permissions=granted(token, principal=principal, maker=found.maker),
        actor_name=principal.username if principal else token.name,
        principal_id=principal.id if principal else None,
        token_id=token.id,
        integration_id=token.integration_id,
        installation_id=token.installation_id,
        maker_id=maker.id if maker else None,
        narrowed_by=None if maker is None or _is_administrator(maker) else maker.id,
        allowed_capabilities=token.allowed_capabilities,
        subject=_subject(found),
    )


async def _place(hub: Hub, found: FoundToken, named: str | None) -> tuple[str, Principal | None]:
    """The organization and principal of a token's request: its own, or those in the named organization.

    Raises NotFound for an organization that the token does not reach.
    """
    home = found.token.organization_id
    if named is None or named == home:
        return home, found.principal
    organization = await hub.lookup.organization(home)
    if organization is not None and _is(organization, named):
        return home, found.principal
    subject = _subject(found)
    memberships = await hub.lookup.memberships(subject) if subject is not None else []
    reached = [one for one in _among(memberships, named) if one.is_active]
    if not reached:
        raise _no_such_organization()
    return reached[0].organization.id, reached[0].principal


async def _of_external(hub: Hub, text: str, source: Source, request_id: str) -> Placing:
    """The bearer of another issuer's token. It has all permissions of the principal with that subject.

    An administrator may enter anybody's subject, so another organization than the first needs the issuer's claim, or
    that the bearer names it. A first one that has disabled its user stays the first.
    """
    if hub.external is None:
        raise Unauthenticated
    identity = await hub.external.verify(text)
    reached = await hub.lookup.memberships(identity.subject)
    if identity.organization is not None:
        reached = _among(reached, identity.organization)
    if not any(membership.is_active for membership in reached):
        raise Unauthenticated
    return partial(_place_external, hub, identity, reached, source, request_id)


async def _place_external(
    hub: Hub, identity: Identity, reached: list[Membership], source: Source, request_id: str, named: str | None
) -> Caller:
    principal = _chosen(reached, named, is_sworn=identity.organization is not None).principal
    return Caller(
        hub=hub,
        source=source,
        request_id=request_id,
        organization_id=principal.organization_id,
        permissions=_permissions(set(principal.permissions)),
        actor_name=principal.username,
        principal_id=principal.id,
        subject=identity.subject if identity.organization is None else None,
    )


def _chosen(reached: list[Membership], named: str | None, *, is_sworn: bool) -> Membership:
    """The membership that the bearer names, else the first. `is_sworn`: the issuer has named the organization.

    Raises Unauthenticated, NotFound for a name, and Forbidden if every membership is a claim.
    """
    if not named and not is_sworn and reached[0].principal.subject_claimed:
        raise Forbidden(_CLAIMED, path=(HUB_ID,))
    chosen = [one for one in (_among(reached, named) if named else reached[:1]) if one.is_active]
    if not chosen:
        raise _no_such_organization() if named else Unauthenticated
    return chosen[0]


def _subject(found: FoundToken) -> str | None:
    """The bearer's subject in other organizations; None if the token acts in its own only."""
    reaches = found.token.reach is TokenReach.SUBJECT and found.principal is not None
    return found.principal.subject if reaches and found.principal else None


def _among(memberships: list[Membership], named: str) -> list[Membership]:
    return [membership for membership in memberships if _is(membership.organization, named)]


def _is(organization: Organization, named: str) -> bool:
    return named in (organization.id, organization.slug)


def _no_such_organization() -> NotFound:
    return NotFound("organization", path=(HUB_ID,))


def _permissions(words: set[str]) -> frozenset[Permission]:
    return frozenset(Permission(word) for word in words if word in Permission.__members__)


def has_ended(token: Token, now: int) -> bool:
    """Whether a token was revoked, or has ended by itself."""
    return token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now)


def _alive(token: Token, principal: Principal | None, now: int) -> bool:
    disabled = principal is not None and principal.disabled_at is not None
    return not has_ended(token, now) and not disabled


def _is_backed(token: Token, principal: Principal, maker: Principal | None) -> bool:
    """Whether an administrator stands behind a personal token: its user, or its maker. Or the operator made it."""
    if token.created_by is None or _is_administrator(principal):
        return True
    return maker is not None and maker.disabled_at is None and _is_administrator(maker)


def _is_administrator(user: Principal) -> bool:
    return Permission.ORGANIZATION_ADMIN in user.permissions


def _require_maker(found: FoundToken) -> None:
    """Raise Forbidden for an app's token whose maker may no longer act."""
    token, maker = found.token, found.maker
    if token.principal_id is not None or token.created_by is None:
        return
    if maker is None or maker.disabled_at is not None:
        raise Forbidden(_WITHOUT_MAKER)


async def _note_use(hub: Hub, token: Token, now: int) -> None:
    if token.last_used_at is None or token.last_used_at + _USE_INTERVAL_MS < now:
        with suppress(Unavailable):  # a full disk does not prevent reading, so the request goes on
            await hub.recorder.write([TokenUse(token_id=token.id, at=now)])
