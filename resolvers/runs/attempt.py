"""One attempt at the work of a run: its rows as they were read, and what the attempt has learnt since."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from jobs.kind import JobContext
from models.tables import Run
from resolvers.caller import Caller
from resolvers.flows.content import Content
from resolvers.hub import Hub
from resolvers.runs.cursor import Cursor
from resolvers.runs.items import NONE, Counts, Item

_MOST_SECRETS: Final = 200


class Absent(Protocol):
    """What a call has shown of the other side; `calling.Said` has it."""

    @property
    def down(self) -> bool: ...
    @property
    def refused(self) -> bool: ...
    @property
    def message(self) -> str: ...
    @property
    def status(self) -> int | None: ...


@dataclass(kw_only=True)
class Attempt:
    """A run at work. `caller` writes its record in the name of the hub; `items`: the records of the page at work;
    `payload`: the record that the run was given. `totals`: of the records that are done.

    `downs`: calls in a row that the other side was not there for. `probes`: it was suspended, so the first call that
    fails suspends it again. `resumes`: an earlier attempt may have begun the step at work. `unheard`: the sentence of
    a call that nobody answered, and whether the credential was refused.
    """

    caller: Caller
    context: JobContext
    run: Run
    content: Content
    cursor: Cursor
    items: list[Item] = field(default_factory=list, repr=False)
    payload: Any = field(default=None, repr=False)
    totals: Counts = NONE
    downs: int = 0
    probes: bool = False
    resumes: bool = True
    unheard: tuple[str, bool] | None = None
    _began: float = field(default_factory=time.monotonic)
    _secrets: dict[str, None] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Begin with the counts of the attempts before."""
        run = self.run
        self.totals = Counts(
            written=run.written_count, ignored=run.ignored_count, errors=run.error_count, waiting=run.waiting_count
        )

    @property
    def hub(self) -> Hub:
        """The wired parts of the process."""
        return self.caller.hub

    @property
    def lane(self) -> str:
        """The lane of its expressions: one evaluation of an organization at a time."""
        return self.run.organization_id

    @property
    def worked_ms(self) -> int:
        """For how long this attempt has worked."""
        return round((time.monotonic() - self._began) * 1000)

    @property
    def active_ms(self) -> int:
        """For how long the run has worked, in all attempts."""
        return self.run.active_ms + self.worked_ms

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that went along with its calls; they are masked in all that people see of them."""
        return tuple(self._secrets)

    def note(self, said: Absent) -> None:
        """Remember a call that nobody answered: if none of the step is, the record is not at fault."""
        if said.down and (said.refused or said.status is None):
            self.unheard = (said.message, said.refused)

    def learn(self, secrets: tuple[str, ...]) -> None:
        """Remember secrets of a call. Of very many the oldest are forgotten: a token is renewed once in a while."""
        for secret in secrets:
            self._secrets[secret] = None
        while len(self._secrets) > _MOST_SECRETS:
            del self._secrets[next(iter(self._secrets))]
