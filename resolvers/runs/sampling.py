"""Samples: the first records of a step with what was sent and answered, secrets masked, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from models.vocabulary import FlowKeep
from proxy.inputs.exact import write_json
from resolvers.runs.attempt import Attempt
from resolvers.runs.fates import Fate
from resolvers.runs.items import Item
from resolvers.runs.masking import masked

#: Samples of a step in a run; `keep: ALL` has as many as fit.
MOST_SAMPLES: Final = 10
#: Of one sample, and of all on a page.
MOST_BYTES: Final = 256 * 1024
_TOO_LARGE: Final = "It has more than 256 kB, so it is not kept."


def samples_of(attempt: Attempt, items: Sequence[Item], fates: Sequence[Fate]) -> list[dict[str, Any]]:
    """The samples of a page, as many as the flow keeps and has not kept yet of this step."""
    keep = attempt.content.keep
    if keep not in (FlowKeep.SAMPLE, FlowKeep.ALL):
        return []
    kept = attempt.cursor.kept.get(str(attempt.cursor.position), 0)
    most = len(items) if keep is FlowKeep.ALL else max(MOST_SAMPLES - kept, 0)
    samples: list[dict[str, Any]] = []
    size = 0
    for item, fate in zip(items[:most], fates, strict=False):
        sample: dict[str, Any] = {"record": item.value, "fate": fate.word, **fate.seen}
        length = len(write_json(sample))
        if size + length > MOST_BYTES:
            if not samples:
                samples.append({"fate": fate.word, "note": _TOO_LARGE})
            break
        size += length
        samples.append(masked(sample, attempt.secrets))
    return samples
