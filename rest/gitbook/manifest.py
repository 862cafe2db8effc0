"""The body of a publishing, read as a manifest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from models.vocabulary import UploadPurpose
from proxy.inputs.files import decoded
from resolvers.faults import Faults
from resolvers.publishing.manifest import ExternalLink, GivenFile, PublishIntegration
from resolvers.unset import UNSET, Unset, given
from resolvers.uploads.content import MOST_BYTES
from rest.gitbook.words import CATEGORIES, RUNTIMES, SCOPES, TARGETS, VISIBILITIES
from rest.kit import Asked, Members

_RUNTIMES: Final = {word: word for word in RUNTIMES}


def manifest(asked: Asked) -> tuple[PublishIntegration]:
    """The app of the path, published with the members of the body. Null members count as absent, unknown ones too."""
    values = {name: value for name, value in asked.members().items() if value is not None}
    members, faults = Members(values), Faults()
    icon = members.text("icon")
    faults.check("scopes" in values, "scopes", "It is required; it may be an empty list.")
    command = PublishIntegration(
        name=asked.path["name"],
        title=members.required("title"),
        description=members.required("description"),
        summary=given(members.text("summary"), None),
        visibility=given(members.word("visibility", VISIBILITIES), None),
        target=given(members.word("target", TARGETS), None),
        scopes=_words(members, faults, "scopes", SCOPES),
        categories=_words(members, faults, "categories", CATEGORIES),
        blocks=values.get("blocks"),
        content_sources=values.get("contentSources"),
        configurations=values.get("configurations"),
        external_links=[
            ExternalLink(label=link.required("label"), url=link.required("url"))
            for link in members.each("externalLinks")
        ],
        content_security_policy=values.get("contentSecurityPolicy"),
        runtime=given(members.word("runtime", _RUNTIMES), None),
        icon=_picture(icon, UploadPurpose.ICON, "icon") if isinstance(icon, str) else UNSET,
        previews=_previews(members),
        script=GivenFile(content=members.required("script").encode()),
        secrets=_secrets(members),
    )
    members.checked(command)
    faults.refuse()
    return (command,)


def _words(members: Members, faults: Faults, name: str, allowed: Collection[str]) -> Sequence[str]:
    words = given(members.text_list(name), None) or []
    for index, word in enumerate(words):
        known = not isinstance(word, str) or word in allowed
        faults.check(known, (name, str(index)), f"It must be one of {', '.join(allowed)}.")
    return words


def _previews(members: Members) -> Sequence[GivenFile] | Unset:
    texts = members.text_list("previewImages")
    if not isinstance(texts, list):
        return UNSET
    return [
        _picture(text, UploadPurpose.PREVIEW, "previewImages", str(index))
        for index, text in enumerate(texts)
        if isinstance(text, str)
    ]


def _picture(text: str, purpose: UploadPurpose, *path: str) -> GivenFile:
    """A picture in base64. Its kind is judged by its bytes. Raises InvalidInput at its place."""
    return GivenFile(content=decoded(text, path, most=MOST_BYTES[purpose]))


def _secrets(members: Members) -> dict[str, str] | Unset:
    secrets = members.texts("secrets")
    return UNSET if secrets is None else secrets
