"""Tokens: create and revoke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.errors import Forbidden, InvalidInput, NotFound
from models.row import new_id
from models.tables import Capability, Principal, Token
from models.vocabulary import Permission, TokenKind
from resolvers.authenticate import HINT_LENGTH, digest_of, new_token_text
from resolvers.faults import Faults
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
_MOST_CAPABILITIES: Final = 1000
#: Permissions that only an administrator gives, whether or not the caller has them.
_GIVEN_BY_ADMINISTRATORS: Final = frozenset({Permission.ACT_AS})


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
class NewToken:
    """A token and its bearer text, which is shown only once."""

    token: Token
    secret: str


@operation(needs=Permission.TOKENS_WRITE, refuses=(NotFound, InvalidInput, Forbidden))
async def create_token(work: Work, new: CreateToken) -> NewToken:
    """Create a token. Its permissions and allowed capabilities are at most the caller's own.

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


@operation(refuses=(NotFound, Forbidden))
async def revoke_token(work: Work, id: str) -> str:
    """Revoke a token at once, everywhere. Answers its id.

    The caller's own needs no permission, a token of an app that the caller made needs TOKENS_WRITE. Tokens of others
    need ORGANIZATION_ADMIN besides. A token that `tokens` does not list for the caller does not exist.
    """
    token = await work.lock(Token, id, path=("id",))
    if not _is_own(work, token):
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
    token.created_by = work.caller.principal_id
    work.add(token)
    work.audit(token, "token.created")
    return NewToken(token=token, secret=text)


def completed(permissions: Sequence[Permission]) -> set[Permission]:
    """The permissions, and for each WRITE of a noun its READ."""
    return {*permissions, *(_READS[word] for word in permissions if word in _READS)}


def _is_own(work: Work, token: Token) -> bool:
    """Whether it is the token of this request, or a personal one of the caller's user."""
    mine = token.principal_id is not None and token.principal_id == work.caller.principal_id
    return mine or token.id == work.caller.token_id


def _check(work: Work, new: CreateToken) -> None:
    faults = Faults()
    faults.name("name", new.name)
    for index, permission in enumerate(new.permissions):
        holds = permission in work.caller.permissions or permission in _GIVEN_BY_ADMINISTRATORS
        faults.check(holds, ("permissions", str(index)), f"You cannot give {permission}: you do not have it.")
    both = new.principal_id is not None and new.integration_id is not None
    faults.check(not both, "integration_id", "Name a principal or an integration, not both.")
    ahead = new.expires_at is None or new.expires_at > work.now()
    faults.check(ahead, "expires_at", "It must be in the future.")
    few = len(new.allowed_capability_ids or ()) <= _MOST_CAPABILITIES
    faults.check(few, "allowed_capability_ids", f"At most {_MOST_CAPABILITIES} capabilities.")
    nobody = new.principal_id is None and new.integration_id is None and work.caller.principal_id is None
    faults.check(not nobody, "principal_id", "Your token has no user; name a principal or an integration.")
    faults.refuse()


def _require_administrator(work: Work, new: CreateToken) -> None:
    """Raise Forbidden for a permission that only an administrator gives."""
    for index, permission in enumerate(new.permissions):
        if permission in _GIVEN_BY_ADMINISTRATORS and not work.caller.is_admin:
            raise Forbidden(
                f"Only a caller with ORGANIZATION_ADMIN can put {permission} into a token; ask an administrator.",
                permission=Permission.ORGANIZATION_ADMIN,
                path=("permissions", str(index)),
            )


async def _allowed(work: Work, new: CreateToken) -> list[str]:
    """The named capabilities; if none is named, those to which the caller itself is limited."""
    held = work.caller.allowed_capabilities
    if not new.allowed_capability_ids:
        return sorted(held)
    faults = Faults()
    for index, capability_id in enumerate(new.allowed_capability_ids):
        place = ("allowed_capability_ids", str(index))
        await work.get(Capability, capability_id, path=place)
        faults.check(not held or capability_id in held, place, "You cannot give it: your token may not run it.")
    faults.refuse()
    return list(new.allowed_capability_ids)


async def _principal(work: Work, new: CreateToken) -> Principal | None:
    if new.integration_id is not None:
        return None
    principal_id = new.principal_id or work.caller.principal_id or ""
    if principal_id != work.caller.principal_id:
        work.need(Permission.ORGANIZATION_ADMIN)
    return await work.get(Principal, principal_id, path=("principal_id",))
