"""Results in this vendor's form: HAL, without nulls, never with a secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from models.errors import NotFound, UpstreamFailed
from models.tables import Integration, Principal
from models.vocabulary import PrincipalKind
from proxy.headers import passed_on
from resolvers.auth_kinds import KINDS
from resolvers.connect.authorization import Authorization
from resolvers.connections.own import Connected
from resolvers.dispatching.attempt import Dispatched
from resolvers.find import name_of
from resolvers.integrations.fields import image_url
from resolvers.integrations.gallery import GalleryEntry
from resolvers.integrations.sharing import IntegrationShares, Owned, Shared
from resolvers.page import Slice
from resolvers.uploads.queries import Elsewhere, Picture
from rest.informer.read import window
from rest.informer.words import SHOWN_AUTH_TYPE, SHOWN_MODE
from rest.kit import Asked, Reply, no_answer, without_nulls
from rest.kit.hal import link, page
from wire.pictures import picture_headers

Json = dict[str, Any]

_LEAST_STATUS, _GREATEST_STATUS = 200, 599
_OF_ONE: Final = {
    "inf:icon": "icon",
    "inf:connect": "connect",
    "inf:connection": "connection",
    "inf:request": "request",
    "inf:integration-owner": "owner",
    "inf:integration-shares": "shares",
}


def integrations(found: Slice[Integration], asked: Asked) -> Json:
    """A page of the collection."""
    rows = [{"_links": {"self": link(_href(asked, row))}, **_row(row)} for row in found.rows]
    return page(
        "inf:integration",
        rows,
        href=_collection(asked),
        window=window(asked),
        total=found.total or 0,
        query=asked.query,
    )


def gallery(entries: Sequence[GalleryEntry], asked: Asked) -> list[Json]:
    """A plain array of integrations with their tags and shares."""
    return [_entry(entry) for entry in entries]


def integration(row: Integration, asked: Asked) -> Json:
    """One integration, with everything except its secrets."""
    href = _href(asked, row)
    share = link(f"{href}/shares/{{principalId}}", templated=True)
    links = {rel: link(f"{href}/{below}") for rel, below in _OF_ONE.items()}
    document = {
        **_facts(row),
        "clientId": row.client_id,
        **_addresses(row),
        **_key(row),
        "imageUrl": image_url(row, asked.caller),
        "data": row.parameters,
        **_times(row),
        "_links": {"self": link(href), **links, "inf:integration-share": share},
    }
    return without_nulls(document)


def icon(picture: Picture | Elsewhere, asked: Asked) -> Reply:
    """The bytes, 304 if the client has them, or 302 to a picture elsewhere."""
    if isinstance(picture, Elsewhere):
        return _elsewhere(picture.address, asked)
    headers = picture_headers(picture.content_type, picture.sha256, cache="private, no-cache")
    if picture.content is None:
        return Reply(status=304, headers=tuple(headers.items()))
    return Reply(headers=(*headers.items(), ("content-type", picture.content_type)), content=picture.content)


def account(known: dict[str, Any], asked: Asked) -> Json:
    """The connected account at the remote service."""
    return without_nulls({name: known.get(name) for name in ("email", "displayName", "accountId")})


def consent(begun: Authorization, asked: Asked) -> Reply:
    """Redirect to the vendor's consent page."""
    return Reply.to(begun.url)


def connection(found: Connected, asked: Asked) -> Json:
    """The connection, without anything of its secret."""
    row = found.connection
    return without_nulls(
        {
            "id": row.id,
            "integrationId": _id(found.integration),
            "ownerId": _name(found.user) if found.user else None,
            "isShared": row.principal_id is None,
            **_times(row),
        }
    )


def relayed(done: Dispatched, asked: Asked) -> Reply:
    """The answer of the remote service, unchanged. Raises UpstreamFailed if there is none."""
    if done.response is None:
        raise no_answer(done)
    answer = done.response.answer
    if not _LEAST_STATUS <= answer.status <= _GREATEST_STATUS:
        raise UpstreamFailed(f"The remote service answered {answer.status}, which is no status of HTTP.")
    return Reply(status=answer.status, headers=passed_on(answer.headers), content=answer.body, rest=answer.rest)


