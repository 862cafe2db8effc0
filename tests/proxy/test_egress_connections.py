"""Connections that are closed by the other side as a request goes out on them: nothing is sent twice."""

from __future__ import annotations

import asyncio

from models.vocabulary import TokenEndpointAuth, UpstreamFailure
from proxy.call import Answer, call
from proxy.egress import IDLE_SECONDS
from proxy.oauth.endpoint import RefreshToken, TokenEndpoint, fetch_token
from tests.proxy.sending import open_egress, request


async def test_a_post_that_is_not_pooled_finds_an_open_connection(upstream):
    upstream.drops_second = True

    async with open_egress() as egress:
        answers = [
            await egress.send(request(f"{upstream.url}/ok", "POST", body=b"{}", pooled=False)) for _ in range(3)
        ]

    assert [answer.status for answer in answers] == [200] * 3
    assert (upstream.connections, len(upstream.requests), upstream.dropped) == (3, 3, [])
    assert all(b"connection: close" in one.raw.lower() for one in upstream.requests)


async def test_a_token_is_asked_for_over_a_connection_of_its_own(upstream):
    upstream.drops_second = True
    endpoint = TokenEndpoint(
        url=f"{upstream.url}/token", client_id="a", client_secret="b", auth=TokenEndpointAuth.BASIC
    )

    async with open_egress() as egress:
        answers = [
            await fetch_token(egress, endpoint, RefreshToken(token=token), lane="acme") for token in ("t1", "t2")
        ]

    assert [answer.access_token for answer in answers] == ["a-token-of-the-vendor"] * 2
    assert (upstream.connections, upstream.dropped) == (2, [])


async def test_a_pooled_post_that_was_lost_is_not_sent_again(upstream):
    upstream.drops_second = True
    post = request(f"{upstream.url}/ok", "POST", body=b"{}")

    async with open_egress() as egress:
        first = await call(egress, post)
        second = await call(egress, post)

    assert isinstance(first, Answer)
    assert (second.error.reason, second.attempts) == (UpstreamFailure.UNREACHABLE, 1)
    assert (upstream.connections, len(upstream.requests), len(upstream.dropped)) == (1, 1, 1)


async def test_a_pooled_get_that_was_lost_is_asked_again_over_another_connection(upstream):
    upstream.drops_second = True

    async with open_egress() as egress:
        answers = [await call(egress, request(f"{upstream.url}/ok")) for _ in range(2)]

    assert [(answer.status, answer.attempts) for answer in answers] == [(200, 1), (200, 2)]
    assert (upstream.connections, len(upstream.dropped)) == (2, 1)


async def test_a_connection_is_left_before_the_other_side_gives_it_up(upstream):
    upstream.drops_second = True

    async with open_egress(idle_seconds=0.05) as egress:
        await egress.send(request(f"{upstream.url}/ok", "POST", body=b"{}"))
        await asyncio.sleep(0.2)  # longer does no harm
        answer = await egress.send(request(f"{upstream.url}/ok", "POST", body=b"{}"))

    assert answer.status == 200
    assert (upstream.connections, upstream.dropped) == (2, [])
    assert IDLE_SECONDS < 5, "as Node.js, uvicorn and Apache keep them"
