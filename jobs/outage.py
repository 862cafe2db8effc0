"""Outage: says in one line that something fails again and again, and in one that it is over."""

from __future__ import annotations

import logging


class Outage:
    """Of one run loop, and for one thread. What it meets meanwhile is logged at debug, with its trace."""

    def __init__(self, log: logging.Logger, begun: str, ended: str) -> None:
        """`begun` is followed by the error that was the first one."""
        self._log = log
        self._begun = begun
        self._ended = ended
        self._lasts = False

    def meet(self, error: Exception) -> None:
        """It failed."""
        if not self._lasts:
            self._log.warning("%s: %r", self._begun, error)
        self._log.debug("%s", self._begun, exc_info=error)
        self._lasts = True

    def end(self) -> None:
        """It works."""
        if self._lasts:
            self._log.info("%s", self._ended)
        self._lasts = False
