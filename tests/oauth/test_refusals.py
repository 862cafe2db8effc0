"""Refused renewals: those that end the grant, at once or in the end, and those that never do."""

from __future__ import annotations

import pytest

from models.errors import TokenRefused, TooMany, UpstreamFailed, UpstreamTimeout
from models.row import now_ms
from models.vocabulary import UpstreamFailure
from resolvers.oauth.verdict import Verdict, repeated, verdict_of
from tests.harness.acting import act, listed
from tests.harness.backends import both
from tests.oauth.test_client_credentials import by_itself
from tests.oauth.test_renewal import RECONNECT

OVER = "2020-01-01T00:00:00Z"


def word(error: str, status: int = 400, sentence: str = "") -> TokenRefused:
    return TokenRefused(error, sentence, external_status=status)


def status(number: int) -> UpstreamFailed:
    return UpstreamFailed("No token.", reason=UpstreamFailure.ERROR_STATUS, external_status=number)


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        (word("invalid_grant"), Verdict.ENDED),
        (word("INVALID_GRANT", 401), Verdict.ENDED),
        (word("InvalidGrant", 403), Verdict.ENDED),
        (word("invalid_grant", 200), Verdict.ENDED),
        (word("invalid_grant", 500), Verdict.ENDED),
        (word("interaction_required"), Verdict.ENDED),
        (word("invalid_request"), Verdict.DOUBTFUL),
        (word("unauthorized_client", 403), Verdict.DOUBTFUL),
        (word("invalid_scope"), Verdict.DOUBTFUL),
        (word("unsupported_grant_type"), Verdict.DOUBTFUL),
        (word("1021", 401), Verdict.DOUBTFUL),
        (word("Refresh token is not known", 200), Verdict.DOUBTFUL),
        (status(400), Verdict.DOUBTFUL),
        (status(401), Verdict.DOUBTFUL),
        (word("http_400", sentence="The token has expired; connect and try again."), Verdict.DOUBTFUL),
        (word("http_401", 401), Verdict.DOUBTFUL),
        (word("http_200", 200, "The refresh token was revoked."), Verdict.DOUBTFUL),
        (word("refresh token was not issued to this client id"), Verdict.DOUBTFUL),
        (word("invalid_client", 401), Verdict.CLIENT),
        (word("INVALID CLIENT"), Verdict.CLIENT),
        (word("incorrect_client_credentials", 200), Verdict.CLIENT),
        (word("bad_client_secret", 200), Verdict.CLIENT),
        (word("payment_required", 402), Verdict.PASSING),
        (word("http_403", 403, "Forbidden"), Verdict.PASSING),
        (word("http_404", 404, "Not Found"), Verdict.PASSING),
        (word("http_405", 405, "Method not allowed"), Verdict.PASSING),
        (word("http_410", 410), Verdict.PASSING),
        (word("unsupported media type", 415), Verdict.PASSING),
        (word("http_422", 422, "The body is invalid."), Verdict.PASSING),
        (word("invalid_grant", 408), Verdict.PASSING),
        (word("invalid_grant", 429), Verdict.PASSING),
        (word("invalid_grant", 503), Verdict.PASSING),
        (word("maintenance"), Verdict.PASSING),
        (word("quota_exceeded"), Verdict.PASSING),
        (word("rate_limit_exceeded", 401), Verdict.PASSING),
        (word("request throttled"), Verdict.PASSING),
        (word("invalid_request", sentence="Service temporarily unavailable, try again"), Verdict.PASSING),
        (word("http_400", sentence="Please try again later."), Verdict.PASSING),
        (word("slow_down"), Verdict.PASSING),
        (word("temporarily_unavailable"), Verdict.PASSING),
        (word("server_error"), Verdict.PASSING),
        (word("ratelimited", 200), Verdict.PASSING),
        (word("invalid_request", 429), Verdict.PASSING),
        (word("invalid_request", 408), Verdict.PASSING),
        (word("invalid_request", 500), Verdict.PASSING),
        (status(403), Verdict.PASSING),
        (status(404), Verdict.PASSING),
        (status(408), Verdict.PASSING),
        (status(429), Verdict.PASSING),
        (status(503), Verdict.PASSING),
        (UpstreamFailed("No token.", reason=UpstreamFailure.BAD_RESPONSE, external_status=200), Verdict.PASSING),
        (UpstreamTimeout("Too late."), Verdict.PASSING),
        (TooMany("Later."), Verdict.PASSING),
    ],
    ids=str,
)
def test_judges_a_failed_renewal(failure, verdict) -> None:
    assert verdict_of(failure) is verdict


