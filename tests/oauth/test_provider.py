"""Tokens of providers that nobody here wrote: got, renewed once, refused and revoked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.errors import TokenRefused, UpstreamFailed
from proxy.oauth import ClientCredentials, RefreshToken, fetch_token, new_verifier, revoke_token
from tests.harness.acting import listed
from tests.node.provider import Provider, mock_provider
from tests.oauth.consenting import SCOPES, consented, endpoint, over
from tests.proxy.sending import open_egress

pytestmark = pytest.mark.needs("node")


async def test_gives_renews_and_revokes_tokens(provider) -> None:
    async with open_egress() as egress:
        first = await consented(egress, provider)
        renewed = await fetch_token(egress, endpoint(provider), RefreshToken(token=first.refresh_token), lane="acme")
        own = await fetch_token(egress, endpoint(provider), ClientCredentials(scopes=["items:read"]), lane="acme")
        revocation = endpoint(provider, provider.revocation_url)
        await revoke_token(egress, revocation, renewed.refresh_token, hint="refresh_token", lane="acme")
        with pytest.raises(TokenRefused) as refused:
            await fetch_token(egress, endpoint(provider), RefreshToken(token=renewed.refresh_token), lane="acme")

    assert (set(first.scopes), first.expires_in_seconds, first.id_token is None) == (set(SCOPES), 3600, False)
    assert renewed.access_token != first.access_token
    assert own.scopes == ("items:read",)
    assert refused.value.error == "invalid_grant"


async def test_a_code_is_no_use_to_who_did_not_begin_the_flow(provider) -> None:
    async with open_egress() as egress:
        with pytest.raises(TokenRefused) as refused:
            await consented(egress, provider, verifier=new_verifier())

    assert refused.value.error == "invalid_grant"


async def test_a_refresh_token_that_was_used_ends_the_connection(organization, provider) -> None:
    async with open_egress() as egress:
        tokens = await consented(egress, provider)
        await fetch_token(egress, endpoint(provider), RefreshToken(token=tokens.refresh_token), lane="acme")
    shop = await over(organization.client, provider, tokens)
    before = provider.counts()

    refusals = [await shop.refused("ME") for _ in range(3)]

    assert [one["reason"] for one in refusals] == ["NEEDS_RECONNECT"] * 3
    (shown,) = await listed(organization.client, "connections", "status lastError")
    assert shown["status"] == "NEEDS_RECONNECT"
    assert "invalid_grant" in shown["lastError"]
    name = "refresh_token invalid_grant"
    assert provider.counts() == before | {name: before.get(name, 0) + 1}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"body": "<html>"},
        {"body": [1]},
        {"change": {"access_token": None}},
        {"change": {"access_token": 7}},
        {"change": {"access_token": "a\r\nb"}},
        {"change": {"padding": "x" * 2_000_000}},
    ],
    ids=lambda fault: str(fault)[:40],
)
async def test_what_the_other_one_makes_of_it_is_no_token(misbehaving, fault) -> None:
    misbehaving.answer(**fault)

    async with open_egress() as egress:
        with pytest.raises(UpstreamFailed):
            await fetch_token(egress, endpoint(misbehaving), ClientCredentials(), lane="acme")


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[Provider]:
    """A provider that answers as it is told."""
    with mock_provider() as running:
        yield running
