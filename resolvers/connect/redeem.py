"""The vendor's answer: use its state up, and exchange its code for tokens, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from models.errors import NotReady, Path, TooMany, UpstreamFailed
from models.origins import Origins
from models.tables import ConnectSession, Integration
from proxy.oauth import AuthorizationCode, Grant, TokenAnswer, TokenEndpoint, fetch_token, secrets_of
from resolvers.connect.account import Inquiry, inquiry_of, learn_account
from resolvers.connect.answer import FinishAuthorization, is_confirmed, refusal_of
from resolvers.connect.callers import unknown_state
from resolvers.connect.consent import awaited, begun, token_endpoint, wanted_scopes
from resolvers.connect.links import digest_of
from resolvers.connect.rights import is_backed, offered
from resolvers.connect.session import connection_of, definition_of
from resolvers.connect.vendor import Vendor, vendor_of
from resolvers.fitness import changed
from resolvers.hub import Hub
from resolvers.outbound.probe import texts_of
from resolvers.work import Work

_MOVED: Final = "The vendor's address has changed since you left for it, so nothing was sent there. Connect again."


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request to the token endpoint, and the request for the account afterwards.

    `origins`: the only ones to which the tokens may go.
    """

    endpoint: TokenEndpoint
    grant: Grant
    vendor: Vendor
    lane: str
    origins: Origins
    inquiry: Inquiry | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A used state, and the question that its code answers. `refusal`: why the code is not exchanged.

    Without a question the token address has changed since the user was sent to the vendor.
    """

    session_id: str
    integration_id: str
    renews_id: str | None
    scopes: Sequence[str]
    question: Question | None
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
    found = await offered(work, session, [session.integration_id or ""])
    if not found:
        raise unknown_state()
    (integration,) = found
    known = begun(work, session)
    session.state_digest = session.state_expires_at = session.verifier = None
    grant = AuthorizationCode(
        code=said.code or "", redirect_uri=session.redirect_uri, verifier=known.verifier or None
    )
    question = await _question(work, integration, grant, known.origins)
    secrets = (said.state, *_secrets(question), *await _renewed_secrets(work, session))
    return Taken(
        session_id=session.id,
        integration_id=integration.id,
        renews_id=session.renews_id,
        scopes=wanted_scopes(session, integration),
        question=question,
        refusal=_MOVED if question is None else refusal_of(said, question.vendor, secrets),
    )


async def question_of(
    work: Work, integration: Integration, grant: Grant, origins: Origins, *, path: Path
) -> Question:
    """The question for a grant, which goes to no address outside of these origins, nor do its tokens.

    Raises InvalidInput at `path` for an integration that is not set up for OAuth; NotReady if its token address is
    none that the grant or the client secret is meant for.
    """
    definition = await definition_of(work, integration)
    endpoint = token_endpoint(work, integration, path)
    if not origins.allows_token(endpoint.url):
        raise changed(endpoint.url)
    vendor, inquiry = vendor_of(integration, definition), await inquiry_of(work, integration, definition)
    if vendor.userinfo_url is not None and not origins.allows_call(vendor.userinfo_url):
        vendor = replace(vendor, userinfo_url=None)
    if inquiry is not None and not origins.allows_call(inquiry.probe.request.url):
        inquiry = None
    return Question(
        endpoint=endpoint,
        grant=grant,
        vendor=vendor,
        lane=work.organization_id,
        origins=origins,
        inquiry=inquiry,
    )


async def redeem(hub: Hub, taken: Taken) -> Learned:
    """Exchange the code, outside of any transaction. The code is sent only once."""
    if taken.question is None or taken.refusal is not None:
        return Learned()
    return await learn(hub, taken.question)


async def learn(hub: Hub, question: Question) -> Learned:
    """The tokens for a grant, and their account. A failure of the token endpoint is returned, not raised."""
    try:
        answer = await fetch_token(hub.egress, question.endpoint, question.grant, lane=question.lane)
    except (UpstreamFailed, TooMany) as failure:
        return Learned(failure=failure)
    account = await learn_account(
        hub,
        question.vendor,
        question.inquiry,
        question.endpoint.client_id,
        answer,
        lane=question.lane,
        secrets=_secrets(question),
    )
    return Learned(answer=answer, account=account)


async def _question(
    work: Work, integration: Integration, grant: AuthorizationCode, origins: Origins
) -> Question | None:
    try:
        return await question_of(work, integration, grant, origins, path=("state",))
    except NotReady:  # the state is used up all the same, and the session says so
        return None


def _secrets(question: Question | None) -> tuple[str, ...]:
    """The secrets of an exchange that a vendor knows, and may repeat in a text."""
    return () if question is None else secrets_of(question.endpoint, question.grant)


async def _renewed_secrets(work: Work, session: ConnectSession) -> tuple[str, ...]:
    """Texts of the secret of the connection that a session renews: the vendor knows them too."""
    renewed = await connection_of(work, session.renews_id)
    return () if renewed is None else tuple(texts_of(work.unseal(renewed, "secret")))


async def expected(work: Work, said: FinishAuthorization, *, lock: bool = False) -> ConnectSession:
    """The session that waits for this answer, now and at this callback, and has a holder. Raises InvalidInput."""
    session = await awaited(work, said.state, lock=lock)
    if session is None or session.state_expires_at is None or session.state_expires_at <= work.now():
        raise unknown_state()
    if session.redirect_uri != work.hub.own_url + said.callback or not await is_backed(work, session):
        raise unknown_state()
    return session


def is_browser_of(session: ConnectSession, browser: str | None) -> bool:
    """Whether the session began in this browser."""
    return browser is not None and session.browser_digest == digest_of(browser)