@both
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            (400, {"error": "invalid_request", "error_description": "The token is unknown."}),
            "The token endpoint refused with invalid_request: The token is unknown.",
        ),
        ((401, {"error": "unauthorized_client"}), "The token endpoint refused with unauthorized_client"),
        ((400, {}), "The token endpoint did not answer with a token (HTTP 400, application/json)."),
    ],
)
async def test_a_refusal_in_any_words_ends_the_grant_at_the_third_time(connect, vendor, fault, said) -> None:
    shop = await connect(expiresAt=OVER)
    vendor.fault = fault

    first = [await shop.refused() for _ in range(3)]
    await shop.change(lease_until=1)  # the back-off is over
    second = await shop.refused()
    paused = (await shop.row()).lease_until - now_ms()
    still = await shop.shown()
    await shop.change(lease_until=1)
    third = await shop.refused()
    later = await shop.refused()

    assert {one["code"] for one in [*first, second]} == {"UPSTREAM_FAILED"}
    assert 15_000 < paused <= 20_500
    assert (still["status"], still["lastError"]) == ("CONNECTED", said)
    assert (third["reason"], third["message"], later["reason"]) == ("NEEDS_RECONNECT", RECONNECT, "NEEDS_RECONNECT")
    assert "/connect/" in third["connectUrl"]
    assert vendor.counts == {"token": 3}
    shown = await shop.shown()
    assert (shown["status"], shown["lastError"]) == ("NEEDS_RECONNECT", said)
    told, *_ = await listed(shop.client, "events", "type payload")
    assert (told["type"], told["payload"]["error"]) == ("Hub.connection.needs_reconnect", said)
    assert await shop.said() == ["Hub.connection.connected", "Hub.connection.needs_reconnect"]


async def test_a_renewal_between_refusals_begins_the_count_anew(connect, vendor) -> None:
    shop = await connect(expiresAt=OVER)
    refusal = (400, {"error": "invalid_request"})

    for fault in (refusal, refusal, None, refusal, refusal):
        vendor.fault = fault
        await shop.change(lease_until=1)
        await (shop.refused if fault else shop.run)()
        await shop.expire()

    assert ((await shop.row()).refresh_refusals, (await shop.shown())["status"]) == (2, "CONNECTED")
    assert vendor.counts["token"] == 5


@pytest.mark.parametrize(
    "fault",
    [
        (401, {"error": "invalid_client"}),
        (400, {"error": "slow_down"}),
        (429, {"error": "invalid_request"}),
        (403, {}),
        (404, {"message": "Not Found"}),
        (415, {"error": "Unsupported Media Type"}),
        (400, {"error": "invalid_request", "error_description": "Temporarily unavailable."}),
        (429, {"error": "invalid_grant"}),
        (503, {"error": "invalid_grant"}),
        (503, {"error": "invalid_request"}),
        (500, b"<html>"),
    ],
)
async def test_other_failures_never_end_a_grant(connect, vendor, fault) -> None:
    shop = await connect(expiresAt=OVER)
    vendor.fault = fault

    for _ in range(4):
        await shop.refused()
        await shop.change(lease_until=1)
    vendor.fault = None
    done = await shop.run()

    assert done["response"]["json"] == {"token": "at-1"}
    assert vendor.counts["token"] == 5
    assert await shop.said() == ["Hub.connection.connected"]


@pytest.mark.parametrize(
    ("fault", "first", "later"),
    [
        ((400, {"error": "slow_down"}), ("ERROR_STATUS", 400), ("ERROR_STATUS", None)),
        ((400, {"error": "invalid_request"}), ("ERROR_STATUS", 400), ("ERROR_STATUS", None)),
        ((401, {"error": "invalid_client"}), ("ERROR_STATUS", 401), ("ERROR_STATUS", None)),
        ((403, {"message": "Forbidden (HTTP 500, x)"}), ("ERROR_STATUS", 403), ("ERROR_STATUS", 403)),
        ((503, b"<html>"), ("ERROR_STATUS", 503), ("ERROR_STATUS", 503)),
        ((500, {}), ("ERROR_STATUS", 500), ("ERROR_STATUS", 500)),
        ((200, b"<html>"), ("BAD_RESPONSE", 200), ("BAD_RESPONSE", 200)),
        ((200, {"access_token": 7}), ("BAD_RESPONSE", 200), ("BAD_RESPONSE", None)),
    ],
)
async def test_a_call_within_the_back_off_is_refused_in_the_same_kind(connect, vendor, fault, first, later) -> None:
    shop = await connect(expiresAt=OVER)
    vendor.fault = fault

    began, within = await shop.refused(), await shop.refused()

    assert (began["upstreamReason"], began["externalStatus"]) == first
    assert (within["upstreamReason"], within["externalStatus"]) == later
    assert (within["message"], vendor.counts) == (began["message"], {"token": 1})


def test_a_service_that_did_not_answer_stays_unreachable() -> None:
    assert repeated("The remote service does not accept connections.").reason is UpstreamFailure.UNREACHABLE
    assert repeated(None).reason is UpstreamFailure.UNREACHABLE


async def test_a_refused_client_is_said_to_be_the_integrations_fault(connect, vendor) -> None:
    shop = await connect(expiresAt=OVER)
    vendor.fault = (401, {"error": "invalid_client", "error_description": "Unknown client."})

    refused = await shop.refused()

    sentence = (
        "The token endpoint refused with invalid_client: Unknown client."
        " Check clientId, clientSecret and tokenEndpointAuth of the integration."
    )
    assert (refused["message"], (await shop.shown())["lastError"]) == (sentence, sentence)


async def test_client_credentials_have_no_grant_that_ends(organization, vendor) -> None:
    shop = await by_itself(organization.client, vendor)
    vendor.fault = (400, {"error": "invalid_grant"})

    refused = await shop.refused("GET")
    await act(organization.client, "updateIntegration", {"id": shop.id, "auth": {"scopes": ["read"]}})
    vendor.fault = None
    done = await shop.run("GET")

    assert (refused["code"], done["response"]["json"]) == ("UPSTREAM_FAILED", {"token": "at-1"})
    (shown,) = await listed(organization.client, "connections", "status lastError")
    assert shown == {"status": "CONNECTED", "lastError": None}
