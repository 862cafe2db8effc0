"""Processor time of a thread, for tests that bound it: without the collector, which counts other tests' objects."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Effort:
    """Seconds of the processor, once the block has ended."""

    seconds: float = 0.0


@contextmanager
def effort() -> Iterator[Effort]:
    """`with effort() as spent: …`, then `spent.seconds`: of this thread alone, however busy the machine is."""
    spent = Effort()
    with collector_left_out():
        began = time.thread_time()
        try:
            yield spent
        finally:
            spent.seconds = time.thread_time() - began


@contextmanager
def collector_left_out() -> Iterator[None]:
    """No collection runs meanwhile: it would look at all that thousands of tests have left in this process.

    The hub itself freezes what it makes at its start.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
