"""Organizations and who acts in them, made by the operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, InvalidInput, NotFound
from models.row import name_key, new_id
from models.tables import Organization, Place, Principal, Token
from models.vocabulary import Permission, PlaceKind, PrincipalKind, TokenKind
from resolvers.authenticate import HINT_LENGTH, digest_of, new_token_text
from resolvers.faults import NAME, WORD, Faults
from resolvers.mutations.token import NewToken, completed
from resolvers.naming import free, slug_from
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class CreateOrganization:
    """A new tenant and its first user, who may do everything unless told otherwise."""

    name: str
    slug: str | None = None
    username: str = "admin"
    display_name: str = "Administrator"
    email: str | None = None
    permissions: Sequence[Permission] = field(default_factory=lambda: tuple(Permission))


@dataclass(frozen=True, kw_only=True)
class NewOrganization:
    """A tenant and its first user."""

    organization: Organization
    principal: Principal


@dataclass(frozen=True, kw_only=True)
class AddPrincipal:
    """A further user or team of an organization."""

    organization: str
    username: str
    display_name: str
    email: str | None = None
    kind: PrincipalKind = PrincipalKind.USER
    permissions: Sequence[Permission] = field(default_factory=lambda: tuple(Permission))


@dataclass(frozen=True, kw_only=True)
class IssueToken:
    """A token for a user of an organization, both by name. All that the user may do, unless told otherwise."""

    organization: str
    username: str
    name: str
    permissions: Sequence[Permission] | None = None
    expires_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class AddPlace:
    """A space or a site of an organization."""

    organization: str
    kind: PlaceKind
    name: str


@operation(needs=OPERATOR, refuses=(Conflict, InvalidInput))
async def create_organization(work: Work, new: CreateOrganization) -> NewOrganization:
    """Make a tenant and its first user."""
    faults = Faults("input")
    faults.name("name", new.name)
    faults.slug("slug", new.slug)
    _check_person(faults, new.username, new.display_name, new.email)
    faults.refuse()
    if new.slug is not None and await _by_slug(work, new.slug) is not None:
        raise Conflict(f"The slug {new.slug} is taken.", path=("input", "slug"))
    slug = new.slug or await free(work, col(Organization.slug), slug_from(new.name), "-")
    organization = work.add(Organization(id=new_id(work.now()), name=new.name, slug=slug))
    await work.flush()
    work = _inside(work, organization)
    work.audit(organization, "organization.created")
    person = AddPrincipal(
        organization=slug,
        username=new.username,
        display_name=new.display_name,
        email=new.email,
        permissions=new.permissions,
    )
    principal = await _add_principal(work, organization, person)
    return NewOrganization(organization=organization, principal=principal)


@operation(needs=OPERATOR, refuses=(NotFound, Conflict, InvalidInput))
async def add_principal(work: Work, new: AddPrincipal) -> Principal:
    """Add a user or team to an organization."""
    faults = Faults("input")
    _check_person(faults, new.username, new.display_name, new.email)
    faults.refuse()
    organization = await _organization(work, new.organization)
    return await _add_principal(_inside(work, organization), organization, new)


@operation(needs=OPERATOR, refuses=(NotFound, InvalidInput))
async def issue_token(work: Work, new: IssueToken) -> NewToken:
    """Make a personal token for a user; its text is shown this once."""
    faults = Faults("input")
    faults.name("name", new.name)
    faults.refuse()
    organization = await _organization(work, new.organization)
    principal = await _principal(work, organization, new.username)
    wanted = [Permission(word) for word in principal.permissions] if new.permissions is None else new.permissions
    text = new_token_text()
    token = Token(
        id=new_id(work.now()),
        organization_id=organization.id,
        kind=TokenKind.PERSONAL,
        name=new.name,
        digest=digest_of(text),
        hint=text[-HINT_LENGTH:],
        permissions=sorted(completed(wanted)),
        principal_id=principal.id,
        expires_at=new.expires_at,
    )
    work.add(token)
    _inside(work, organization).audit(token, "token.created")
    return NewToken(token=token, secret=text)


@operation(needs=OPERATOR, refuses=(NotFound, InvalidInput))
async def add_place(work: Work, new: AddPlace) -> Place:
    """Add a space or a site to an organization."""
    faults = Faults("input")
    faults.name("name", new.name)
    faults.refuse()
    organization = await _organization(work, new.organization)
    place = Place(organization_id=organization.id, kind=new.kind, name=new.name, name_key=name_key(new.name))
    work.add(place)
    _inside(work, organization).audit(place, "place.created")
    return place


def _check_person(faults: Faults, username: str, display_name: str, email: str | None) -> None:
    faults.text("username", username, most=WORD, least=1)
    faults.name("displayName", display_name)
    faults.text("email", email, most=NAME)


def _inside(work: Work, organization: Organization) -> Work:
    return Work(replace(work.caller, organization_id=organization.id), work.session)


async def _by_slug(work: Work, slug: str) -> Organization | None:
    return await work.first(select(Organization).where(col(Organization.slug) == slug))


async def _organization(work: Work, ref: str) -> Organization:
    found = await _by_slug(work, ref) or await work.first(select(Organization).where(col(Organization.id) == ref))
    if found is None:
        raise NotFound("organization", path=("input", "organization"))
    return found


async def _principal(work: Work, organization: Organization, username: str) -> Principal:
    here = select(Principal).where(col(Principal.organization_id) == organization.id)
    found = await work.first(here.where(col(Principal.username) == username))
    if found is None:
        raise NotFound("principal", path=("input", "username"))
    return found


async def _add_principal(work: Work, organization: Organization, new: AddPrincipal) -> Principal:
    here = select(Principal).where(col(Principal.organization_id) == organization.id)
    if await work.first(here.where(col(Principal.username) == new.username)) is not None:
        raise Conflict(f"The username {new.username} is taken.", path=("input", "username"))
    principal = Principal(
        organization_id=organization.id,
        kind=new.kind,
        username=new.username,
        display_name=new.display_name,
        name_key=name_key(new.display_name),
        email=new.email,
        permissions=sorted(new.permissions),
    )
    work.add(principal)
    work.audit(principal, "principal.created")
    await work.flush()
    return principal
