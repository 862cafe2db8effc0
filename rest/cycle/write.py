"""Results in this vendor's form. Secrets are masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.tables import Integration
from models.vocabulary import IntegrationState
from resolvers.definitions.form import credential_form
from resolvers.definitions.queries import Offer
from resolvers.definitions.stored import definition_of
from resolvers.definitions.values import as_text
from resolvers.integrations.configured import Configured
from resolvers.integrations.deletion import Deletion
from resolvers.integrations.fields import identifier
from resolvers.page import Slice
from rest.cycle import job
from rest.cycle.definition import definition
from rest.cycle.read import meta
from rest.cycle.words import CATEGORIES, NEVER, creator, names_of, time_of
from rest.kit import Asked

Json = dict[str, Any]


def available(offers: Sequence[Offer], asked: Asked) -> Json:
    """The definitions by the vendor's five categories."""
    return {
        "data": {
            category: [
                definition(offer.definition, offer.usable) for offer in offers if offer.definition.category in ours
            ]
            for category, ours in CATEGORIES.items()
        }
    }


def integrations(found: Slice[Configured], asked: Asked) -> Json:
    """A page of a list."""
    return {"data": [_integration(one, asked) for one in found.rows]}


def integration(found: Configured, asked: Asked) -> Json:
    """One integration, with the masks of its secrets."""
    return {"data": _integration(found, asked)}


def deletion(gone: Deletion, asked: Asked) -> Json:
    """The job that finishes a deletion."""
    return job.descriptor(gone.job, asked)


def _integration(found: Configured, asked: Asked) -> Json:
    row = found.integration
    return {
        "id": row.id,
        "name": row.name,
        "vendor": row.vendor,
        "identifier": identifier(row),
        "auth": _auth(found),
        "extra": _extra(row.parameters),
        "creator": creator(row),
        "hub_id": row.organization_id,
        "state": _state(row),
        "events": {
            "created": time_of(row.created_at),
            "updated": time_of(row.updated_at),
            "deleted": time_of(row.state_changed_at) if row.state is IntegrationState.DELETED else NEVER,
        },
        "meta": _meta(found) if meta(asked) else None,
    }


def _auth(found: Configured) -> Json | None:
    """The readable parts, and masks of the others."""
    form, shown = credential_form(definition_of(found.definition), found.integration.auth_type), found.credentials
    return {name: shown[key] for name, key in names_of(form).items() if key in shown} or None


def _extra(parameters: Mapping[str, Any]) -> Json | None:
    """Texts, and numbers and flags as texts."""
    texts = {name: as_text(value) for name, value in parameters.items() if isinstance(value, str | int | float)}
    return texts or None


def _state(row: Integration) -> Json:
    state = {"current": row.state.lower(), "changed": time_of(row.state_changed_at)}
    if row.state_error is None:
        return state
    return {**state, "error": {"message": row.state_error, "time": time_of(row.state_changed_at)}}


def _meta(found: Configured) -> Json:
    if found.definition is None:
        return {}
    return {"definition": definition(found.definition, found.usable, found.integration.auth_type)}