def owner(found: Owned, asked: Asked) -> Json:
    """The owner: a user or a team. Of `userId` and `teamId` one is null."""
    who, name = found.owner, _name(found.owner)
    is_user = who.kind is PrincipalKind.USER
    user = {"id": name, "username": who.username, "displayName": who.display_name, "email": who.email}
    team = {"id": name, "name": who.display_name, "createdAt": _time(who.created_at)}
    return {
        "_links": {"self": link(f"{_href(asked, found.integration)}/owner")},
        "id": name,
        "userId": name if is_user else None,
        "teamId": None if is_user else name,
        "_embedded": {"inf:user": without_nulls(user)} if is_user else {"inf:team": team},
    }


def shares(found: IntegrationShares, asked: Asked) -> Json:
    """All shares; there are no pages."""
    rows = [{**_share(one), "principal": _principal(one.principal)} for one in found.shares]
    href = f"{_href(asked, found.integration)}/shares"
    return {"_links": {"self": link(href)}, "_embedded": {"inf:integration-share": rows}}


def share(found: Shared, asked: Asked) -> Json:
    """One share, without its principal."""
    return {**_share(found), **_times(found.share)}


def _elsewhere(address: str, asked: Asked) -> Reply:
    """302, without a word to the other server of where it comes from. Raises NotFound for this API's own address."""
    if address.partition(":")[2].startswith(f"//{asked.headers.get('host')}{asked.mount}/"):
        raise NotFound("icon")  # it would lead to itself
    reply = Reply.to(address)
    return replace(reply, headers=(*reply.headers, ("referrer-policy", "no-referrer")))


def _row(row: Integration) -> Json:
    addresses = _addresses(row)
    addresses.pop("revocationUri")
    return without_nulls({**_facts(row), **addresses, **_times(row)})


def _facts(row: Any) -> Json:
    return {
        "id": _id(row),
        "name": row.name,
        "slug": row.slug,
        "type": row.vendor,
        "category": row.category,
        "description": row.description or None,
        "mode": SHOWN_MODE[row.mode],
        "authType": SHOWN_AUTH_TYPE[row.auth_type],
        "embedded": False,
    }


def _addresses(row: Integration) -> Json:
    return {
        "scope": " ".join(row.scopes) or None,
        "authUri": row.authorization_url,
        "tokenUri": row.token_url,
        "revocationUri": row.revocation_url,
        "apiBaseUri": row.api_base_url,
    }


def _key(row: Integration) -> Json:
    if not KINDS[row.auth_type].has_key_name:
        return {}
    return {"apiKeyLocation": row.api_key_location.lower(), "apiKeyName": row.api_key_name}


def _entry(entry: GalleryEntry) -> Json:
    facts = _facts(entry.facts)
    facts.pop("embedded")
    shown = {
        **facts,
        "ownerId": entry.owner,
        "embedded": False,
        "shared": bool(entry.shares),
        "tags": list(entry.tag_ids),
        "sharing": [{"principalId": who, "accessLevel": level} for who, level in entry.shares],
    }
    return without_nulls(shown)


def _share(one: Shared) -> Json:
    return {
        "integrationId": _id(one.integration),
        "principalId": _name(one.principal),
        "accessLevel": one.share.access_level,
    }


def _principal(who: Principal) -> Json:
    return {"id": _name(who), "name": who.display_name, "type": who.kind.lower()}


def _name(who: Principal) -> str:
    """As the vendor's examples name users and teams: `admin`, `marketing`."""
    return name_of(who.id, who.username)


def _times(row: Any) -> Json:
    return {"createdAt": _time(row.created_at), "updatedAt": _time(row.updated_at)}


def _time(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def _id(row: Any) -> str:
    """The id that the client gave, or else the row's own."""
    return str(row.uuid or row.id)


def _collection(asked: Asked) -> str:
    return f"{asked.mount}/api/integrations"


def _href(asked: Asked, row: Integration) -> str:
    return f"{_collection(asked)}/{_id(row)}"
