"""The page of the manual on webhooks, as its readers use it: they copy its snippets."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from proxy.message import OutboundRequest
from proxy.signing import signature
from tests.proxy.sending import open_egress
from tests.upstreams.faults import FaultServer, Received
from tests.webhooks.signed import headers

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


def snippets(language: str) -> list[str]:
    """The blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


async def received(secrets: Sequence[str], body: bytes) -> Received:
    """A signed request as it comes to a receiver, over the hub's own way out."""
    told = ({"Content-Type": "application/json"} | headers(secrets, body)).items()
    with FaultServer() as receiver:
        url = f"{receiver.url}/ok"
        async with open_egress() as egress:
            await egress.send(OutboundRequest(method="POST", url=url, headers=tuple(told), body=body, lane="acme"))
    return receiver.requests[0]


def signed_before(secret: str, body: bytes, seconds: int) -> Mapping[str, str]:
    """The headers of a request that was sent so long ago, rightly signed."""
    at = int(time.time()) - seconds
    signed = signature([secret], "msg_1", at, body)
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signed}


def shown(request: Received) -> Mapping[str, str]:
    """The headers of a request by their names in small letters."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type")
    return {name: request.header(name)[0] for name in names}
