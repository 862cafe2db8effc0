"""Organizations: made by the operator, changed by their administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import Select, select
from sqlmodel import col

from models.errors import Conflict, InvalidInput, NotFound
from models.row import new_id
from models.tables import Organization, Principal, Token
from models.vocabulary import Permission, PrincipalKind, TokenKind, TokenReach
from resolvers.faults import ADDRESS, Faults, require
from resolvers.naming import free, slug_from
from resolvers.operation import OPERATOR, operation
from resolvers.people.mutations import USERS_PERMISSIONS, CreatePrincipal, new_principal
from resolvers.people.token import NewToken, completed, make_token
from resolvers.unset import UNSET, Unset, given
from resolvers.work import Work

_MOST_RETURN_URLS: Final = 100
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class CreateOrganization:
    """A new tenant and its first user, with all permissions of users unless some are named."""

    name: str
    slug: str | None = None
    username: str = "admin"
    display_name: str = "Administrator"
    email: str | None = None
    subject: str | None = None
    permissions: Sequence[Permission] = USERS_PERMISSIONS


@dataclass(frozen=True, kw_only=True)
class NewOrganization:
    """A tenant and its first user."""

    organization: Organization
    principal: Principal


@dataclass(frozen=True, kw_only=True)
class UpdateOrganization:
    """New values; an absent one stays unchanged. Null clears a value that may be empty."""

    name: str | Unset | None = UNSET
    custom_fields: dict[str, Any] | Unset | None = UNSET
    return_urls: Sequence[str] | Unset | None = UNSET


@dataclass(frozen=True, kw_only=True)
class IssueToken:
    """A token for a user of an organization, both by name. It has the user's permissions unless some are named.

    With `reach` SUBJECT it acts in every organization that has a principal with the user's subject. Only the operator
    gives it: an administrator may enter any subject, and must not get that subject's rights in other organizations.
    """

    organization: str
    username: str
    name: str
    permissions: Sequence[Permission] | None = None
    expires_at: int | None = None
    reach: TokenReach = TokenReach.ORGANIZATION


@operation(needs=OPERATOR, refuses=(Conflict, InvalidInput))
async def create_organization(work: Work, new: CreateOrganization) -> NewOrganization:
    """Create a tenant and its first user."""
    faults = Faults()
    faults.name("name", new.name)
    faults.slug("slug", new.slug)
    faults.refuse()
    if new.slug is not None and await work.first(_by_slug(new.slug)) is not None:
        raise Conflict(f"The slug {new.slug} is taken; choose another one.", path=("slug",))
    slug = new.slug or await free(work, col(Organization.slug), slug_from(new.name), "-")
    organization = work.add(Organization(id=new_id(work.now()), name=new.name, slug=slug))
    await work.flush()
    inside = _inside(work, organization)
    inside.audit(organization, "organization.created")
    person = CreatePrincipal(
        kind=PrincipalKind.USER,
        username=new.username,
        display_name=new.display_name,
        email=new.email,
        subject=new.subject,
        permissions=new.permissions,
    )
    return NewOrganization(organization=organization, principal=await new_principal(inside, person))


@operation(needs=Permission.ORGANIZATION_ADMIN, refuses=(InvalidInput,))
async def update_organization(work: Work, new: UpdateOrganization) -> Organization:
    """Change the caller's own organization."""
    _check(new)
    organization = await work.get(Organization, work.organization_id)
    await work.session.refresh(organization, with_for_update={"key_share": True})
    organization.name = given(new.name, organization.name) or organization.name
    if not isinstance(new.custom_fields, Unset):
        organization.custom_fields = new.custom_fields or {}
    if not isinstance(new.return_urls, Unset):
        organization.return_urls = list(new.return_urls or ())
    work.audit(organization, "organization.updated")
    return organization


@operation(needs=OPERATOR, refuses=(NotFound, InvalidInput))
async def issue_token(work: Work, new: IssueToken) -> NewToken:
    """Make a personal token for a user; its text is shown only once."""
    faults = Faults()
    faults.name("name", new.name)
    ahead = new.expires_at is None or new.expires_at > work.now()
    faults.check(ahead, "expires_at", "It must be in the future.")
    faults.refuse()
    organization = await _organization(work, new.organization)
    principal = await _principal(work, organization, new.username)
    require(principal.disabled_at is None, ("username",), "This user is disabled; enable the user first.")
    somebody = principal.subject is not None or new.reach is TokenReach.ORGANIZATION
    require(somebody, ("reach",), "The user has no subject; leave reach out, or give the user a subject.")
    wanted = [Permission(word) for word in principal.permissions] if new.permissions is None else new.permissions
    token = Token(
        organization_id=organization.id,
        kind=TokenKind.PERSONAL,
        name=new.name,
        permissions=sorted(completed(wanted)),
        reach=new.reach,
        principal_id=principal.id,
        expires_at=new.expires_at,
    )
    return make_token(_inside(work, organization), token)


async def _organization(work: Work, ref: str) -> Organization:
    by_id = select(Organization).where(col(Organization.id) == ref)
    found = await work.first(_by_slug(ref)) or await work.first(by_id)
    if found is None:
        raise NotFound("organization", path=("organization",))
    return found


async def _principal(work: Work, organization: Organization, username: str) -> Principal:
    here = select(Principal).where(col(Principal.organization_id) == organization.id)
    found = await work.first(here.where(col(Principal.username) == username))
    if found is None:
        raise NotFound("principal", path=("username",))
    return found


def _inside(work: Work, organization: Organization) -> Work:
    return work.as_caller(replace(work.caller, organization_id=organization.id))


def _by_slug(slug: str) -> Select[Organization]:
    return select(Organization).where(col(Organization.slug) == slug)


def _check(new: UpdateOrganization) -> None:
    faults = Faults()
    faults.check(new.name is not None, "name", "It cannot be null.")
    faults.name("name", new.name)
    faults.object("custom_fields", new.custom_fields)
    urls = () if isinstance(new.return_urls, Unset) else new.return_urls or ()
    faults.check(len(urls) <= _MOST_RETURN_URLS, "return_urls", f"At most {_MOST_RETURN_URLS} addresses.")
    for index, url in enumerate(urls):
        path = ("return_urls", str(index))
        faults.text(path, url, most=ADDRESS)
        faults.check(
            _is_return_url(url),
            path,
            "Write a prefix with the full host and a slash, such as https://app.example.com/.",
        )
    faults.refuse()


def _is_return_url(url: str) -> bool:
    """Whether a prefix has a slash after its host: `https://app.example.com` would allow `…com.evil.example`."""
    parts = _split(url)
    if parts is None or not parts.hostname or parts.username is not None or not parts.path.startswith("/"):
        return False
    plain = all("\x20" < letter < "\x7f" and letter not in "\\*?#" for letter in url)
    return plain and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
