"""Credentials by key: single values in a client's own names, as a secret that is merged with the stored one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from models.errors import InvalidInput, Path, Violation
from models.tables import Connection, Integration
from models.vocabulary import AuthType
from resolvers.auth_kinds import PLACES
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.form import (
    CLIENT_ID,
    CLIENT_SECRET,
    credential_form,
    is_of_client,
    secret_in,
    values_in,
)
from resolvers.definitions.parts import FormField
from resolvers.definitions.values import as_text, check_values
from resolvers.faults import Faults
from resolvers.integrations.auth import IntegrationAuth
from resolvers.secret import MASKED, Secret
from resolvers.unset import UNSET, Unset
from resolvers.work import Work

#: A client's names for the fields of a form, by its name. It may leave fields out.
Naming = Callable[[Sequence[FormField]], Mapping[str, str]]
Values = Mapping[str, str | None]

WHERE: Final = "credentials"
_NO_MASK: Final = (
    f"It ends in {MASKED} like a mask, and is not the one that is shown: send all of the secret."
    f" One that does end in {MASKED} can only be given to a new integration."
)


@dataclass(frozen=True, kw_only=True)
class Merge:
    """The values by field before and after a change. `entered`: the secret fields that were given in full."""

    before: Mapping[str, Any] = field(default_factory=dict, repr=False)
    after: Mapping[str, Any] = field(default_factory=dict, repr=False)
    entered: frozenset[str] = frozenset()

    @property
    def changed(self) -> frozenset[str]:
        """The fields that have other values now, and the secrets that were entered again, for the present address."""
        keys = self.before.keys() | self.after.keys()
        return self.entered | {key for key in keys if self.before.get(key) != self.after.get(key)}

    @property
    def withdraws(self) -> bool:
        """Whether nothing is left of what there was."""
        return bool(self.before) and not self.after


@dataclass(frozen=True, kw_only=True)
class KeyedForm:
    """The form of an integration's credentials, and the client's names of its fields."""

    definition: VendorDefinition | None
    auth_type: AuthType
    fields: Sequence[FormField]
    names: Mapping[str, str]

    @classmethod
    def of(cls, definition: VendorDefinition | None, auth_type: AuthType, naming: Naming) -> KeyedForm:
        """The form in the names of a client."""
        fields = credential_form(definition, auth_type)
        return cls(definition=definition, auth_type=auth_type, fields=fields, names=naming(fields))

    def place(self, field: str) -> Path:
        """The place of a field in the client's input."""
        return (WHERE, *(name for name, key in self.names.items() if key == field))

    def judged(self, faults: Faults, values: Mapping[str, Any]) -> None:
        """Add the faults of all values together: such as are missing or do not fit."""
        found = Faults()
        check_values(found, self.fields, values, ())
        for fault in found.found:
            faults.add(self.place(fault.path[0]), fault.message)

    def secret(self, merge: Merge) -> Secret | Unset:
        """The secret of a connection after a change; UNSET without one, and for values of a client."""
        if is_of_client(self.fields) or not merge.after or not merge.changed:
            return UNSET
        secret = secret_in(self.definition, self.auth_type, self.fields, merge.after)
        return replace(secret, kept=self.kept(merge))

    def kept(self, merge: Merge) -> Sequence[Path]:
        """The places, in a change of an integration, of the secrets that stay as they are stored."""
        stay = merge.after.keys() - merge.changed
        keys = [one.key for one in self.fields if one.is_secret and one.key in stay]
        return [PLACES.get(key, ("secret", "fields", key)) for key in keys]

    def auth(self, merge: Merge, parameters: dict[str, Any] | Unset) -> IntegrationAuth | Unset:
        """The changes of the auth group: parameters, and values of a client. UNSET without any.

        A client secret that stays is left out, since entering one binds it to the addresses that stand.
        """
        client = merge.changed if is_of_client(self.fields) else frozenset()
        auth = IntegrationAuth(
            client_id=merge.after.get(CLIENT_ID) if CLIENT_ID in client else UNSET,
            client_secret=merge.after.get(CLIENT_SECRET) if CLIENT_SECRET in client else UNSET,
            parameters=parameters,
        )
        return UNSET if auth == IntegrationAuth() else auth

    def renamed(self, fault: Violation) -> Violation:
        """A fault of the integration at its place in the client's input."""
        where = fault.path
        places: dict[Path, Path] = {("secret", "fields", one.key): self.place(one.key) for one in self.fields}
        places |= {place: self.place(name) for name, place in PLACES.items()}
        places |= {("auth", "client_id"): self.place(CLIENT_ID), ("auth", "client_secret"): self.place(CLIENT_SECRET)}
        places |= {("secret", "fields"): (WHERE,), ("secret",): (WHERE,), ("auth", "parameters"): ("parameters",)}
        for ours, theirs in places.items():
            if where[: len(ours)] == ours:
                return Violation(path=theirs + where[len(ours) :], message=fault.message)
        return fault


