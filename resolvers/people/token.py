"""Tokens: create, hand over and revoke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.errors import Forbidden, InvalidInput, NotFound
from models.row import new_id
from models.tables import Capability, Principal, Token
from models.vocabulary import Permission, PrincipalKind, TokenKind
from resolvers.authenticate import GIVEN_BY_ADMINISTRATORS, HINT_LENGTH, digest_of, granted, has_ended, new_token_text
from resolvers.changes import changed
from resolvers.faults import Faults, require
from resolvers.find import managed_integration
from resolvers.operation import operation
from resolvers.work import Work

_READS: Final = {
    Permission.INTEGRATIONS_WRITE: Permission.INTEGRATIONS_READ,
    Permission.INSTALLATIONS_WRITE: Permission.INSTALLATIONS_READ,
    Permission.CONNECTIONS_WRITE: Permission.CONNECTIONS_READ,
    Permission.DISPATCH_WRITE: Permission.DISPATCH_READ,
    Permission.FLOWS_WRITE: Permission.FLOWS_READ,
    Permission.JOBS_WRITE: Permission.JOBS_READ,
    Permission.WEBHOOKS_WRITE: Permission.WEBHOOKS_READ,
}
#: Capabilities that one token is limited to.
MOST_CAPABILITIES: Final = 1000


@dataclass(frozen=True, kw_only=True)
class CreateToken:
    """A new token: for the caller unless a principal or an integration is named. Times in ms since 1970 UTC."""

    name: str
    permissions: Sequence[Permission]
    principal_id: str | None = None
    integration_id: str | None = None
    allowed_capability_ids: Sequence[str] | None = None
    expires_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class TransferToken:
    """A new maker, a user, for a token of an app or an installation."""

    id: str
    principal_id: str


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token and its bearer text, which is shown only once."""

    token: Token
    secret: str


@operation(needs=Permission.TOKENS_WRITE, refuses=(NotFound, InvalidInput, Forbidden))
async def create_token(work: Work, new: CreateToken) -> NewToken:
    """Create a token. Its permissions and allowed capabilities are at most the caller's own.

    An app's token never does more than its maker may: the caller's user, or the maker of the caller's own token.
    ACT_AS is given by administrators, who need not have it.
    """
    _check(work, new)
    _require_administrator(work, new)
    principal = await _principal(work, new)
    if new.integration_id is not None:
        await managed_integration(work, new.integration_id, path=("integration_id",))
    allowed = await _allowed(work, new)
    token = make_token(
        work,
        Token(
            organization_id=work.organization_id,
            kind=TokenKind.INTEGRATION if new.integration_id else TokenKind.PERSONAL,
            name=new.name,
            permissions=sorted(completed(new.permissions)),
            principal_id=principal.id if principal else None,
            integration_id=new.integration_id,
            allowed_capabilities=allowed,
            expires_at=new.expires_at,
        ),
    )
    await work.flush()
    return token


@operation(needs=Permission.ORGANIZATION_ADMIN, refuses=(NotFound, InvalidInput, Forbidden))
async def transfer_token(work: Work, new: TransferToken) -> Token:
    """Hand an app's token over to another user, whose permissions limit it from now on.

    It gains no permission that the caller lacks. The same maker again changes nothing.
    """
    token = await work.lock(Token, new.id, path=("id",))
    principal = await work.get(Principal, new.principal_id, path=("principal_id",))
    before = await work.find(Principal, token.created_by or "")
    _check_transfer(work, token, before, principal)
    if token.created_by != principal.id:
        maker = changed("createdBy", token.created_by, principal.id)
        token.created_by = principal.id
        work.audit(token, "token.transferred", besides=maker)
    return token


@operation(refuses=(NotFound, Forbidden))
async def revoke_token(work: Work, id: str) -> str:
    """Revoke a token at once, everywhere. Answers its id.

    The caller's own needs no permission, a token of an app that the caller made needs TOKENS_WRITE. Tokens of others
    need ORGANIZATION_ADMIN besides. A token that `tokens` does not list for the caller does not exist.
    """
    token = await work.lock(Token, id, path=("id",))
    if not _is_own(work, token):
        work.caller.need_unlimited()
        work.need(Permission.TOKENS_WRITE)
        if token.created_by is None or token.created_by != work.caller.principal_id or token.principal_id is not None:
            work.need(Permission.ORGANIZATION_ADMIN)
    if token.revoked_at is None:
        token.revoked_at = work.now()
        work.audit(token, "token.revoked")
    return token.id


def make_token(work: Work, token: Token) -> NewToken:
    """Give a token its bearer text, and add and audit it."""
    text = new_token_text()
    token.id = new_id(work.now())
    token.digest = digest_of(text)
    token.hint = text[-HINT_LENGTH:]
    token.created_by = work.caller.principal_id or work.caller.maker_id
    work.add(token)
    work.audit(token, "token.created")
    return NewToken(token=token, secret=text)


