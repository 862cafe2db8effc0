"""How to call what faces need that name integrations in any way: icons, connections, shares, lists of one's own."""

from __future__ import annotations

from resolvers.connections.own import AuthorizeIntegration, ConnectIntegration
from resolvers.dispatching.proxying import ProxyRequest
from resolvers.find import IntegrationRef, PrincipalRef
from resolvers.integrations.queries import IntegrationFilter
from resolvers.page import SliceRequest
from resolvers.secret import Secret
from resolvers.uploads.set_icon import UploadIntegrationIcon
from tests.harness.estate import BROWSER, ICON, Estate
from tests.harness.matrix import Call, Foreign

_PAGE = SliceRequest(size=100, count=True)


def _ref(e: Estate) -> IntegrationRef:
    return IntegrationRef(named=e.integration.slug)


def _secret() -> Secret:
    return Secret(api_key="k" * 20)


CALLS: dict[str, Call] = {
    "upload_integration_icon": Call(
        given=lambda e: (UploadIntegrationIcon(integration=_ref(e), content=ICON),), audits=("integration.updated",)
    ),
    "connect_integration": Call(
        given=lambda e: (ConnectIntegration(integration=_ref(e), given=_secret()),), audits=("connection.updated",)
    ),
    "authorize_integration": Call(
        given=lambda e: (AuthorizeIntegration(integration=IntegrationRef(named=e.restricted.slug), browser=BROWSER),),
        audits=("connect_session.created",),
    ),
    "disconnect_integration": Call(given=lambda e: (_ref(e),), audits=("connection.deleted",)),
    "proxy_request": Call(
        given=lambda e: (ProxyRequest(integration=_ref(e), path="/ok", connection_id=e.shared.id),)
    ),
    "read_icon": Call(given=lambda e: (_ref(e),)),
    "read_account": Call(given=lambda e: (_ref(e),)),
    "read_integration_connection": Call(given=lambda e: (_ref(e),)),
    "read_integration_owner": Call(given=lambda e: (_ref(e),)),
    "list_integration_shares": Call(given=lambda e: (_ref(e),)),
    "read_integration_share": Call(given=lambda e: (_ref(e), PrincipalRef(named="member"))),
    "list_own_integrations": Call(given=lambda e: (IntegrationFilter(search=e.word), _PAGE), foreign=Foreign.EMPTY),
    "list_gallery": Call(given=lambda e: (), foreign=Foreign.OWN),
}
