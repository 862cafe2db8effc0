"""How often the processes of a hub look at each other's work, and how long they wait for it and for vendors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

Seconds = Annotated[float, Field(gt=0, le=3600)]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Every process over one database needs the same."""

    #: Between two looks at which master key seals.
    key_look: Seconds = 1.0
    #: By when each process seals with the key that was begun, and what it sealed before is kept.
    key_follow: Seconds = 3.0
    #: For one renewal of a token: longer than a vendor is waited for, so that only a process that hangs loses it.
    token_lease: Seconds = 20.0
    #: After a token endpoint failed, nobody asks it again for so long; all hear how it failed.
    token_backoff: Seconds = 5.0
    #: Between two looks at a token that another process renews.
    token_look: Seconds = 0.1
    #: Before a call that failed is tried a second time; before the third it is four times as long.
    upstream_retry: Seconds = 0.2
    #: For a job: its worker extends the lease three times in it, and others take the job over after it.
    job_lease: Seconds = 15.0
