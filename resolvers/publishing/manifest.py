"""The manifest of an app: all that one publishing declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.vocabulary import PublicationTarget, PublicationVisibility
from resolvers.unset import UNSET, Unset


@dataclass(frozen=True, kw_only=True)
class GivenFile:
    """A picture or a script: its bytes, or the id of an upload. Exactly one of the two."""

    content: bytes | None = field(default=None, repr=False)
    upload_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class ExternalLink:
    """A link on the page of an app."""

    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class PublishIntegration:
    """A manifest. It replaces the one before: an omitted value goes back to its default.

    Icon, previews, script, secrets and the address for events stay while they are UNSET; None or an empty value
    removes them. The app is the one with this id, else the organization's own one that is published under this name,
    else a new one. `name` may be left out for an app that is published already, and cannot change.
    """

    title: str
    description: str
    scopes: Sequence[str]
    integration_id: str | None = None
    name: str | None = None
    summary: str | None = None
    visibility: PublicationVisibility | None = None
    target: PublicationTarget | None = None
    categories: Sequence[str] | None = None
    #: Lists of objects, and an object of schemas: stored as given once their shape is checked.
    blocks: object = None
    content_sources: object = None
    configurations: object = None
    external_links: Sequence[ExternalLink] | None = None
    #: A text, or an object of directives and their texts; shown as given.
    content_security_policy: object = None
    runtime: str | None = None
    events_url: str | Unset | None = UNSET
    icon: GivenFile | Unset | None = UNSET
    previews: Sequence[GivenFile] | Unset | None = UNSET
    script: GivenFile | Unset | None = UNSET
    secrets: Mapping[str, str] | Unset | None = field(default=UNSET, repr=False)
