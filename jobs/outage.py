"""Outage: logs one line when a repeated failure begins, and one when it ends."""

from __future__ import annotations

import logging


class Outage:
    """The outage of one run loop, for one thread. Errors in between are logged at debug, with a trace."""

    def __init__(self, log: logging.Logger, begun: str, ended: str) -> None:
        """`begun` and `ended` are the log lines; the first error follows `begun`."""
        self._log = log
        self._begun = begun
        self._ended = ended
        self._lasts = False

    def meet(self, error: Exception) -> None:
        """Record a failed round."""
        if not self._lasts:
            self._log.warning("%s: %r", self._begun, error)
        self._log.debug("%s", self._begun, exc_info=error)
        self._lasts = True

    def end(self) -> None:
        """Record a successful round."""
        if self._lasts:
            self._log.info("%s", self._ended)
        self._lasts = False
