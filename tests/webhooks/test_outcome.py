"""The outcome table of requests to receivers."""

from __future__ import annotations

import pytest

from models.errors import UpstreamBlocked, UpstreamFailed, UpstreamTimeout
from models.vocabulary import UpstreamFailure
from resolvers.webhooks.outcome import Outcome, Verdict, outcome_of

S, R, T, G = Verdict.SUCCEEDED, Verdict.RETRY, Verdict.THROTTLE, Verdict.GONE
VERDICTS = {200: S, 201: S, 202: S, 204: S, 206: S, 226: S, 299: S}
VERDICTS |= dict.fromkeys((300, 301, 302, 303, 304, 307, 308, 399), R)
VERDICTS |= dict.fromkeys((400, 401, 403, 404, 405, 408, 409, 411, 413, 418, 422, 423, 425, 428, 431, 451, 499), R)
VERDICTS |= dict.fromkeys((500, 501, 505, 507, 511, 520, 530, 599), R)
VERDICTS |= {410: G, 429: T, 502: T, 503: T, 504: T}


@pytest.mark.parametrize(("status", "verdict"), VERDICTS.items())
def test_judges_a_status(status, verdict):
    outcome = outcome_of(status)

    assert (outcome.verdict, outcome.external_status) == (verdict, status)
    assert outcome.failure is (None if verdict is S else UpstreamFailure.ERROR_STATUS)
    assert outcome.error is None if verdict is S else str(status) in outcome.error


def test_every_status_has_one_verdict():
    judged = {status: outcome_of(status).verdict for status in range(200, 600)}

    assert {status for status, verdict in judged.items() if verdict is S} == set(range(200, 300))
    assert {status for status, verdict in judged.items() if verdict is G} == {410}
    assert {status for status, verdict in judged.items() if verdict is T} == {429, 502, 503, 504}
    assert Verdict.REFUSED not in judged.values()


def test_says_that_a_redirect_is_not_followed():
    assert outcome_of(308).error == "The receiver redirects (status 308), which is not followed; enter its new URL."


@pytest.mark.parametrize(
    ("failed", "verdict"),
    [
        (UpstreamFailed("The name of the remote service has no address."), R),
        (UpstreamFailed("The remote service does not accept connections."), R),
        (UpstreamFailed("The connection to the remote service broke."), R),
        (UpstreamFailed("The certificate has expired."), R),
        (UpstreamFailed("broken", reason=UpstreamFailure.BAD_RESPONSE), R),
        (UpstreamFailed("broken", reason=UpstreamFailure.BAD_RESPONSE, external_status=200), R),
        (UpstreamFailed("broken", reason=UpstreamFailure.BAD_RESPONSE, external_status=410), R),
        (UpstreamFailed("broken", reason=UpstreamFailure.BAD_RESPONSE, external_status=503), T),
        (UpstreamFailed("large", reason=UpstreamFailure.TOO_LARGE, external_status=200), R),
        (UpstreamTimeout("The remote service did not answer in time."), T),
        (UpstreamBlocked(), Verdict.REFUSED),
    ],
)
def test_judges_a_failure(failed, verdict):
    assert outcome_of(failed) == Outcome(
        verdict=verdict, external_status=failed.external_status, failure=failed.reason, error=failed.message
    )


def test_every_kind_of_failure_has_a_verdict_and_none_is_a_success():
    judged = {reason: outcome_of(UpstreamFailed("x", reason=reason)).verdict for reason in UpstreamFailure}

    assert {reason for reason, verdict in judged.items() if verdict is T} == {UpstreamFailure.TIMEOUT}
    assert {reason for reason, verdict in judged.items() if verdict is Verdict.REFUSED} == {UpstreamFailure.BLOCKED}
    assert {S, G}.isdisjoint(judged.values())
