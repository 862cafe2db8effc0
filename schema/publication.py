"""Publications: the public side of an app."""

from __future__ import annotations

import strawberry

from models import tables
from models.vocabulary import PublicationTarget, PublicationVisibility
from resolvers.publishing import fields
from resolvers.publishing.files import MOST_PREVIEWS
from schema.kit.field import column, derived, given, viewed
from schema.kit.node import RowNode, node, view
from schema.kit.scalars import JSON, DateTime


@strawberry.type(description="A link on a publication.")
class ExternalLink:
    """A link to a page elsewhere."""

    label: str = column("Text.")
    url: str = column("Address.")


@view(tables.Publication, "Where events go during development.")
class DevelopmentMode:
    """The tunnel of a publication."""

    tunnel_url: str = column("Signed posts go here.")
    all_organizations: bool = derived(
        lambda row: row.tunnel_all, "Kept and shown for its author; only events of the owner's organization go there."
    )
    until: DateTime = derived(lambda row: row.tunnel_until, "When it ends by itself.")


@node(tables.Publication)
class Publication(RowNode):
    """The public side of an app: what others see and install."""

    name: str = column("Addressable name, unique among all published apps.")
    version: int = column("Grows by one with every publishing.")
    visibility: PublicationVisibility = column("Who can find and install it.")
    target: PublicationTarget = column("Where it can be installed.")
    scopes: list[str] = column("What an installation's token may ask for, in the vendor's words.")
    categories: list[str] = column("Groups of apps that it belongs to.")
    verified: bool = column("Checked by the hub's operator.")
    blocks: JSON = column("Content blocks.")
    content_sources: JSON = column("Content sources.")
    external_links: list[ExternalLink] = derived(
        lambda row: [ExternalLink(**link) for link in row.external_links], "Links."
    )
    configurations: JSON = column("Declared configurations of the account, of spaces and of sites.")
    content_security_policy: JSON | None = column("Content security policy, as sent.")
    runtime: str = column("The version of the runtime that its script is written for.")
    preview_image_urls: list[str] = viewed(
        lambda row, caller: list(fields.preview_image_urls(row, caller)), "Pictures, served by the hub."
    )
    secret_names: list[str] | None = viewed(fields.secret_names, "Names of stored secrets. Null unless yours.")
    events_url: str | None = viewed(fields.events_url, "Where its events are posted. Null unless yours.")
    development_mode: DevelopmentMode | None = viewed(
        fields.in_development, "Tunnel that takes events instead. Null unless yours and on."
    )
    published_at: DateTime = column("Last publishing.")


@strawberry.input(description="A link on a publication.")
class ExternalLinkInput:
    label: str = strawberry.field(description="Text, 1 to 255 characters.")
    url: str = strawberry.field(description="An absolute http or https address.")


@strawberry.input(description="Conditions on published apps.")
class PublicationFilter:
    search: str | None = given("Words in name, title and description.")
    category: str | None = given("A category.")
    blocks: bool | None = given("With or without blocks.")
    block_domain: str | None = given("Host in the URL patterns of a block.")
    content_sources: bool | None = given("With or without content sources.")
    target: PublicationTarget | None = given("Where it can be installed.")
    scope: str | None = given("Scope that it asks for.")
    publisher: str | None = given("Slug of its publisher.")


@strawberry.input(description="A manifest to publish. It replaces the former one: absent values go back to defaults.")
class PublishIntegrationInput:
    integration_id: strawberry.ID | None = given(
        "An existing integration; else it is the one published under the name, or a new one is made."
    )
    name: str | None = given(
        "Addressable name, unique on this server in letters of any case: 1 to 100 ASCII letters, digits, hyphens,"
        " underscores and full stops. Needed the first time; cannot change."
    )
    title: str = strawberry.field(description="Title, 2 to 30 characters; becomes the display name.")
    description: str = strawberry.field(description="Short text, at most 100 characters; may be empty.")
    summary: str | None = given("Long Markdown text, at most 2048 characters; becomes the readme.")
    visibility: PublicationVisibility | None = given("Who can find it; PRIVATE when absent.")
    target: PublicationTarget | None = given("Where it can be installed; ALL when absent.")
    scopes: list[str] = strawberry.field(description="What its tokens may ask for, at most 100 words.")
    categories: list[str] | None = given("Categories, at most 100 words.")
    blocks: JSON | None = given("Blocks: a list of at most 100 objects, each with `id` and `title`.")
    content_sources: JSON | None = given("Content sources: a list of at most 100 objects with `id` and `title`.")
    external_links: list[ExternalLinkInput] | None = given("Links, at most five.")
    configurations: JSON | None = given(
        "Configurations of `account`, `space` and `site`: each an object with `properties` and `required`, or with"
        " `componentId`."
    )
    content_security_policy: JSON | None = given("Content security policy: a text, or an object of directives.")
    runtime: str | None = given("The version of the runtime that its script is written for; v1 when absent.")
    events_url: str | None = given("Where events are posted. Stays when absent; null removes it.")
    icon_upload_id: strawberry.ID | None = given("Icon. Stays when absent; null removes it.")
    preview_upload_ids: list[strawberry.ID] | None = given(
        f"Pictures, at most {MOST_PREVIEWS}. They stay when absent; an empty list or null removes them."
    )
    script_upload_id: strawberry.ID | None = given("Script. Stays when absent; null removes it.")
    secrets: JSON | None = given(
        "Secrets by name, at most 20: an object of texts. Replaces all; they stay when absent. Never shown."
    )
