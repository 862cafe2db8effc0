"""Tokens of installations: temporary, for an app at work on one organization."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, func, select
from sqlmodel import col

from models.errors import Forbidden, NotFound, TooMany
from models.row import new_id
from models.tables import Installation, Token
from models.vocabulary import Permission, TokenKind
from resolvers.authenticate import HINT_LENGTH, digest_of, new_token_text
from resolvers.installations.address import InstallationAddress
from resolvers.installations.rights import at_installer, find_installation, require_speaking
from resolvers.operation import operation
from resolvers.people.token import NewToken
from resolvers.work import Work

#: The time for which such a token is valid.
VALID_MS: Final = 3_600_000
#: Tokens of one installation that are valid at the same time.
MOST_TOKENS: Final = 500
#: The most that it may do; `resolvers/scope.py` says with which rows. Its maker and its maker's token limit it too.
GRANTED: Final = frozenset(
    {
        Permission.EVENTS_READ,
        Permission.INSTALLATIONS_READ,
        Permission.INSTALLATIONS_WRITE,
        Permission.INTEGRATIONS_READ,
    }
)
_PATH: Final = ("installation_id",)


@operation(needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, Forbidden, TooMany))
async def create_installation_token(work: Work, address: InstallationAddress) -> NewToken:
    """Make a token of one installation, which ends after an hour.

    For tokens of the app, and for users of its publisher. It never does more than its maker may. The installation's
    expired tokens are removed on the way.
    """
    found = await find_installation(work, address, path=_PATH, locked=True)
    await require_speaking(work, found, path=_PATH)
    await _make_room(work, found.installation)
    text, caller = new_token_text(), work.caller
    token = Token(
        id=new_id(work.now()),
        organization_id=found.installation.organization_id,
        kind=TokenKind.INSTALLATION,
        name=found.integration.name,
        permissions=sorted(GRANTED & caller.permissions),
        installation_id=found.installation.id,
        digest=digest_of(text),
        hint=text[-HINT_LENGTH:],
        expires_at=work.now() + VALID_MS,
        created_by=caller.principal_id or caller.maker_id,
    )
    work.add(token)
    at_installer(work, found).audit(token, "token.created", integration_id=found.integration.id)
    await work.flush()
    return NewToken(token=token, secret=text)


async def _make_room(work: Work, installation: Installation) -> None:
    """Remove the installation's expired tokens. Raises TooMany if it has as many others as it may have."""
    own = [
        col(Token.organization_id) == installation.organization_id,
        col(Token.installation_id) == installation.id,
    ]
    await work.session.execute(delete(Token).where(*own, col(Token.expires_at) <= work.now()))
    counted = select(func.count(), func.min(Token.expires_at)).select_from(Token).where(*own)
    count, first = (await work.session.execute(counted)).one()
    now = work.now()
    if count >= MOST_TOKENS:
        raise TooMany(
            f"This installation has {MOST_TOKENS} valid tokens; use one of them, or wait until the first expires.",
            retry_after_seconds=max(((first or now) - now) // 1000, 1),
        )
