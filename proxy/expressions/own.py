"""The hub's own functions, beside those of JMESPath. They are frozen: a saved expression keeps its results.

`docs/expressions.md` shows each. None reads a clock or chance.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Final

from proxy.expressions.budget import Meter, Misfit
from proxy.expressions.own_numbers import add, multiply, to_minor_units
from proxy.expressions.own_times import format_time, parse_time
from proxy.expressions.values import measure
from proxy.inputs.exact import write_json

_UUID_NODES: Final = 20


def default(_: Meter, value: object, fallback: object) -> object:
    """The value, or the fallback for null."""
    return fallback if value is None else value


def digest(meter: Meter, value: object) -> str:
    """SHA-256 in hexadecimal: of a text in UTF-8, of another value as JSON with sorted names."""
    if isinstance(value, str):
        meter.write_text(value)
        return hashlib.sha256(value.encode()).hexdigest()
    measure(value, meter)
    return hashlib.sha256(write_json(value, sort=True)).hexdigest()


def lower(meter: Meter, text: str) -> str:
    """The text in lower case."""
    meter.write_text(text)
    return text.lower()


def replace(meter: Meter, text: str, old: str, new: str) -> str:
    """The text with each `old` replaced; neither is a pattern."""
    count = _count(meter, "replace", text, old)
    meter.write_text(text)
    meter.write(count * len(new.encode("utf-8", "surrogatepass")))
    return text.replace(old, new)


def split(meter: Meter, text: str, separator: str) -> list[str]:
    """The parts of the text between the separators."""
    meter.make(_count(meter, "split", text, separator) + 1)
    meter.write_text(text)
    return text.split(separator)


def uuid5(meter: Meter, namespace: str, name: str) -> str:
    """The UUID of a name in a namespace, which is a UUID itself (RFC 9562 §5.5)."""
    meter.visit(_UUID_NODES)
    meter.write_text(name)
    try:
        return str(uuid.uuid5(uuid.UUID(namespace), name))
    except ValueError:
        raise Misfit("uuid5 takes a namespace that is a UUID, such as 6ba7b810-9dad-11d1-80b4-00c04fd430c8") from None


def _count(meter: Meter, name: str, text: str, part: str) -> int:
    """How often a part is in a text: as the naive search would cost, since Python's is not faster on every text."""
    if not part:
        raise Misfit(f"{name} looks for an empty text")
    meter.read(len(part) * max(len(text) - len(part), 0) + len(text))
    return text.count(part)


OWN: Final[dict[str, Callable[..., object]]] = {
    "add": add,
    "default": default,
    "digest": digest,
    "format_time": format_time,
    "lower": lower,
    "multiply": multiply,
    "parse_time": parse_time,
    "replace": replace,
    "split": split,
    "to_minor_units": to_minor_units,
    "uuid5": uuid5,
}
