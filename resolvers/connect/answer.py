"""The vendor's answer to a consent: its parameters, and the confirmation of the person who brings it."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from models.secret import Keyring
from proxy.shown import shown
from resolvers.connect.vendor import Vendor

_PURPOSE: Final = "sign-in confirmation"
_WORD: Final = 120
_SENTENCE: Final = 500


@dataclass(frozen=True, kw_only=True)
class FinishAuthorization:
    """The parameters of the vendor's redirect. `browser`: the secret of the browser's cookie.

    `confirmation`: the signature that this browser got with the page that asks whether to go on.
    """

    state: str
    callback: str
    code: str | None = field(default=None, repr=False)
    error: str | None = None
    error_description: str | None = None
    issuer: str | None = None
    browser: str | None = field(default=None, repr=False)
    confirmation: str | None = field(default=None, repr=False)


def confirmation_of(keyring: Keyring, answer: FinishAuthorization) -> str:
    """The signature of an answer for the browser that is asked. Nothing of the answer is stored."""
    return _signature(keyring.derive(_PURPOSE), answer)


def is_confirmed(keyring: Keyring, answer: FinishAuthorization) -> bool:
    """Whether the answer, unchanged, was shown to this browser."""
    if answer.browser is None or answer.confirmation is None:
        return False
    given = answer.confirmation.encode()
    expected = [_signature(key, answer).encode() for key in keyring.derive_each(_PURPOSE)]
    return any(hmac.compare_digest(given, one) for one in expected)


def refusal_of(answer: FinishAuthorization, vendor: Vendor, secrets: Sequence[str] = ()) -> str | None:
    """Why the code is not exchanged; `secrets` are masked in the vendor's words.

    The issuer comes first: another issuer's error is ignored (RFC 9207 §2.4). An `error` without a letter is none:
    some vendors send the empty parameter with every code.
    """
    if vendor.issuer is not None and answer.issuer is not None and answer.issuer != vendor.issuer:
        return "The answer names another issuer than the vendor's, so it was not used. Connect again."
    if vendor.issuer is not None and answer.issuer is None and vendor.names_issuer:
        return "The answer lacks the vendor's issuer (iss), so it was not used. Connect again."
    description = shown(answer.error_description or "", secrets)[:_SENTENCE]
    if answer.error is not None and any(map(str.isalpha, answer.error)):
        return f"{description} ({shown(answer.error, secrets)[:_WORD]})".lstrip()
    if answer.code and answer.code.strip():
        return None
    return f"{description} The vendor's answer has no code. Connect again.".lstrip()


def _signature(key: bytes, answer: FinishAuthorization) -> str:
    said = [answer.state, answer.callback, answer.code, answer.error, answer.error_description, answer.issuer]
    mac = hmac.digest(key, orjson.dumps([*said, answer.browser]), "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()
