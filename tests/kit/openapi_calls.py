"""How to plan and import an OpenAPI document."""

from __future__ import annotations

from typing import Any

from models.vocabulary import Permission
from resolvers.openapi.importing import ImportOpenApi
from schema.kit.ids import global_id
from tests.harness.estate import Estate
from tests.harness.matrix import Call
from tests.harness.roles import Right


def _command(e: Estate) -> tuple[ImportOpenApi]:
    return (ImportOpenApi(integration_id=e.integration.id, upload_id=e.things["document"].id),)


def _input(e: Estate) -> dict[str, Any]:
    given = {"integrationId": global_id("Integration", e.integration.id), "uploadId": e.things["document"].id}
    return {"input": given}


CALLS: dict[str, Call] = {
    "plan_open_api_import": Call(given=_command),
    "import_open_api": Call(given=_command, audits=("integration.capabilities_declared",)),
}

ROOTS: dict[str, Call] = {
    "planOpenApiImport": Call(given=_input, lacks=Permission.INTEGRATIONS_WRITE, right=Right.CHANGING),
    "importOpenApi": Call(given=_input, lacks=Permission.INTEGRATIONS_WRITE, right=Right.CHANGING),
}
