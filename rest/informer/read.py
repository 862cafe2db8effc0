"""This vendor's requests, read as commands."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Final

from models.vocabulary import HttpMethod, PrincipalKind
from proxy.oauth import AuthorizationCode, Grant, RefreshToken
from resolvers.connections.own import AuthorizeIntegration, ConnectIntegration
from resolvers.dispatching.proxying import ProxyRequest
from resolvers.find import IntegrationRef, PrincipalRef
from resolvers.integrations.queries import IntegrationFilter
from resolvers.integrations.sharing import ShareIntegration, TransferIntegration, UnshareIntegration
from resolvers.outbound.request import Header
from resolvers.page import SliceRequest
from resolvers.secret import BasicSecret, Secret
from resolvers.unset import given
from resolvers.uploads.set_icon import SetIntegrationIcon, UploadIntegrationIcon
from rest.informer.words import CALLBACK
from rest.kit import Asked, Members, Window, exactly_one
from wire.etags import known_tags

USUAL_LIMIT: Final = 100
GREATEST_LIMIT: Final = 1000
_METHODS: Final = {word.lower(): word for word in HttpMethod}


def nothing(asked: Asked) -> tuple[()]:
    """A request without parameters."""
    return ()


def integration(asked: Asked) -> tuple[IntegrationRef]:
    """The integration of the path, by id or slug."""
    return (ref(asked),)


def integrations(asked: Asked) -> tuple[IntegrationFilter, SliceRequest]:
    """`q`, `supportsUpload`, `start` and `limit`."""
    narrowed = IntegrationFilter(search=asked.single("q"), supports_upload=asked.flag("supportsUpload"))
    return narrowed, window(asked).request()


def window(asked: Asked) -> Window:
    """The rows that `start` and `limit` ask for."""
    return Window.of(asked, usual=USUAL_LIMIT, greatest=GREATEST_LIMIT)


def known_icon(asked: Asked) -> tuple[IntegrationRef, Container[str]]:
    """The integration, and the entity tags of icons that the client has already."""
    return ref(asked), known_tags(asked.headers.get("if-none-match"))


def new_icon(asked: Asked) -> tuple[UploadIntegrationIcon]:
    """The one file of the form."""
    return (UploadIntegrationIcon(integration=ref(asked), content=asked.file()),)


def no_icon(asked: Asked) -> tuple[SetIntegrationIcon]:
    """Remove the icon."""
    return (SetIntegrationIcon(integration_id=ref(asked), upload_id=None),)


def credentials(asked: Asked) -> tuple[ConnectIntegration]:
    """The credentials to connect with; the members given decide the kind."""
    members = Members(asked.members())
    kind = exactly_one(members, *_CREDENTIALS)
    command = ConnectIntegration(integration=ref(asked), given=_CREDENTIALS[kind](members))
    members.done()
    return (command,)


def consent(asked: Asked) -> tuple[AuthorizeIntegration]:
    """Consent on the vendor's page, which returns to this dialect's callback address, in this browser."""
    return (AuthorizeIntegration(integration=ref(asked), browser=asked.browser, callback=CALLBACK.path),)


def share(asked: Asked) -> tuple[IntegrationRef, PrincipalRef]:
    """The integration and the principal of a share."""
    return ref(asked), _principal(asked)


def new_share(asked: Asked) -> tuple[ShareIntegration]:
    """The principal and the access level, by default 1."""
    members = Members(asked.members())
    level = members.number("accessLevel")
    members.done()
    return (
        ShareIntegration(
            integration_id=ref(asked),
            principal_id=_principal(asked),
            access_level=level if isinstance(level, int) else 1,
        ),
    )


def no_share(asked: Asked) -> tuple[UnshareIntegration]:
    """The integration and the principal of the share to remove."""
    return (UnshareIntegration(integration_id=ref(asked), principal_id=_principal(asked)),)


def new_owner(asked: Asked) -> tuple[TransferIntegration]:
    """The new owner, by `userId` or `teamId`."""
    members = Members(asked.members())
    name = exactly_one(members, "userId", "teamId")
    kind = PrincipalKind.USER if name == "userId" else PrincipalKind.TEAM
    owner = PrincipalRef(named=members.required(name), kind=kind)
    members.done()
    return (TransferIntegration(integration_id=ref(asked), principal_id=owner),)


def request(asked: Asked) -> tuple[ProxyRequest]:
    """`url`, `method`, `params`, `data` and `headers`; by default GET."""
    members = Members(asked.members())
    headers = members.texts("headers")
    proxied = ProxyRequest(
        integration=ref(asked),
        path=members.required("url"),
        method=given(members.word("method", _METHODS), None) or HttpMethod.GET,
        query=given(members.object("params"), None),
        headers=[Header(name=name, value=value) for name, value in headers.items()]
        if isinstance(headers, dict)
        else None,
        body=asked.members().get("data"),
        idempotency_key=asked.idempotency_key,
        streams=True,
    )
    members.done()
    return (proxied,)


def ref(asked: Asked) -> IntegrationRef:
    """The integration of the path."""
    return IntegrationRef(named=asked.path["id"])


def _principal(asked: Asked) -> PrincipalRef:
    return PrincipalRef(named=asked.path["principal"])


def _basic(members: Members) -> Secret:
    password = given(members.text("password"), None) or ""
    return Secret(basic=BasicSecret(username=members.required("username"), password=password))


def _code(members: Members) -> AuthorizationCode:
    return AuthorizationCode(code=members.required("code"), redirect_uri=given(members.text("redirectUri"), None))


#: Kind of credential, by the member that only this kind has.
_CREDENTIALS: Final[dict[str, Callable[[Members], Secret | Grant]]] = {
    "username": _basic,
    "token": lambda members: Secret(bearer_token=members.required("token")),
    "apiKey": lambda members: Secret(api_key=members.required("apiKey")),
    "refreshToken": lambda members: RefreshToken(token=members.required("refreshToken")),
    "code": _code,
}
