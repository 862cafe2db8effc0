"""Turns of threads: one that computes does not keep the others waiting at each of their steps."""

from __future__ import annotations

import sys

from tests.harness.server import RunningHub


def test_threads_take_turns_of_a_millisecond_at_most(hub: RunningHub):
    assert sys.getswitchinterval() <= 0.001, hub.url
