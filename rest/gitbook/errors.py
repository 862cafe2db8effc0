"""Refusals in this vendor's form: the status, and one sentence."""

from __future__ import annotations

from typing import Final

from rest.kit import Places, Refusal

#: Places in commands, in the members of this vendor's bodies and the parameters of its queries.
PLACES: Final[Places] = {
    ("events_url",): ("eventsUrl",),
    ("content_security_policy",): ("contentSecurityPolicy",),
    ("content_sources",): ("contentSources",),
    ("external_links",): ("externalLinks",),
    ("external_ids",): ("externalIds",),
    ("external_id",): ("externalId",),
    ("previews",): ("previewImages",),
    ("tunnel_url",): ("tunnelUrl",),
    ("all_organizations",): ("all",),
    ("delay_seconds",): ("schedule",),
    ("organization_id",): ("organization",),
    ("expected_version",): ("If-Match",),
    ("filter", "block_domain"): ("blockDomain",),
    ("filter",): (),
    ("installation_id",): (),
    ("integration_id",): (),
    ("integration",): (),
    ("app",): (),
    ("place_id",): (),
    ("name",): (),
    ("id",): (),
    ("size",): ("limit",),
}


def refuse(refusal: Refusal) -> dict[str, object]:
    """`error.code` is the status. The vendor's client shows `error.message` to people."""
    return {"error": {"code": refusal.status, "message": refusal.message}}
