"""Readiness: whether a capability can be dispatched now, and the sentence for each obstacle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.errors import NotReady
from models.tables import Definition, Installation, Integration
from models.vocabulary import InstallationStatus, IntegrationState, UnavailableReason
from resolvers.auth_kinds import KINDS
from resolvers.fitness import CHANGED, Withheld, changed, target_of, withheld_at
from resolvers.granted import NO_RULES, OFFLINE, ScopeRules
from resolvers.pick import Pick

SENTENCES: Final = {
    UnavailableReason.NOT_INSTALLED: "The integration is not installed on your organization; install it.",
    UnavailableReason.INSTALLATION_PENDING: "The installation is not complete; finish its configuration and steps.",
    UnavailableReason.INSTALLATION_PAUSED: "The installation is paused; resume it.",
    UnavailableReason.NOT_VERIFIED: "The integration has not been verified; verify it.",
    UnavailableReason.BEING_DELETED: "The integration is being deleted.",
    UnavailableReason.NO_CONNECTION: "There is no connection to use; connect first.",
    UnavailableReason.AMBIGUOUS_CONNECTION: "Several connections would do; name one, or make one the default.",
    UnavailableReason.NEEDS_RECONNECT: "The connection no longer works; connect again.",
    UnavailableReason.ADDRESS_CHANGED: CHANGED,
    UnavailableReason.MISSING_SCOPES: "The connection was not granted the scopes that this needs.",
}
_BY_STATUS: Final = {
    InstallationStatus.PENDING: UnavailableReason.INSTALLATION_PENDING,
    InstallationStatus.PAUSED: UnavailableReason.INSTALLATION_PAUSED,
    InstallationStatus.UNINSTALLING: UnavailableReason.INSTALLATION_PAUSED,
}
_REFRESH_TOKEN: Final = "refreshToken"
#: Stands for every path below the base address.
_ANY_PATH: Final = "/"


@dataclass(frozen=True, kw_only=True)
class Availability:
    """Available, or the reason why not. `address`: the one that has changed, if that is the reason.

    `withheld`: the secret that does not go there.
    """

    available: bool
    reason: UnavailableReason | None = None
    missing_scopes: tuple[str, ...] = ()
    address: str | None = None
    withheld: Withheld = Withheld.CREDENTIAL


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """The facts that decide whether calls can go out through an integration. No status: it is not installed."""

    state: IntegrationState
    status: InstallationStatus | None
    requires_verification: bool
    picked: Pick
    api_base_url: str | None
    headers_origins: str | None
    scope_rules: ScopeRules = NO_RULES

    @classmethod
    def of(
        cls, integration: Integration, installation: Installation | None, definition: Definition | None, picked: Pick
    ) -> Readiness:
        """The facts of these rows."""
        return cls(
            state=integration.state,
            status=installation.status if installation else None,
            requires_verification=definition is not None and definition.requires_verification,
            picked=picked,
            api_base_url=integration.api_base_url,
            headers_origins=integration.headers_origins,
            scope_rules=ScopeRules.of(definition.body) if definition is not None else NO_RULES,
        )


def availability(
    readiness: Readiness | None, scopes: Sequence[str] = (), *, endpoint: str = _ANY_PATH
) -> Availability:
    """Whether calls of an endpoint that need these scopes can go out.

    None stands for an integration that is being deleted.
    """
    if readiness is None:
        return Availability(available=False, reason=UnavailableReason.BEING_DELETED)
    reason = _state_reason(readiness) or readiness.picked.reason
    kept = None if reason else withheld_at(readiness, readiness.picked.connection, endpoint)
    if kept is not None:
        address = target_of(readiness, readiness.picked.connection, endpoint)
        return Availability(available=False, reason=UnavailableReason.ADDRESS_CHANGED, address=address, withheld=kept)
    if reason is not None:
        return Availability(available=False, reason=reason)
    missing = _missing_scopes(scopes, readiness)
    if missing:
        return Availability(available=False, reason=UnavailableReason.MISSING_SCOPES, missing_scopes=missing)
    return Availability(available=True)


def not_ready(found: Availability, *, connect_url: str | None = None) -> NotReady:
    """The refusal for an obstacle; at `connect_url` the user can connect or consent."""
    reason = found.reason or UnavailableReason.NO_CONNECTION
    if reason is UnavailableReason.ADDRESS_CHANGED:
        return changed(found.address, found.withheld, connect_url=connect_url)
    return NotReady(SENTENCES[reason], reason=reason, missing_scopes=found.missing_scopes, connect_url=connect_url)


def _state_reason(readiness: Readiness) -> UnavailableReason | None:
    if readiness.state in (IntegrationState.DELETING, IntegrationState.DELETED):
        return UnavailableReason.BEING_DELETED
    if readiness.status is None:
        return UnavailableReason.NOT_INSTALLED
    if readiness.requires_verification and readiness.state is not IntegrationState.LIVE:
        return UnavailableReason.NOT_VERIFIED
    return _BY_STATUS.get(readiness.status)


def _missing_scopes(required: Sequence[str], readiness: Readiness) -> tuple[str, ...]:
    connection = readiness.picked.connection
    if not required or connection is None or not KINDS[connection.auth_type].asks_for_consent:
        return ()
    # A refresh token shows that `offline_access` was granted, whatever scopes the vendor named.
    offline = [OFFLINE] if _REFRESH_TOKEN in connection.details else []
    return readiness.scope_rules.missing(required, [*connection.granted_scopes, *offline])