def completed(permissions: Sequence[Permission]) -> set[Permission]:
    """The permissions, and for each WRITE of a noun its READ."""
    return {*permissions, *(_READS[word] for word in permissions if word in _READS)}


def _check_permissions(faults: Faults, work: Work, new: CreateToken) -> None:
    """Add a fault for each permission that the caller cannot give, also for the READ that a WRITE brings."""
    held = work.caller.permissions
    for index, permission in enumerate(new.permissions):
        place, brought = ("permissions", str(index)), _READS.get(permission, permission)
        if permission is Permission.ACT_AS:  # nobody holds it; see `_require_administrator`
            continue
        if permission not in held:
            faults.add(place, f"You cannot give {permission}: you do not have it.")
        elif brought not in held:
            faults.add(place, f"You cannot give {permission}: it brings {brought}, which you do not have.")
        elif new.integration_id is not None and permission in GIVEN_BY_ADMINISTRATORS and not work.caller.is_admin:
            faults.add(place, f"Only an administrator gives {permission} to an app's token.")


def _check_transfer(work: Work, token: Token, before: Principal | None, principal: Principal) -> None:
    require(
        token.principal_id is None,
        ("id",),
        "A personal token stays its user's; the other user can make a new one.",
    )
    require(not has_ended(token, work.now()), ("id",), "This token has ended; make a new one.")
    acts = principal.kind is PrincipalKind.USER and principal.disabled_at is None
    require(acts, ("principal_id",), "Name a user that is not disabled; a team or a disabled user makes no token.")
    held = work.caller.permissions | {Permission.ACT_AS}  # which administrators give without having it
    held |= granted(token, maker=before) if before or not token.created_by else frozenset()
    gained = sorted(granted(token, maker=principal) - held)
    require(
        not gained,
        ("principal_id",),
        f"The token would gain {', '.join(gained)}, which you do not have; choose a user without it.",
    )


def _is_own(work: Work, token: Token) -> bool:
    """Whether it is the token of this request, or a personal one of the caller's user."""
    mine = token.principal_id is not None and token.principal_id == work.caller.principal_id
    return mine or token.id == work.caller.token_id


def _check(work: Work, new: CreateToken) -> None:
    faults = Faults()
    faults.name("name", new.name)
    _check_permissions(faults, work, new)
    both = new.principal_id is not None and new.integration_id is not None
    faults.check(not both, "integration_id", "Name a principal or an integration, not both.")
    ahead = new.expires_at is None or new.expires_at > work.now()
    faults.check(ahead, "expires_at", "It must be in the future.")
    few = len(new.allowed_capability_ids or ()) <= MOST_CAPABILITIES
    faults.check(few, "allowed_capability_ids", f"At most {MOST_CAPABILITIES} capabilities.")
    nobody = new.principal_id is None and new.integration_id is None and work.caller.principal_id is None
    faults.check(not nobody, "principal_id", "Your token has no user; name a principal or an integration.")
    faults.refuse()


def _require_administrator(work: Work, new: CreateToken) -> None:
    """Raise Forbidden for ACT_AS from a caller that is no administrator."""
    for index, permission in enumerate(new.permissions):
        if permission is Permission.ACT_AS and not work.caller.is_admin:
            raise Forbidden(
                f"Only a caller with ORGANIZATION_ADMIN can put {permission} into a token; ask an administrator.",
                permission=Permission.ORGANIZATION_ADMIN,
                path=("permissions", str(index)),
            )


async def _allowed(work: Work, new: CreateToken) -> dict[str, str]:
    """The named capabilities with their digests; if none is named, those to which the caller itself is limited.

    A caller that is limited passes on the digests that it has itself.
    """
    held = work.caller.allowed_capabilities
    if not new.allowed_capability_ids:
        return dict(held)
    faults, allowed = Faults(), {}
    for index, capability_id in enumerate(new.allowed_capability_ids):
        place = ("allowed_capability_ids", str(index))
        capability = await work.get(Capability, capability_id, path=place)
        faults.check(not held or capability.id in held, place, "You cannot give it: your token may not run it.")
        allowed[capability.id] = held.get(capability.id, capability.digest)
    faults.refuse()
    return allowed


async def _principal(work: Work, new: CreateToken) -> Principal | None:
    if new.integration_id is not None:
        return None
    principal_id = new.principal_id or work.caller.principal_id or ""
    if principal_id != work.caller.principal_id:
        work.need(Permission.ORGANIZATION_ADMIN)
    return await work.get(Principal, principal_id, path=("principal_id",))
