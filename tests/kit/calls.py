"""How to call each operation. A new operation is entered here, or a test fails by its name."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlmodel import col

import resolvers
from jobs.job import NewJob
from jobs.transaction import enqueue
from models.secret_place import SecretPlace
from models.tables import Integration
from models.vocabulary import HttpMethod, IntegrationState, Permission, UploadPurpose
from resolvers.audit.queries import AuditFilter
from resolvers.capabilities.declaring import DeclareCapability, DeclareEventType
from resolvers.capabilities.mutations import DeclareCapabilities, DeclareEventTypes, DeclareManifest
from resolvers.capabilities.queries import CapabilityFilter
from resolvers.connections.health import Finding
from resolvers.connections.mutations import RegisterConnections, UnregisterConnection, unregister_connection
from resolvers.connections.queries import ConnectionFilter
from resolvers.definitions.catalogue import read_catalogue
from resolvers.definitions.mutations import SaveDefinition
from resolvers.definitions.queries import DefinitionFilter
from resolvers.dispatching.build import RunCapability
from resolvers.dispatching.credential import Tried
from resolvers.dispatching.queries import DispatchFilter
from resolvers.dispatching.statistics import TimeSlice
from resolvers.events.mutations import EmitEvent
from resolvers.events.queries import EventFilter
from resolvers.find import IntegrationRef
from resolvers.installations.address import InstallationAddress
from resolvers.installations.mutations import InstallIntegration, UpdateInstallation, uninstall_integration
from resolvers.installations.queries import InstallationFilter
from resolvers.integrations.change import UpdateIntegration
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.deletion import DeletedIntegration, forget_connections
from resolvers.integrations.queries import IntegrationFilter, IntegrationOrderField, integration_order
from resolvers.integrations.verification import VERIFY
from resolvers.jobs.mutations import cancel_job
from resolvers.jobs.queries import JobFilter
from resolvers.oauth.renewal import RenewToken
from resolvers.operation import OPERATIONS, Facts
from resolvers.page import SliceRequest
from resolvers.uploads.mutations import CreateUpload, FillUpload
from resolvers.uploads.set_icon import SetIntegrationIcon
from tests.harness.estate import ICON, Estate, icon_bytes
from tests.harness.matrix import Call, Foreign
from tests.kit import themes
from tests.kit.tried import refused_token

_PAGE = SliceRequest(size=100, count=True)
_BY_NAME = integration_order(IntegrationOrderField.NAME)
_CREATED = ("integration.created", "installation.created")


def every_operation() -> dict[str, Facts]:
    """All operations of the product, no module forgotten; tests have some of their own."""
    for module in pkgutil.walk_packages(resolvers.__path__, "resolvers."):
        importlib.import_module(module.name)
    return {name: facts for name, facts in OPERATIONS.items() if facts.module.startswith("resolvers.")}


def callable_of(facts: Facts) -> Any:
    """The operation itself."""
    return getattr(importlib.import_module(facts.module), facts.name)


async def _uninstall(estate: Estate) -> None:
    await estate.run(uninstall_integration, InstallationAddress(id=estate.installation.id))


def _detach(estate: Estate) -> tuple[UnregisterConnection]:
    return (UnregisterConnection(integration_id=estate.integration.id, connection_id=estate.own.id),)


async def _detached(estate: Estate) -> None:
    await estate.run(unregister_connection, *_detach(estate))


def _unreadable(estate: Estate) -> tuple[SecretPlace]:
    place = SecretPlace(
        organization_id=estate.tenant.id, table="connection", row_id=estate.shared.id, column="secret"
    )
    return (place,)


async def _cancel(estate: Estate) -> None:
    await estate.run(cancel_job, estate.job.id)


async def _begin_deletion(estate: Estate) -> None:
    await estate.hub.run(_set_deleting(estate))


async def _forget(estate: Estate) -> None:
    await _begin_deletion(estate)
    await estate.run(forget_connections, DeletedIntegration(id=estate.integration.id))


async def _hold_verification(estate: Estate) -> None:
    """Its job waits where nobody works, or it would end before the test looks."""
    await estate.hub.run(_ask_idly(estate))


async def _ask_idly(estate: Estate) -> None:
    job = NewJob(
        operation=VERIFY,
        caption="Verify",
        organization_id=estate.tenant.id,
        queue="idle",
        dedupe_key=f"{VERIFY}:{estate.integration.id}",
    )
    async with estate.hub.app.state.hub.database.write() as session:
        await enqueue(session, job)


async def _begin_verification(estate: Estate) -> None:
    """Without its job, which would end it before the test does."""
    await estate.hub.run(_set(estate, state=IntegrationState.VERIFYING))


async def _set_deleting(estate: Estate) -> None:
    """Without its job, which would finish it before the test does."""
    await _set(estate, state=IntegrationState.DELETING, removed_at=1)


async def _set(estate: Estate, **values: Any) -> None:
    changed = update(Integration).where(col(Integration.id) == estate.integration.id)
    async with estate.hub.app.state.hub.database.write() as session:
        await session.execute(changed.values(**values))


def _capability() -> DeclareCapability:
    return DeclareCapability(name="DO", method=HttpMethod.GET, endpoint="/other")


def _definition() -> dict[str, Any]:
    return {"name": "New", "category": "other", "auth": {"type": "NONE"}}


def _of_app(estate: Estate) -> dict[str, Any]:
    return {"principal_id": None, "integration_id": estate.integration.id}


def _run(estate: Estate) -> tuple[RunCapability]:
    return (RunCapability(capability=estate.capability.id, inputs={"a": 1}, connection_id=estate.shared.id),)


def _new(estate: Estate) -> tuple[CreateIntegration]:
    return (CreateIntegration(name="New", owner_id=estate.member_id),)


def _events(estate: Estate) -> list[DeclareEventType]:
    return [DeclareEventType(name=f"{estate.integration.handler}.OTHER")]


#: They name nothing that could be another organization's.

_WITHOUT_INPUT = (
    *("add_hosts", "settle_verifications", "reap_dispatches", "expire_idempotency_keys"),
    *("remove_ended_tokens", "remove_old_jobs", "take_up_deletions", "admit_keys"),
    *("list_unsound_schemas", "list_keys", "expire_uploads", "start_due_flows", "renew_schedules"),
)

CALLS: dict[str, Call] = {
    **{name: Call(given=lambda _: ()) for name in _WITHOUT_INPUT},
    "create_integration": Call(given=_new, audits=_CREATED),
    "update_integration": Call(
        given=lambda e: (UpdateIntegration(id=e.integration.id, description="New"),), audits=("integration.updated",)
    ),
    "delete_integration": Call(given=lambda e: (e.integration.id,), audits=("integration.deleted",)),
    "declare_capabilities": Call(
        given=lambda e: (DeclareCapabilities(integration_id=e.integration.id, capabilities=[_capability()]),),
        audits=("integration.capabilities_declared",),
    ),
    "declare_event_types": Call(
        given=lambda e: (DeclareEventTypes(integration_id=e.integration.id, event_types=_events(e)),),
        audits=("integration.event_types_declared",),
    ),
    "declare_manifest": Call(
        given=lambda e: (DeclareManifest(capabilities=[_capability()], app_token="a-token"),),
        speaker=_of_app,
        audits=("connection.updated", "integration.capabilities_declared"),
    ),
    "register_connections": Call(
        given=lambda e: (RegisterConnections(integration_id=e.integration.id, connection_ids=[e.own.id]),),
        prepare=_detached,
        audits=("connection.registered",),
    ),
    "unregister_connection": Call(given=_detach, audits=("connection.unregistered",)),
    "save_definition": Call(
        given=lambda e: (SaveDefinition(vendor="new", definition=_definition()),),
        foreign=Foreign.AT_HOME,
        audits=("definition.created",),
    ),
    "delete_definition": Call(given=lambda e: (e.spare.id,), audits=("definition.deleted",)),
    "sync_catalogue": Call(given=lambda _: (read_catalogue(Path(__file__).parents[1] / "catalogue"),)),
    "verify_integration": Call(
        given=lambda e: (e.integration.id,), prepare=_hold_verification, audits=("integration.verifying",)
    ),
    "load_verification": Call(given=lambda e: (e.integration.id,), foreign=Foreign.NONE, prepare=_begin_verification),
    "record_verification": Call(
        given=lambda e: (e.integration.id, None, Finding()),
        foreign=Foreign.NONE,
        prepare=_begin_verification,
        audits=("integration.verified",),
    ),
    "test_connection": Call(given=lambda e: (e.shared.id,), audits=("connection.tested",)),
    "list_definitions": Call(given=lambda e: (DefinitionFilter(search=e.word), _PAGE), foreign=Foreign.EMPTY),
    "read_definition": Call(given=lambda e: (e.word,), foreign=Foreign.NONE),
    "emit_event": Call(
        given=lambda e: (EmitEvent(integration=IntegrationRef(id=e.integration.id), type=e.event_type),)
    ),
    "install_integration": Call(
        given=lambda e: (InstallIntegration(integration=IntegrationRef(id=e.integration.id)),),
        prepare=_uninstall,
        audits=("installation.created",),
    ),
    "update_installation": Call(
        given=lambda e: (UpdateInstallation(id=e.installation.id, paused=True),), audits=("installation.updated",)
    ),
    "dispatch": Call(given=_run, lacks=Permission.DISPATCH_READ),
    "plan_dispatch": Call(given=_run, lacks=Permission.DISPATCH_READ),
    "forget_connections": Call(
        given=lambda e: (DeletedIntegration(id=e.integration.id),),
        foreign=Foreign.OWN,  # none of them
        prepare=_begin_deletion,
        audits=("connection.deleted",) * 3,
    ),
    "finish_deletion": Call(
        given=lambda e: (e.integration.id,),
        foreign=Foreign.NONE,
        prepare=_forget,
        audits=("integration.emptied",),
    ),
    "cancel_job": Call(given=lambda e: (e.job.id,), audits=("job.cancelled",)),
    "retry_job": Call(given=lambda e: (e.job.id,), prepare=_cancel, audits=("job.retried",)),
    "renew_token": Call(given=lambda e: (RenewToken(connection_id=e.shared.id, version=0),)),
    "note_token": Call(given=refused_token),
    "note_credential": Call(given=lambda e: (Tried(connection_id=e.shared.id, version=1, refused=True),)),
    "ensure_recurring": Call(given=lambda e: ({},)),
    "begin_sealing": Call(given=lambda e: (2,)),
    "complete_rotation": Call(given=lambda e: (2,)),
    "retire_key": Call(given=lambda e: (1,)),
    "record_unreadable": Call(given=_unreadable, audits=("secret.unreadable",)),
    "list_jobs": Call(given=lambda e: (JobFilter(subject_id=e.integration.id), _PAGE), foreign=Foreign.EMPTY),
    "read_job": Call(given=lambda e: (e.job.id,), foreign=Foreign.NONE),
    "create_upload": Call(
        given=lambda e: (CreateUpload(purpose=UploadPurpose.ICON, size=len(ICON)),), foreign=Foreign.AT_HOME
    ),
    "fill_upload": Call(given=lambda e: (FillUpload(id=e.upload_id, receive=icon_bytes),)),
    "set_integration_icon": Call(
        given=lambda e: (SetIntegrationIcon(integration_id=e.integration.id, upload_id=None),),
        audits=("integration.updated",),
    ),
    "read_picture": Call(given=lambda e: (e.icon_id,)),
    "list_audit_entries": Call(
        given=lambda e: (AuditFilter(resource_id=e.integration.id), _PAGE), foreign=Foreign.EMPTY
    ),
    "list_capabilities": Call(given=lambda e: (CapabilityFilter(), _PAGE), foreign=Foreign.OWN),
    "list_connections": Call(given=lambda e: (ConnectionFilter(search=e.word), _PAGE), foreign=Foreign.EMPTY),
    "list_dispatches": Call(
        given=lambda e: (DispatchFilter(integration_id=(e.integration.id,)), _PAGE), foreign=Foreign.EMPTY
    ),
    "read_dispatch_statistics": Call(
        given=lambda e: (DispatchFilter(integration_id=(e.integration.id,)), TimeSlice.DAY), foreign=Foreign.OWN
    ),
    "list_events": Call(
        given=lambda e: (EventFilter(integration_id=(e.integration.id,)), _PAGE), foreign=Foreign.EMPTY
    ),
    "read_event": Call(given=lambda e: (e.event.id,), foreign=Foreign.NONE),
    "list_installations": Call(given=lambda e: (InstallationFilter(search=e.word), _PAGE), foreign=Foreign.EMPTY),
    "list_installed_integrations": Call(given=lambda e: (_PAGE,), foreign=Foreign.OWN),
    "read_installed_integration": Call(given=lambda e: (e.installation.handler,)),
    "list_integrations": Call(
        given=lambda e: (IntegrationFilter(search=e.word), _BY_NAME, _PAGE), foreign=Foreign.EMPTY
    ),
    "read_integration": Call(given=lambda e: (IntegrationRef(id=e.integration.id),), foreign=Foreign.NONE),
    "read_user": Call(given=lambda e: (), foreign=Foreign.OWN),
    "read_viewer": Call(given=lambda e: (), foreign=Foreign.OWN),
    "read_nodes": Call(
        given=lambda e: ([(Integration, e.integration.id)],),
        foreign=Foreign.NONE,
        lacks=Permission.INTEGRATIONS_READ,
    ),
    **themes.CALLS,
}
