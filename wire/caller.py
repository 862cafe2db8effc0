"""The caller of an HTTP request, read from its headers; the same for every face."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request

from models.errors import DomainError, InvalidInput, NotFound
from models.vocabulary import Source
from resolvers.authenticate import HUB_ID, Placing, bearer, identify
from resolvers.caller import Caller
from resolvers.hub import Hub
from resolvers.runs.chains import HEADER, read_chain
from wire.acting import refuse_underscores

_CONFLICT = f"The call names another organization than this header; leave {HUB_ID} out, or name the same one twice."


async def caller_of(hub: Hub, request: Request, source: Source, *, request_id: str | None = None) -> Caller:
    """The caller by `Authorization` and `X-Hub-Id`; a repeated header is invalid.

    Raises as `authenticate` does, and InvalidInput for `X_Hub_Id`.
    """
    return await (await bearer_of(hub, request, source, request_id=request_id)).named()


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """A request with a valid token, whose organization may be named in its path or body. `header`: `X-Hub-Id`.

    `chain`: the header of a run's call, with which the service that was called calls the hub.
    """

    header: str | None
    place: Placing
    chain: str | None = None

    async def named(self) -> Caller:
        """The caller in the organization of the header, else in the token's own. Raises as `authenticate` does."""
        return self._caused(await self.place(self.header))

    async def at(self, organization: str) -> Caller:
        """The caller in the organization with this id or slug.

        Raises NotFound at `organization` if the token does not reach it, InvalidInput if the header names another.
        """
        if not organization:  # it names none, and so not the token's own
            raise NotFound("organization", path=("organization",))
        try:
            caller = self._caused(await self.place(organization))
        except DomainError as refusal:
            raise refusal.renamed(lambda path: ("organization",) if path == (HUB_ID,) else path) from refusal
        if self.header is not None and (await self.named()).organization_id != caller.organization_id:
            raise InvalidInput.at(HUB_ID, _CONFLICT)
        return caller

    def _caused(self, caller: Caller) -> Caller:
        """The caller with the step of a run that has led to its call, if that is of its organization."""
        if self.chain is None:
            return caller
        hub = caller.hub
        return replace(caller, cause=read_chain(hub.keyring, caller.organization_id, self.chain, hub.clock()))


async def bearer_of(hub: Hub, request: Request, source: Source, *, request_id: str | None = None) -> Bearer:
    """The bearer by `Authorization`. Raises as `caller_of`, but for the organization."""
    text = bearer(_header(request, "authorization"))
    place = await identify(hub, text, source=source, request_id=request_id)
    refuse_underscores(request, HUB_ID)
    return Bearer(header=_header(request, HUB_ID), place=place, chain=request.headers.get(HEADER))


def _header(request: Request, name: str) -> str | None:
    return ", ".join(request.headers.getlist(name)).strip() or None
