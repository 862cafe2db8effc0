"""Scripts of apps for published sites: which ones a site embeds, and their content for browsers."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Select, select
from sqlmodel import col

from models.errors import NotFound
from models.row import is_id, name_key
from models.tables import Asset, Installation, InstallationPlace, Integration, Publication
from models.vocabulary import Permission, PlaceKind, UploadPurpose
from resolvers.operation import OPERATOR, operation
from resolvers.publishing.enabled import active, by_name, enabled_at
from resolvers.publishing.places import PlaceRef, get_place
from resolvers.uploads.pieces import content_of
from resolvers.work import Work

#: The characters of a header that every proxy takes: printable ASCII (RFC 9110 §5.5).
_VISIBLE: Final = "".join(map(chr, range(0x20, 0x7F)))


@dataclass(frozen=True, kw_only=True)
class ScriptScopes:
    """The scopes, in words of vendors, with which an app injects its script into a site, and gives it cookies."""

    inject: frozenset[str] = frozenset()
    cookies: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ScriptAddress:
    """The script of an app, by the app's name, on one site of one installation."""

    name: str
    installation_id: str
    place_id: str

    @property
    def path(self) -> str:
        """The path below the hub's own address, which needs no token."""
        return f"/apps/{self.name}/{self.installation_id}/sites/{self.place_id}/script.js"


@dataclass(frozen=True, kw_only=True)
class SiteScript(ScriptAddress):
    """A script that a site embeds. `cookies`: it may set cookies. The policy is one string, as in a header."""

    cookies: bool
    content_security_policy: str | None


@dataclass(frozen=True, kw_only=True)
class Script:
    """A script for a browser. `content` is None if the client has it already."""

    sha256: str
    content_security_policy: str | None
    content: bytes | None = field(repr=False)


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def list_site_scripts(work: Work, place_id: str, scopes: ScriptScopes) -> list[SiteScript]:
    """List the scripts that a site embeds, by the app's name.

    They are those of enabled apps that were published with a script and with a scope to inject it.
    """
    place = await get_place(work, PlaceRef(id=place_id, kind=PlaceKind.SITE), path=("place_id",))
    facts = select(
        col(Publication.name),
        col(Publication.scopes),
        col(Publication.content_security_policy),
        col(Installation.id),
    ).join(Integration, col(Publication.integration_id) == col(Integration.id))
    scripted = by_name(facts.where(col(Publication.script_asset_id).is_not(None)))
    found = await work.session.execute(enabled_at(work, place, scripted))
    return [
        SiteScript(
            name=name,
            installation_id=installation_id,
            place_id=place.id,
            cookies=_has(granted, scopes.cookies),
            content_security_policy=header_of(policy),
        )
        for name, granted, policy, installation_id in found
        if _has(granted, scopes.inject)
    ]


@operation(needs=OPERATOR, reads=True)
async def read_script(
    work: Work, address: ScriptAddress, scopes: ScriptScopes, known: Container[str] = ()
) -> Script | None:
    """The script at an address, for everybody; None for everything that is not embedded now.

    `known`: the SHA-256 of contents that the client has, which are not read again.
    """
    if not (is_id(address.installation_id) and is_id(address.place_id)):
        return None
    row = (await work.session.execute(_embedded(address))).first()
    if row is None or not _has(row.scopes, scopes.inject):
        return None
    content = None
    if row.sha256 not in known:
        content = await content_of(work, row.id)
    return Script(sha256=row.sha256, content_security_policy=header_of(row.content_security_policy), content=content)


def header_of(policy: dict[str, Any] | str | None) -> str | None:
    """A content security policy as the value of a header: printable ASCII in one line; None without a policy.

    The object form has directives as members (https://www.w3.org/TR/CSP3/#parse-serialized-policy). Line breaks and
    other controls become spaces; other characters are percent-encoded, so that no source list grows.
    """
    if isinstance(policy, dict):
        policy = "; ".join(f"{directive} {sources}".strip() for directive, sources in policy.items())
    words = "".join(letter if letter.isprintable() else " " for letter in policy or "").split()
    return quote(" ".join(words), safe=_VISIBLE) or None


def _embedded(address: ScriptAddress) -> Select[Any]:
    return (
        select(col(Asset.id), col(Asset.sha256), col(Publication.scopes), col(Publication.content_security_policy))
        .select_from(Publication)
        .join(Integration, col(Integration.id) == col(Publication.integration_id))
        .join(Installation, col(Installation.integration_id) == col(Publication.integration_id))
        .join(InstallationPlace, col(InstallationPlace.installation_id) == col(Installation.id))
        .join(Asset, col(Asset.id) == col(Publication.script_asset_id))
        .where(
            col(Publication.name_key) == name_key(address.name),
            col(Installation.id) == address.installation_id,
            col(InstallationPlace.place_id) == address.place_id,
            col(InstallationPlace.kind) == PlaceKind.SITE,
            *active(),
            col(Integration.removed_at).is_(None),
            col(Asset.purpose) == UploadPurpose.SCRIPT,
            col(Asset.filled_at).is_not(None),
        )
    )


def _has(granted: Sequence[str], wanted: frozenset[str]) -> bool:
    return not wanted.isdisjoint(granted)
