"""Intervals, leases and time-outs with which the processes of a hub coordinate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

Seconds = Annotated[float, Field(gt=0, le=3600)]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """All in seconds; the same in every process on one database."""

    #: Between two checks for the current master key.
    key_look: Seconds = 1.0
    #: Until every process seals with a new master key and its earlier writes are committed.
    key_follow: Seconds = 3.0
    #: For one token renewal: longer than the time-out of a token request, so that only a dead process loses it.
    token_lease: Seconds = 20.0
    #: After a failed token request, before the next one; callers get the same error meanwhile.
    token_backoff: Seconds = 5.0
    #: Between two checks for a token that another process renews.
    token_look: Seconds = 0.1
    #: Until a vendor's service knows a new token: then one that it refused is tried again, and not before is another
    #: one fetched.
    token_settling: Seconds = 1.0
    #: For a job: its worker extends it three times in that time; after it another worker takes the job.
    job_lease: Seconds = 15.0
    #: For a connection to the database, new or of the pool. A caller learns within five that the database is away.
    database_connection: Seconds = 4.0
    #: For a statement, which may wait for other writers.
    database_statement: Seconds = 10.0
    #: Between the first and the second try of an outbound call; four times as long before the third.
    upstream_retry: Seconds = 0.2
    #: For a webhook after ten failed attempts in a row, before it is tried again; doubled each time that this fails.
    webhook_breaker: Seconds = 60.0
    #: The longest that a webhook waits so.
    webhook_breaker_longest: Seconds = 1800.0
    #: For a webhook that is overloaded (429, 502, 503, 504, no answer in time), unless it asks for more.
    webhook_throttle: Seconds = 60.0
    #: Between the first starts of deliveries after such a wait; halved at most as often as every three halves of it.
    webhook_ramp: Seconds = 1.0
    #: For which a run works until it gives its place to others, between two pages or steps.
    run_slice: Seconds = 5.0
    #: Between two looks of a run at whether it was cancelled.
    run_look: Seconds = 0.5
    #: For a run that cannot go on, before it tries again; doubled each time that this fails.
    run_pause: Seconds = 60.0
    #: The longest that it waits so.
    run_pause_longest: Seconds = 3600.0
    #: For which a run may work altogether, waits not counted.
    run_limit: Seconds = 3600.0
    #: From its first attempt until a failed delivery lets later ones of its entity pass.
    webhook_block: Seconds = 3600.0
    #: For which a caller that wants the results of a run is kept waiting, and between two looks at the run.
    run_answer: Seconds = 10.0
    run_answer_look: Seconds = 0.1
