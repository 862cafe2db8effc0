"""How to call what is about connecting: the operations, and their root fields."""

from __future__ import annotations

from typing import Any

from models.vocabulary import Permission
from resolvers.connect.answer import FinishAuthorization
from resolvers.connect.authorization import StartAuthorization
from resolvers.connect.consent import CALLBACK
from resolvers.connect.mutations import Choose, CreateConnectSession
from resolvers.connect.opening import Opening
from resolvers.connections.mutations import CreateConnection, UpdateConnection
from resolvers.secret import Secret
from tests.harness.estate import BROWSER, Estate
from tests.harness.matrix import Call, Foreign
from tests.harness.roles import Right

_WRITE = Permission.CONNECTIONS_WRITE


def _opening(e: Estate) -> Opening:
    return Opening(link=e.connecting.link, browser=BROWSER)


def _answer(e: Estate) -> FinishAuthorization:
    return FinishAuthorization(state=e.connecting.state, callback=CALLBACK, code="a-code", browser=BROWSER)


CALLS: dict[str, Call] = {
    "create_connection": Call(
        given=lambda e: (CreateConnection(integration_id=e.integration.id, secret=Secret(api_key="k")),),
        audits=("connection.created",),
    ),
    "update_connection": Call(
        given=lambda e: (UpdateConnection(id=e.shared.id, name="New", secret=Secret(api_key="another")),),
        audits=("connection.updated",),
    ),
    "delete_connection": Call(given=lambda e: (e.shared.id,), audits=("connection.deleted",)),
    "start_authorization": Call(
        given=lambda e: (StartAuthorization(integration_id=e.restricted.id),), audits=("connect_session.created",)
    ),
    "finish_authorization": Call(
        given=lambda e: (_answer(e),), foreign=Foreign.INVALID, audits=("connection.created",)
    ),
    "create_connect_session": Call(
        given=lambda e: (CreateConnectSession(integration_ids=[e.integration.id], principal_id=e.member_id),),
        audits=("connect_session.created",),
    ),
    "leave_for_vendor": Call(
        given=lambda e: (Choose(opening=_opening(e), integration_id=e.restricted.id),),
        audits=("connect_session.redirected",),
    ),
    "enter_credentials": Call(
        given=lambda e: (Choose(opening=_opening(e), integration_id=e.integration.id, values={"apiKey": "k"}),),
        audits=("connection.created",),
    ),
    "remove_connect_sessions": Call(given=lambda e: ()),
    "read_connect_page": Call(given=lambda e: (_opening(e),)),
    "read_sign_in": Call(given=lambda e: (_answer(e),), foreign=Foreign.INVALID),
}


def _input(**members: Any) -> dict[str, Any]:
    return {"input": members}


ROOTS: dict[str, Call] = {
    "startAuthorization": Call(
        given=lambda e: _input(integrationId=e.restricted.id), lacks=_WRITE, right=Right.HOLDING
    ),
    "createConnectSession": Call(
        given=lambda e: _input(integrationIds=[e.integration.id], principalId=e.member_id),
        lacks=_WRITE,
        right=Right.ACTING,
    ),
}
