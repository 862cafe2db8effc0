"""How to call the operations on integrations by their vendors' forms."""

from __future__ import annotations

from collections.abc import Sequence

from resolvers.definitions.parts import FormField
from resolvers.integrations.configuring import ConfigureIntegration, ReconfigureIntegration
from resolvers.integrations.queries import IntegrationFilter, IntegrationOrderField, integration_order
from resolvers.page import SliceRequest
from tests.harness.matrix import Call, Foreign

_KEY = {"apiKey": "k" * 20}
_PAGE = SliceRequest(size=100, count=True)
_BY_NAME = integration_order(IntegrationOrderField.NAME)


def named_alike(form: Sequence[FormField]) -> dict[str, str]:
    """Every field by its own key."""
    return {field.key: field.key for field in form}


CALLS: dict[str, Call] = {
    "list_offers": Call(given=lambda _: (["other"],), foreign=Foreign.OWN),
    "list_configured": Call(
        given=lambda e: (IntegrationFilter(search=e.word), _BY_NAME, _PAGE), foreign=Foreign.EMPTY
    ),
    "read_configured": Call(given=lambda e: (e.integration.id,), foreign=Foreign.NONE),
    "configure_integration": Call(
        given=lambda e: (ConfigureIntegration(vendor=e.word, naming=named_alike, credentials=_KEY),),
        foreign=Foreign.INVALID,
        audits=("integration.created", "installation.created", "connection.created"),
    ),
    "reconfigure_integration": Call(
        given=lambda e: (ReconfigureIntegration(id=e.integration.id, naming=named_alike, name="New"),),
        audits=("integration.updated",),
    ),
}
