"""Tokens of installations: temporary, for an app at work on one organization."""

from __future__ import annotations

from models.errors import Forbidden, NotFound, TooMany
from models.vocabulary import Permission
from resolvers.installations.address import InstallationAddress
from resolvers.operation import operation
from resolvers.people.token import NewToken
from resolvers.work import Work


@operation(needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, Forbidden, TooMany))
async def create_installation_token(work: Work, address: InstallationAddress) -> NewToken:
    """Make a token of one installation, which ends after an hour.

    For tokens of the app, and for users of its publisher.
    """
    raise NotImplementedError