def entered(faults: Faults, form: KeyedForm, given: Values) -> Merge:
    """The values of a new integration. A null counts as absent. Adds faults of single values."""
    values = {}
    for name, value in given.items():
        if value is not None and _is_known(faults, form, name) and _is_text(faults, name, value):
            values[form.names[name]] = value
    form.judged(faults, values)
    return Merge(after=values)


def merged(
    work: Work, faults: Faults, form: KeyedForm, at: tuple[Integration, Connection | None], given: Values | None
) -> Merge:
    """The values of an integration with its stored ones. Adds faults of single values, and of all together.

    Null clears a value; without `given` all are cleared. A value that equals the mask that is shown stays.
    """
    integration, connection = at
    before = _stored(work, form, integration, connection)
    if given is None:
        return Merge(before=before)
    masks = connection.masks if connection is not None and not is_of_client(form.fields) else {}
    after, secrets = dict(before), set()
    for name, value in given.items():
        if value is None:
            after.pop(form.names.get(name, ""), None)
        elif _is_known(faults, form, name) and _is_text(faults, name, value):
            secrets |= _put(faults, form, name, value, after, masks)
    merge = Merge(before=before, after=after, entered=frozenset(secrets))
    if after and merge.changed:
        form.judged(faults, after)
    return merge


def replaced(
    faults: Faults, parameters: Mapping[str, Any], given: Mapping[str, str] | None
) -> dict[str, Any] | Unset:
    """The parameters after a change of those that are text; UNSET if it changes none.

    Numbers and flags stay unless they are given with another text; objects and lists always stay.
    """
    texts = given or {}
    after = {name: value for name, value in parameters.items() if name in texts or not isinstance(value, str)}
    for name, text in texts.items():
        if isinstance(after.get(name), dict | list):
            faults.add(("parameters", name), "It holds an object or a list, which text would destroy; leave it out.")
        elif name not in after or as_text(after[name]) != text:
            after[name] = text
    return UNSET if after == parameters else after


def refuse(faults: Faults, form: KeyedForm, refusal: InvalidInput | None = None) -> None:
    """Raise InvalidInput with the faults, and those of a refusal at their places in the client's input."""
    for fault in refusal.violations if refusal else ():
        named = form.renamed(fault)
        if named not in faults.found:
            faults.found.append(named)
    faults.refuse()


def _stored(work: Work, form: KeyedForm, integration: Integration, connection: Connection | None) -> dict[str, Any]:
    if is_of_client(form.fields):
        secret = work.unseal(integration, "client_secret")
        values = {CLIENT_ID: integration.client_id, CLIENT_SECRET: secret}
        return {key: value for key, value in values.items() if value is not None}
    stored = work.unseal(connection, "secret") if connection is not None else None
    return values_in(form.fields, stored) if isinstance(stored, dict) else {}


def _put(
    faults: Faults, form: KeyedForm, name: str, value: str, after: dict[str, Any], masks: Mapping[str, str]
) -> set[str]:
    """Replace a value unless its mask is given. Answers the field if it is a secret that is given in full."""
    key = form.names[name]
    is_secret = next(one.is_secret for one in form.fields if one.key == key)
    if is_secret and value.endswith(MASKED):
        faults.check(key in after and value in (MASKED, masks.get(key)), (WHERE, name), _NO_MASK)
        return set()
    after[key] = value
    return {key} if is_secret else set()


def _is_known(faults: Faults, form: KeyedForm, name: str) -> bool:
    known = f"The vendor takes {', '.join(form.names)}." if form.names else "The vendor takes none."
    return faults.check(name in form.names, (WHERE, name), f"There is no such key. {known}")


def _is_text(faults: Faults, name: str, value: str) -> bool:
    return faults.check(bool(value.strip()), (WHERE, name), "It must not be blank; null leaves it empty.")
