"""Every table says which of its rows exist for a caller; callers read no table that does not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlmodel import SQLModel

from models import tables
from models.tables import Capability, Registration
from resolvers.scope import living, visible

NOBODY = SimpleNamespace(
    organization_id="",
    principal_id=None,
    integration_id=None,
    installation_id=None,
    token_id=None,
    subject=None,
    is_admin=False,
    acted_by=None,
)
#: Tables that only statements of the hub's own name: they join two others, are parts of one, or belong to no caller.
UNREAD = {
    "AssetPiece",
    "ExportState",
    "FlowContent",
    "Idempotency",
    "IntegrationTag",
    "MasterKey",
    "PublicationFacet",
    "Registration",
    "TeamMember",
}
MODELS = {
    name: model for name, model in vars(tables).items() if isinstance(model, type) and issubclass(model, SQLModel)
}


def test_no_table_is_left_without_a_scope():
    assert {name for name in MODELS if name != "SQLModel" and not _is_read(name)} == UNREAD


def test_a_table_without_a_scope_is_read_by_nobody():
    with pytest.raises(LookupError, match="Registration has neither a scope nor its own rule"):
        living(NOBODY, Registration)


def test_a_scope_that_is_forgotten_closes_the_table(monkeypatch):
    monkeypatch.delattr(Capability, "scope")

    with pytest.raises(LookupError, match="Capability has neither"):
        living(NOBODY, Capability)


def _is_read(name: str) -> bool:
    try:
        return bool(visible(NOBODY, MODELS[name]))
    except LookupError:
        return False
