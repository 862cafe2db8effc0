"""The answer of a remote service: its form for callers, and its sealed form for replays."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Final

from models.secret_place import SecretPlace
from models.tables import Dispatch
from models.vocabulary import UpstreamFailure
from proxy.answer_head import AnswerHead
from proxy.body import Base64Body, JsonBody, TextBody, read_body
from proxy.call import Answer, Headers
from resolvers.hub import Hub
from resolvers.recorder import Intent

_NOT_KEPT: Final = frozenset({"set-cookie", "set-cookie2"})


@dataclass(frozen=True, kw_only=True)
class Response:
    """The answer of the remote service. One of json, text and base64 is set; none for an empty body.

    `json` is the body as it was sent. `parse_error`: the fault of a body that is said to be JSON and is none.
    `answer` has every header, and the body as bytes; `head` has those that callers see.
    """

    status: int
    answer: Answer = field(repr=False)
    head: AnswerHead = field(repr=False)
    content_type: str | None = None
    json: JsonBody | None = None
    text: str | None = None
    base64: str | None = None
    parse_error: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the status is 2xx or 3xx; redirects are relayed, never followed."""
        return 200 <= self.status < 400

    @property
    def body(self) -> JsonBody | str | None:
        """The body as a JSON value: json, text or base64."""
        return self.json or (self.base64 if self.text is None else self.text)


async def response_of(answer: Answer, head: AnswerHead) -> Response:
    """The response with its body read: JSON as it was sent, other text as text, else base64."""
    response = Response(status=answer.status, answer=answer, head=head, content_type=answer.content_type)
    if answer.rest is not None:
        return response  # its body is passed on, and read by nobody here
    match await read_body(answer):
        case JsonBody() as body:
            return replace(response, json=body)
        case TextBody(text=text, parse_error=fault):
            return replace(response, text=text, parse_error=fault)
        case Base64Body(base64=base64, parse_error=fault):
            return replace(response, base64=base64, parse_error=fault)
    return response


def seal_failure(hub: Hub, intent: Intent, kind: UpstreamFailure) -> bytes:
    """The kind of a failure without an answer, sealed and stored like a response."""
    return hub.keyring.seal(json.dumps(kind).encode(), _place(intent.organization_id, intent.id))


def seal_response(hub: Hub, intent: Intent, response: Response) -> bytes:
    """The response, sealed. It is stored for 24 hours, for calls with the same key."""
    answer = response.answer
    headers = [(name, value) for name, value in answer.headers if name.lower() not in _NOT_KEPT]
    kept = [answer.status, answer.content_type, headers, b64encode(answer.body).decode(), asdict(response.head)]
    plain = json.dumps(kept).encode()  # not orjson: a header may have bytes that are not UTF-8
    return hub.keyring.seal(plain, _place(intent.organization_id, intent.id))


async def unseal_response(hub: Hub, dispatch: Dispatch) -> Response | UpstreamFailure | None:
    """The stored response of a dispatch, or the kind of its failure; None if neither is stored."""
    if dispatch.response is None:
        return None
    plain = hub.keyring.open(dispatch.response, _place(dispatch.organization_id, dispatch.id))
    stored = json.loads(plain)
    if isinstance(stored, str):
        return UpstreamFailure(stored)
    status, content_type, headers, body, *more = stored
    answer = Answer(status=status, headers=_pairs(headers), content_type=content_type, body=b64decode(body))
    head = more[0] if more else {"headers": ()}  # a process of an older version kept none
    return await response_of(answer, AnswerHead(**head | {"headers": _pairs(head["headers"])}))


def _pairs(headers: Iterable[Iterable[str]]) -> Headers:
    return tuple((name, value) for name, value in headers)


def _place(organization_id: str, dispatch_id: str) -> SecretPlace:
    return SecretPlace(organization_id=organization_id, table="dispatch", row_id=dispatch_id, column="response")
