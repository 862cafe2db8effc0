"""The vendor's answer: use its state up, and exchange its code for tokens, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.errors import Path, TooMany, UpstreamFailed
from models.tables import ConnectSession, Integration
from proxy.oauth import Grant, TokenAnswer, TokenEndpoint, fetch_token
from proxy.oauth.endpoint import AuthorizationCode
from resolvers.connect.account import Inquiry, inquiry_of, learn_account
from resolvers.connect.answer import FinishAuthorization, is_confirmed, refusal_of
from resolvers.connect.callers import unknown_state
from resolvers.connect.consent import awaited, token_endpoint, wanted_scopes
from resolvers.connect.links import digest_of
from resolvers.connect.session import definition_of, has_holder, offered
from resolvers.connect.vendor import Vendor, vendor_of
from resolvers.hub import Hub
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request to the token endpoint, and the request for the account afterwards."""

    endpoint: TokenEndpoint
    grant: Grant
    vendor: Vendor
    lane: str
    inquiry: Inquiry | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A used state, and the question that its code answers. `refusal`: why the code is not exchanged."""

    session_id: str
    integration_id: str
    renews_id: str | None
    scopes: Sequence[str]
    question: Question
    refusal: str | None = None


@dataclass(frozen=True, kw_only=True)
class Learned:
    """The tokens and their account; or the failure."""

    answer: TokenAnswer | None = None
    account: dict[str, str] = field(default_factory=dict)
    failure: UpstreamFailed | TooMany | None = None


async def take(work: Work, said: FinishAuthorization) -> Taken:
    """Use the state up, in the browser that began the sign-in, or in another one in which a person has confirmed it.

    An answer at the wrong callback, from any other browser or too late does not use it. Raises InvalidInput.
    """
    session = await expected(work, said, lock=True)
    if not (is_browser_of(session, said.browser) or is_confirmed(work.hub.keyring, said)):
        raise unknown_state()
    found = await offered(work, [session.integration_id or ""])
    if not found:
        raise unknown_state()
    (integration,) = found
    verifier = work.unseal(session, "verifier")
    session.state_digest = session.state_expires_at = session.verifier = None
    grant = AuthorizationCode(code=said.code or "", redirect_uri=session.redirect_uri, verifier=verifier)
    question = await question_of(work, integration, grant, path=("state",))
    return Taken(
        session_id=session.id,
        integration_id=integration.id,
        renews_id=session.renews_id,
        scopes=wanted_scopes(session, integration),
        question=question,
        refusal=refusal_of(said, question.vendor),
    )


async def question_of(work: Work, integration: Integration, grant: Grant, *, path: Path) -> Question:
    """The question for a grant. Raises InvalidInput at `path` for an integration that is not set up for OAuth."""
    definition = await definition_of(work, integration)
    return Question(
        endpoint=token_endpoint(work, integration, path),
        grant=grant,
        vendor=vendor_of(integration, definition),
        lane=work.organization_id,
        inquiry=await inquiry_of(work, integration, definition),
    )


async def redeem(hub: Hub, taken: Taken) -> Learned:
    """Exchange the code, outside of any transaction. The code is sent only once."""
    return Learned() if taken.refusal is not None else await learn(hub, taken.question)


async def learn(hub: Hub, question: Question) -> Learned:
    """The tokens for a grant, and their account. A failure of the token endpoint is returned, not raised."""
    try:
        answer = await fetch_token(hub.egress, question.endpoint, question.grant, lane=question.lane)
    except (UpstreamFailed, TooMany) as failure:
        return Learned(failure=failure)
    account = await learn_account(
        hub, question.vendor, question.inquiry, question.endpoint.client_id, answer, lane=question.lane
    )
    return Learned(answer=answer, account=account)


async def expected(work: Work, said: FinishAuthorization, *, lock: bool = False) -> ConnectSession:
    """The session that waits for this answer, now and at this callback, and has a holder. Raises InvalidInput."""
    session = await awaited(work, said.state, lock=lock)
    if session is None or session.state_expires_at is None or session.state_expires_at <= work.now():
        raise unknown_state()
    if session.redirect_uri != work.hub.own_url + said.callback or not await has_holder(work, session):
        raise unknown_state()
    return session


def is_browser_of(session: ConnectSession, browser: str | None) -> bool:
    """Whether the session began in this browser."""
    return browser is not None and session.browser_digest == digest_of(browser)
