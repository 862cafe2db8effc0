"""Turns of an export: the next request, the answer to it, and the page in that answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from models.vocabulary import StopReason
from proxy.message import Headers
from proxy.paging.places import Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One request of an export.

    `values`: what paging adds to the step's own inputs. `url`: an absolute address in place of the one that the step
    builds; it is of the origin of the request before. Method, headers and body stay as the step builds them. `state`:
    small JSON, below 8 kB; `Paging.resumed` makes the same turn of it, so nothing else must be kept.
    """

    values: tuple[tuple[Place, object], ...] = ()
    url: str | None = None
    state: dict[str, object]

    def merged(self, inputs: Mapping[str, object]) -> dict[str, object]:
        """A copy of the step's inputs with the values in their places. Raises InvalidInput where one does not fit."""
        merged = dict(inputs)
        for place, value in self.values:
            merged = place.put(merged, value)
        return merged


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer to a turn. `url`: the absolute address of the request; `headers` as they were sent, nothing masked.

    `body`: the JSON value, None if there is none. `parse_error`: a sentence about a body that is not JSON. `secrets`:
    those that went along; a parameter that has one is taken out of the next address, since the hub adds it again.
    """

    status: int
    url: str
    headers: Headers = ()
    body: object = None
    parse_error: str | None = None
    secrets: Collection[str] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """The records of an answer, and either the next turn or the end.

    `records` are to be worked in any case. `stop`: the reason for the end. `fault`: a sentence, which may quote the
    answer, so mask secrets in it; the export failed, after the work on `records`. `digest`: SHA-256 of the records,
    in hexadecimal. `next` is None at the end.
    """

    records: list[object] = field(default_factory=list)
    stop: StopReason | None = None
    fault: str | None = None
    next: Turn | None = None
    digest: str | None = None


class Faulty(Exception):
    """The answer does not fit the paging; the export cannot go on. The message is a sentence for the author."""
