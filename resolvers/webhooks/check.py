"""Checking a given webhook: every fault of its values, in the order of the input, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import Forbidden
from models.tables import Integration, Webhook
from models.vocabulary import IntegrationAccess
from proxy.endpoint import endpoint_objection, own_header_problem
from proxy.expressions import check_expression
from proxy.headers import twins
from resolvers.access import held
from resolvers.caller import Caller
from resolvers.faults import ADDRESS, LONG_TEXT, TEXT, Faults
from resolvers.outbound.request import Header
from resolvers.unset import Unset
from resolvers.webhooks.patterns import check_known, check_patterns
from resolvers.work import Work

MOST_HEADERS: Final = 20
MOST_CONCURRENCY: Final = 100
MOST_RATE: Final = 1000
MOST_SECONDS: Final = 30
#: They cannot be null; null clears the others.
_NEVER_NULL: Final = (
    *("name", "url", "event_type_patterns", "ordering", "order_failure"),
    *("concurrency", "timeout_seconds", "enabled"),
)
_RANGES: Final = {"concurrency": MOST_CONCURRENCY, "rate_limit": MOST_RATE, "timeout_seconds": MOST_SECONDS}


async def check_webhook(work: Work, given: Any, stored: Webhook | None = None) -> None:
    """Raise InvalidInput with every fault of a new webhook, or of new values of a stored one.

    Raises NotFound for an integration that does not exist for the caller, and Forbidden if the stored webhook takes
    the events of such a one and `given` would lead them elsewhere.
    """
    integration_id = await _integration(work, given, stored)
    faults = Faults()
    for name in _NEVER_NULL:
        faults.check(getattr(given, name) is not None, name, "It cannot be null.")
    faults.name("name", given.name)
    faults.text("description", given.description, most=TEXT)
    _check_url(work, faults, given.url)
    patterns = given.event_type_patterns
    if _is_given(patterns) and check_patterns(faults, patterns):
        await check_known(work, faults, patterns, integration_id)
    _check_filter(work, faults, given.filter)
    _check_headers(faults, given.headers)
    for name, most in _RANGES.items():
        value = getattr(given, name)
        faults.check(not _is_given(value) or 1 <= value <= most, name, f"It must be from 1 to {most}.")
    faults.refuse()


def redirects(given: Any) -> bool:
    """Whether new values of a webhook change which events it takes, or the place to which they go."""
    return any(
        not isinstance(getattr(given, name), Unset)
        for name in ("url", "event_type_patterns", "integration_id", "filter")
    )


def is_maker(caller: Caller, webhook: Webhook) -> bool:
    """Whether the caller made the webhook, with this token if it has no user."""
    if webhook.created_by is not None:
        return webhook.created_by == caller.principal_id
    return webhook.created_by_token is not None and webhook.created_by_token == caller.token_id


async def _integration(work: Work, given: Any, stored: Webhook | None) -> str | None:
    """The id of the integration to which the webhook will be limited."""
    named = given.integration_id
    if not isinstance(named, Unset):
        return None if named is None else (await _named(work, named, stored)).id
    kept = stored.integration_id if stored else None
    if kept is not None and redirects(given) and await work.find(Integration, kept) is None:
        raise Forbidden(
            "It takes the events of an integration that you may not see. Only those who see it may change the address"
            " or the selection of events; or name another integration.",
            path=("id",),
        )
    return kept


async def _named(work: Work, integration_id: str, stored: Webhook | None) -> Integration:
    """The integration to which a webhook is to be limited. It must exist for the webhook's maker, too."""
    integration = await work.get(Integration, integration_id, path=("integration_id",))
    if stored is None or is_maker(work.caller, stored) or stored.sees_restricted:
        return integration
    if integration.access is IntegrationAccess.ORGANIZATION or integration.organization_id != work.organization_id:
        return integration
    shown = select(Integration).where(col(Integration.id) == integration.id, held(stored.created_by, least=1))
    if await work.first(shown) is None:
        raise Forbidden(
            "The webhook's maker may not see this integration, so the webhook cannot take its events; make another"
            " webhook for them.",
            path=("integration_id",),
        )
    return integration


def _check_url(work: Work, faults: Faults, url: str | Unset | None) -> None:
    if _is_given(url) and faults.text("url", url, most=ADDRESS, least=1):
        objection = endpoint_objection(work.hub.egress.policy, str(url))
        faults.check(objection is None, "url", objection or "")


def _check_filter(work: Work, faults: Faults, text: str | Unset | None) -> None:
    if _is_given(text) and faults.text("filter", text, most=LONG_TEXT, least=1):
        problem = check_expression(str(text), work.hub.expressions.budget)
        faults.check(problem is None, "filter", problem or "")


def _check_headers(faults: Faults, headers: Sequence[Header] | Unset | None) -> None:
    if isinstance(headers, Unset) or headers is None:
        return
    if not faults.check(len(headers) <= MOST_HEADERS, "headers", f"At most {MOST_HEADERS} headers."):
        return
    for index, header in enumerate(headers):
        if problem := own_header_problem(header.name, header.value):
            faults.add(("headers", str(index)), problem)
    for index, problem in twins([header.name for header in headers]):
        faults.add(("headers", str(index), "name"), problem)


def _is_given(value: object) -> bool:
    return value is not None and not isinstance(value, Unset)
