"""A failed renewal: whether it ends the grant, may end it, or is the fault of the client or of the moment."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from models.errors import DomainError, TokenRefused, UpstreamFailed
from models.vocabulary import UpstreamFailure

#: Refusals in a row in words that may mean anything, after which the grant has ended.
MOST_REFUSALS: Final = 3
#: `invalid_grant` (RFC 6749 §5.2), vendors' other words for it (GitHub, Slack and others), and those of OpenID
#: Connect Core §3.1.2.6 for a user who must act. Letters alone are compared: vendors spell words in many ways.
_ENDED: Final = frozenset(
    {
        "invalidgrant",
        "badrefreshtoken",
        "invalidrefreshtoken",
        "expiredrefreshtoken",
        "refreshtokenexpired",
        "refreshtokenrevoked",
        "expiredtoken",
        "tokenexpired",
        "tokenrevoked",
        "consentrequired",
        "interactionrequired",
        "loginrequired",
    }
)
#: The integration's client id or secret: another consent of the user would not help. `unauthorized_client` is not
#: among them: Atlassian says it of an ended refresh token.
_CLIENT: Final = re.compile(
    r"(invalid|bad|incorrect|unknown|wrong|deleted|disabled)client|client(notfound|authentication|id|secret|credentials)"
)
_PASSING: Final = re.compile(
    r"slowdown|temporar|unavailable|servererror|internalerror|ratelimit|toomany|throttl|timeout|quota"
    r"|maintenance|overload|busy|tryagain$|tryagain(later|in|shortly|soon)"
)
#: The same in a sentence. "Try again" alone is not among them: "The token has expired; connect and try again."
_PASSING_SENTENCE: Final = re.compile(
    r"temporarily|under maintenance|service unavailable|too many requests|rate limit"
    r"|(try again|retry) (later|in|shortly|soon)\b",
    re.IGNORECASE,
)
#: The vendor says by the status that only the moment is bad: whatever else it says ends nothing.
_PASSING_STATUSES: Final = frozenset({408, 425, 429, 503})
#: Without a word of the vendor, only these say that the request itself was refused (RFC 6749 §5.2).
_REFUSING_STATUSES: Final = frozenset({400, 401})
#: The words of RFC 6749 §5.2, which are of the request at other statuses too. Other words at these statuses may be a
#: gateway's: `payment_required`, `not_found`.
_STANDARD: Final = frozenset(
    {"invalidrequest", "invalidgrant", "unauthorizedclient", "unsupportedgranttype", "invalidscope"}
)
#: A text of more words is a sentence; one that names the client may be of anything.
_MOST_WORDS: Final = 3
#: The sentences of a failed token request (`TokenRefused`, `proxy/oauth/answer.py`), with the status if they name it.
_REFUSED: Final = re.compile(r"The token endpoint refused with (?:http_([0-9]{3})\b)?")
_ANSWERED: Final = re.compile(r"The token endpoint [^(]*\(HTTP ([0-9]{3}), [^()]*\)")
_UNUSABLE: Final = ("The token endpoint answered ", "The token endpoint gave ")


class Verdict(Enum):
    """The meaning of a failed renewal."""

    ENDED = auto()
    DOUBTFUL = auto()
    CLIENT = auto()
    PASSING = auto()


def verdict_of(failure: DomainError) -> Verdict:
    """The verdict on the failure of a token request.

    `invalid_request` and `unauthorized_client` are DOUBTFUL: RFC 6749 §5.2 gives them to the request and to the
    client, but vendors say them of ended refresh tokens. A status of 408, 425, 429 or 503 is PASSING. Another of 500
    and above is too, unless its word is that the grant has ended, and others than 400 and 401, unless they have a
    word of RFC 6749 §5.2: a gateway, a wrong path or an unpaid bill refuses no grant.
    """
    if isinstance(failure, TokenRefused):
        return _of_word(failure)
    if not isinstance(failure, UpstreamFailed) or failure.reason is not UpstreamFailure.ERROR_STATUS:
        return Verdict.PASSING
    return Verdict.DOUBTFUL if failure.external_status in _REFUSING_STATUSES else Verdict.PASSING


def repeated(sentence: str | None) -> UpstreamFailed:
    """The failure of a renewal again, of the same kind, from the sentence that was stored of it (`last_error`).

    `external_status` is known if the sentence names it.
    """
    said = sentence or "The token endpoint failed."
    found = _REFUSED.match(said) or _ANSWERED.match(said)
    status = int(found[1]) if found and found[1] else None
    if said.startswith(_UNUSABLE) and (status is None or 200 <= status < 300):
        return UpstreamFailed(said, reason=UpstreamFailure.BAD_RESPONSE, external_status=status)
    reason = UpstreamFailure.ERROR_STATUS if found else UpstreamFailure.UNREACHABLE
    return UpstreamFailed(said, reason=reason, external_status=status)


def _of_word(refusal: TokenRefused) -> Verdict:
    word = re.sub(r"[^a-z0-9]", "", refusal.error.lower())
    status = refusal.external_status or 0
    if status in _PASSING_STATUSES:
        return Verdict.PASSING
    if word in _ENDED:
        return Verdict.ENDED
    if status >= 500 or _PASSING.search(word) or _PASSING_SENTENCE.search(f"{refusal.error}\n{refusal.description}"):
        return Verdict.PASSING
    if _CLIENT.search(word) and len(refusal.error.split()) <= _MOST_WORDS:
        return Verdict.CLIENT
    return Verdict.DOUBTFUL if _is_of_request(word, status) else Verdict.PASSING


def _is_of_request(word: str, status: int) -> bool:
    """Whether it is the request that was refused: by 400 and 401, by an error in a success, or in a standard word."""
    good = 200 <= status < 300
    return good or status in _REFUSING_STATUSES or word in _STANDARD
