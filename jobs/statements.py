"""The statements of the engine, for both databases (`models/statement.py`)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import orjson

from jobs.job import Claimed

#: A lease that ends later than this was given before the clock was set back: no live worker gives such a long one.
FARTHEST_MS: Final = 60_000

_COLUMNS: Final = tuple(field.name for field in fields(Claimed) if field.name != "owner")
_RETURNED: Final = ", ".join(f"job.{column}" for column in _COLUMNS)
_PAYLOAD: Final = _COLUMNS.index("payload")

_FREE: Final = """j.queue = ? AND j.state = 'QUEUED' AND j.run_at <= NOW AND j.operation AMONG ?
 AND j.lease_owner IS NULL AND (j.lane IS NULL OR NOT (
  EXISTS (SELECT 1 FROM job h WHERE h.lane = j.lane AND h.lease_owner IS NOT NULL)
  OR EXISTS (SELECT 1 FROM job e WHERE e.lane = j.lane AND e.state = 'QUEUED' AND e.id < j.id)))"""
_TAKEN: Final = """state = 'RUNNING', lease_owner = ?, lease_until = NOW + ?, attempt = job.attempt + 1,
 started_at = NOW, finished_at = NULL, updated_at = NOW, feed = FEED"""

#: queue, operations.
PEEK: Final = f"SELECT 1 FROM job j WHERE {_FREE} LIMIT 1"
#: queue, operations, limit, owner, milliseconds. It does not wait for the disk: if a crash of the
#: database undoes a claim, the effect is a lost lease. All other writes of the engine wait for the disk.
CLAIM_POSTGRESQL: Final = f"""WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
picked AS MATERIALIZED (SELECT j.id FROM job j CROSS JOIN unhurried
 WHERE {_FREE} ORDER BY j.priority, j.run_at, j.id LIMIT ? SKIP_LOCKED)
UPDATE job SET {_TAKEN} FROM picked WHERE job.id = picked.id RETURNING {_RETURNED}"""
#: owner, milliseconds, queue, operations, limit.
CLAIM_SQLITE: Final = f"""UPDATE job SET {_TAKEN} WHERE id IN (
 SELECT j.id FROM job j WHERE {_FREE} ORDER BY j.priority, j.run_at, j.id LIMIT ?) RETURNING {_RETURNED}"""

_MINE: Final = "job.id = d.id AND job.lease_owner = ? AND job.attempt = d.attempt"
_ENDING: Final = """state = CASE job.state WHEN 'RUNNING' THEN d.state ELSE job.state END,
 error = CASE job.state WHEN 'RUNNING' THEN d.error ELSE job.error END,
 run_at = CASE WHEN job.state = 'RUNNING' AND d.state = 'QUEUED' THEN NOW + d.delay_ms ELSE job.run_at END,
 finished_at = CASE WHEN job.state = 'RUNNING' AND d.state <> 'QUEUED' THEN NOW ELSE job.finished_at END,
 secret = CASE WHEN job.state = 'RUNNING' AND d.state = 'SUCCEEDED' THEN NULL ELSE job.secret END,
 attempt = job.attempt - d.refund, lease_owner = NULL, lease_until = NULL, updated_at = NOW, feed = FEED"""
#: ids, attempts, owner.
DROP_POSTGRESQL: Final = f"""DELETE FROM job USING unnest(?::char(24)[], ?::int[]) AS d (id, attempt)
WHERE {_MINE} AND job.state = 'RUNNING' RETURNING job.id"""
#: ids, attempts, states, errors, delays, refunds, owner.
END_POSTGRESQL: Final = f"""UPDATE job SET {_ENDING}
FROM unnest(?::char(24)[], ?::int[], ?::text[], ?::text[], ?::bigint[], ?::int[])
 AS d (id, attempt, state, error, delay_ms, refund) WHERE {_MINE} RETURNING job.id"""
#: id, attempt, owner.
DROP_SQLITE: Final = "DELETE FROM job WHERE id = ? AND attempt = ? AND lease_owner = ? AND state = 'RUNNING'"
#: id, attempt, state, error, delay, refund, owner.
END_SQLITE: Final = f"""UPDATE job SET {_ENDING}
FROM (SELECT ? AS id, ? AS attempt, ? AS state, ? AS error, ? AS delay_ms, ? AS refund) d WHERE {_MINE}"""

#: milliseconds, ids, attempts, owner.
BEAT_POSTGRESQL: Final = f"""UPDATE job SET lease_until = NOW + ?
FROM unnest(?::char(24)[], ?::int[]) AS d (id, attempt) WHERE {_MINE} RETURNING job.id, job.state"""
#: milliseconds, id, attempt, owner.
BEAT_SQLITE: Final = """UPDATE job SET lease_until = NOW + ? WHERE id = ? AND attempt = ? AND lease_owner = ?
RETURNING id, state"""

#: progress, tasks, id, attempt, owner.
REPORT: Final = """UPDATE job SET progress = ?, tasks = ?, updated_at = NOW, feed = FEED
WHERE id = ? AND attempt = ? AND lease_owner = ? AND state = 'RUNNING' RETURNING id"""
#: id, attempt, owner.
HELD: Final = "SELECT state FROM job WHERE id = ? AND attempt = ? AND lease_owner = ?"
_EXPIRED: Final = f"lease_owner IS NOT NULL AND (lease_until <= NOW OR lease_until > NOW + {FARTHEST_MS})"
ANY_EXPIRED: Final = f"SELECT 1 FROM job WHERE {_EXPIRED} LIMIT 1"
REAP: Final = f"""UPDATE job SET
 state = CASE WHEN state <> 'RUNNING' THEN state WHEN attempt >= max_attempts THEN 'FAILED' ELSE 'QUEUED' END,
 error = CASE WHEN state <> 'RUNNING' THEN error ELSE 'The worker stopped before the job ended.' END,
 finished_at = CASE WHEN state = 'RUNNING' AND attempt >= max_attempts THEN NOW ELSE finished_at END,
 lease_owner = NULL, lease_until = NULL, updated_at = NOW, feed = FEED
WHERE {_EXPIRED} RETURNING id"""
#: queue, operations, milliseconds since the epoch.
NEXT_DUE: Final = """SELECT min(run_at), NOW FROM job
WHERE queue = ? AND state = 'QUEUED' AND operation AMONG ? AND run_at > ?"""


def claimed(row: Any, owner: str) -> Claimed:
    """The job of a row that a claim returned."""
    values: list[Any] = [*row, owner]
    values[_PAYLOAD] = orjson.loads(values[_PAYLOAD])
    return Claimed(*values)


def urgency(job: Claimed) -> tuple[int, int, str]:
    """Sort key for starting the jobs of a batch."""
    return (job.priority, job.run_at, job.id)
