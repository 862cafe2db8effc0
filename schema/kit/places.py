"""Places of refusals in the names of the graph: `("owner_id",)` of a command is `input.ownerId` of a mutation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLArgument, GraphQLResolveInfo, get_nullable_type, is_input_object_type, is_list_type
from strawberry.utils.str_converters import to_camel_case

from models.errors import DomainError, Path
from schema.kit.context import Info


def as_asked(refusal: DomainError, info: Info) -> DomainError:
    """The refusal with the paths of the field's own arguments."""
    raw: GraphQLResolveInfo[Any] = info._raw_info
    arguments = raw.parent_type.fields[raw.field_name].args
    return refusal.renamed(lambda path: _in(arguments, path))


def _in(arguments: Mapping[str, GraphQLArgument], path: Path) -> Path:
    """An argument by its name, a field of `input` below `input`; any other place stays unchanged."""
    name = to_camel_case(path[0]) if path else ""
    if name in arguments:
        return (name, *_below(arguments[name].type, path[1:]))
    kind = get_nullable_type(arguments["input"].type) if "input" in arguments else None
    return (
        ("input", *_below(kind, path)) if is_input_object_type(kind) and (not path or name in kind.fields) else path
    )


def _below(kind: Any, path: Path) -> Path:
    """Names of fields in camel case; names inside a JSON value stay unchanged."""
    kind = None if kind is None else get_nullable_type(kind)
    if path and is_list_type(kind):
        return (path[0], *_below(kind.of_type, path[1:]))
    if path and is_input_object_type(kind):
        name = to_camel_case(path[0])
        field = kind.fields.get(name)
        return (name, *_below(field and field.type, path[1:]))
    return path
