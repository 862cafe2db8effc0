"""The statements of the engine, for both databases (`models/statement.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final

import orjson

from jobs.allotting import GateState, Limits, Lot, Share
from jobs.job import Claimed
from models.job import IN_LANE

#: A lease that ends later than this was given before the clock was set back: no live worker gives such a long one.
FARTHEST_MS: Final = 60_000
#: So many lanes are looked at in one go for being stranded.
LANES_AT_ONCE: Final = 1_000

_COLUMNS: Final = tuple(field.name for field in fields(Claimed) if field.name != "owner")
_RETURNED: Final = ", ".join(f"job.{column}" for column in _COLUMNS)
_PAYLOAD, _TASKS = _COLUMNS.index("payload"), _COLUMNS.index("tasks")

_READY: Final = "state = 'QUEUED' AND NOT blocked"
_TAKEN: Final = """state = 'RUNNING', lease_owner = ?, lease_until = NOW + ?, attempt = job.attempt + 1,
 started_at = NOW, finished_at = NULL, updated_at = NOW, feed = FEED"""

_WAITING: Final = """j.queue = ? AND j.state = 'QUEUED' AND NOT j.blocked AND j.operation AMONG ?
 AND j.lease_owner IS NULL"""
_FIRST: Final = "ORDER BY j.lot, j.run_at, j.id LIMIT 1"
#: queue, operations, queue, operations. The lots whose first job is due, and since when: one probe of the index for
#: each lot, however many jobs wait in it.
LOTS_POSTGRESQL: Final = f"""WITH RECURSIVE firsts AS ((SELECT j.lot, j.run_at FROM job j WHERE {_WAITING} {_FIRST})
UNION ALL SELECT n.lot, n.run_at FROM firsts f CROSS JOIN LATERAL (
 SELECT j.lot, j.run_at FROM job j WHERE {_WAITING} AND j.lot > f.lot {_FIRST}) n)
SELECT lot, run_at FROM firsts WHERE run_at <= NOW"""
LOTS_SQLITE: Final = f"""WITH RECURSIVE firsts (found) AS (
SELECT (SELECT j.rowid FROM job j WHERE {_WAITING} {_FIRST})
UNION ALL SELECT (SELECT j.rowid FROM job j WHERE {_WAITING} AND j.lot > f.lot {_FIRST})
 FROM firsts JOIN job f ON f.rowid = found)
SELECT lot, run_at FROM firsts JOIN job ON job.rowid = found WHERE run_at <= NOW"""
#: queue.
IN_FLIGHT: Final = """SELECT coalesce(organization_id, ''), gate, count(*) FROM job
WHERE queue = ? AND lease_owner IS NOT NULL GROUP BY organization_id, gate"""
#: ids.
GATES: Final = """SELECT id, opens_at, capacity, interval_ms, burst, next_start_at FROM gate WHERE id AMONG ?"""
NOW: Final = "SELECT NOW"
#: time, gate.
START_AT: Final = "UPDATE gate SET next_start_at = ? WHERE id = ?"
#: lots, places, queue, operations, owner, milliseconds. BETWEEN and ORDER BY leave one index to choose: ix_job_ready.
CLAIM_POSTGRESQL: Final = f"""WITH picked AS MATERIALIZED (
 SELECT f.id FROM unnest(?::text[], ?::int[]) AS a (wanted, places) CROSS JOIN LATERAL (
  SELECT j.id FROM job j WHERE {_WAITING} AND j.lot BETWEEN a.wanted AND a.wanted AND j.run_at <= NOW
  ORDER BY j.lot, j.run_at, j.id LIMIT a.places SKIP_LOCKED) f)
UPDATE job SET {_TAKEN} FROM picked WHERE job.id = picked.id RETURNING {_RETURNED}, job.lot"""
#: owner, milliseconds, queue, operations, lot, lot, places.
CLAIM_SQLITE: Final = f"""UPDATE job SET {_TAKEN} WHERE id IN (
 SELECT j.id FROM job j WHERE {_WAITING} AND j.lot BETWEEN ? AND ? AND j.run_at <= NOW
 ORDER BY j.lot, j.run_at, j.id LIMIT ?) RETURNING {_RETURNED}, job.lot"""

_MINE: Final = "job.id = d.id AND job.lease_owner = ? AND job.attempt = d.attempt"
_ENDING: Final = """state = CASE job.state WHEN 'RUNNING' THEN d.state ELSE job.state END,
 error = CASE job.state WHEN 'RUNNING' THEN d.error ELSE job.error END,
 run_at = CASE WHEN job.state = 'RUNNING' AND d.state = 'QUEUED' THEN NOW + d.delay_ms ELSE job.run_at END,
 finished_at = CASE WHEN job.state = 'RUNNING' AND d.state <> 'QUEUED' THEN NOW ELSE job.finished_at END,
 secret = CASE WHEN job.state = 'RUNNING' AND d.state = 'SUCCEEDED' THEN NULL ELSE job.secret END,
 lane = CASE d.leave WHEN 1 THEN NULL ELSE job.lane END,
 blocked = CASE d.leave WHEN 1 THEN FALSE ELSE job.blocked END,
 attempt = job.attempt - d.refund, lease_owner = NULL, lease_until = NULL, updated_at = NOW, feed = FEED"""
#: ids, attempts, owner.
DROP_POSTGRESQL: Final = f"""DELETE FROM job USING unnest(?::char(24)[], ?::int[]) AS d (id, attempt)
WHERE {_MINE} AND job.state = 'RUNNING' RETURNING job.id"""
#: ids, attempts, states, errors, delays, refunds, 1 to leave the lane, owner.
END_POSTGRESQL: Final = f"""UPDATE job SET {_ENDING}
FROM unnest(?::char(24)[], ?::int[], ?::text[], ?::text[], ?::bigint[], ?::int[], ?::int[])
 AS d (id, attempt, state, error, delay_ms, refund, leave) WHERE {_MINE} RETURNING job.id"""
#: id, attempt, owner.
DROP_SQLITE: Final = "DELETE FROM job WHERE id = ? AND attempt = ? AND lease_owner = ? AND state = 'RUNNING'"
#: id, attempt, state, error, delay, refund, 1 to leave the lane, owner.
END_SQLITE: Final = f"""UPDATE job SET {_ENDING}
FROM (SELECT ? AS id, ? AS attempt, ? AS state, ? AS error, ? AS delay_ms, ? AS refund,
 ? AS leave) d WHERE {_MINE}"""

#: milliseconds, ids, attempts, owner.
BEAT_POSTGRESQL: Final = f"""UPDATE job SET lease_until = NOW + ?
FROM unnest(?::char(24)[], ?::int[]) AS d (id, attempt) WHERE {_MINE} RETURNING job.id, job.state"""
#: milliseconds, id, attempt, owner.
BEAT_SQLITE: Final = """UPDATE job SET lease_until = NOW + ? WHERE id = ? AND attempt = ? AND lease_owner = ?
RETURNING id, state"""

#: keys. Holds lanes until the transaction ends.
LOCK: Final = "SELECT pg_advisory_xact_lock(k) FROM unnest(?::bigint[]) AS k"
#: id.
LANE_OF: Final = "SELECT lane, gate FROM job WHERE id = ?"
#: lane, id.
LAST_OF_LANE: Final = f"SELECT max(position) FROM job WHERE lane = ? AND {IN_LANE} AND id <> ?"
#: lane, lane. The first of the lane becomes ready, unless a worker still holds one of the lane.
OPEN: Final = f"""UPDATE job SET blocked = FALSE WHERE blocked AND state = 'QUEUED'
 AND id = (SELECT id FROM job WHERE lane = ? AND {IN_LANE} ORDER BY position LIMIT 1)
 AND NOT EXISTS (SELECT 1 FROM job WHERE lane = ? AND lane IS NOT NULL AND lease_owner IS NOT NULL)"""

_STRANDED: Final = """blocked AND lease_owner IS NULL AND NOT EXISTS (
 SELECT 1 FROM job h WHERE h.lane = heads.lane AND h.lane IS NOT NULL AND h.lease_owner IS NOT NULL)"""
#: lane, number, number. The heads of so many lanes after that one, by one probe of the index each. A lane is stranded
#: if its first job is blocked and none is held. Answers those that are, and the last one that was looked at.
HEADS_POSTGRESQL: Final = f"""WITH RECURSIVE heads AS (
(SELECT lane, gate, blocked, lease_owner, 1 AS number FROM job
 WHERE {IN_LANE} AND lane > ? ORDER BY lane, position LIMIT 1)
UNION ALL SELECT n.lane, n.gate, n.blocked, n.lease_owner, f.number + 1 FROM heads f CROSS JOIN LATERAL (
 SELECT lane, gate, blocked, lease_owner FROM job
 WHERE {IN_LANE} AND lane > f.lane ORDER BY lane, position LIMIT 1) n WHERE f.number < CAST(? AS INTEGER))
SELECT lane, gate, {_STRANDED} AS stranded, number FROM heads
 WHERE number = CAST(? AS INTEGER) OR {_STRANDED}"""
HEADS_SQLITE: Final = f"""WITH RECURSIVE firsts (found, number) AS (
SELECT (SELECT rowid FROM job WHERE {IN_LANE} AND lane > ? ORDER BY lane, position LIMIT 1), 1
UNION ALL SELECT (SELECT rowid FROM job WHERE {IN_LANE} AND lane > f.lane ORDER BY lane, position LIMIT 1), number + 1
 FROM firsts JOIN job f ON f.rowid = found WHERE number < ?)
SELECT lane, gate, {_STRANDED} AS stranded, number FROM firsts JOIN job heads ON heads.rowid = found
 WHERE number = ? OR ({_STRANDED})"""

#: progress, tasks, id, attempt, owner.
REPORT: Final = """UPDATE job SET progress = ?, tasks = ?, updated_at = NOW, feed = FEED
WHERE id = ? AND attempt = ? AND lease_owner = ? AND state = 'RUNNING' RETURNING id"""
#: id, attempt, owner.
HELD: Final = "SELECT state FROM job WHERE id = ? AND attempt = ? AND lease_owner = ?"
_EXPIRED: Final = f"lease_owner IS NOT NULL AND (lease_until <= NOW OR lease_until > NOW + {FARTHEST_MS})"
EXPIRED: Final = f"SELECT id, lane, gate FROM job WHERE {_EXPIRED}"
#: ids.
REAP: Final = f"""UPDATE job SET
 state = CASE WHEN state <> 'RUNNING' THEN state WHEN attempt >= max_attempts THEN 'FAILED' ELSE 'QUEUED' END,
 error = CASE WHEN state <> 'RUNNING' THEN error ELSE 'The worker stopped before the job ended.' END,
 finished_at = CASE WHEN state = 'RUNNING' AND attempt >= max_attempts THEN NOW ELSE finished_at END,
 lease_owner = NULL, lease_until = NULL, updated_at = NOW, feed = FEED
WHERE {_EXPIRED} AND id AMONG ? RETURNING id"""
#: queue, operations, time, queue, time. A gate's time counts while a job of it waits (its lots begin with its id).
NEXT_DUE: Final = f"""SELECT min(due_at), NOW FROM (
SELECT min(run_at) AS due_at FROM job WHERE queue = ? AND {_READY} AND operation AMONG ? AND run_at > 0
 AND run_at > ?
UNION ALL
SELECT min(free_at) FROM (SELECT CASE WHEN opens_at > rated_at THEN opens_at ELSE rated_at END AS free_at, lots
 FROM (SELECT opens_at, organization_id || '/' || id AS lots, CASE WHEN interval_ms = 0
  OR next_start_at > NOW + interval_ms THEN 0 ELSE next_start_at END AS rated_at
  FROM gate WHERE opens_at IS NOT NULL) r) g
 WHERE EXISTS (SELECT 1 FROM job j WHERE j.queue = ? AND j.state = 'QUEUED' AND NOT j.blocked
  AND j.lot > g.lots || '/' AND j.lot < g.lots || '0') AND free_at > ?) t"""


def claimed(row: Any, owner: str) -> Claimed:
    """The job of a row that a claim returned; its last column is the lot."""
    values: list[Any] = [*row[:-1], owner]
    values[_PAYLOAD] = orjson.loads(values[_PAYLOAD])
    values[_TASKS] = values[_TASKS] and orjson.loads(values[_TASKS])
    return Claimed(*values)


def lots(rows: Iterable[Any]) -> list[Lot]:
    """The rows of LOTS."""
    return [Lot(row[0], row[1]) for row in rows]


def limits(in_flight: Iterable[Any], gates: Iterable[Any], now: int, share: Share | None) -> Limits:
    """The rows of IN_FLIGHT and GATES, and the share of the worker that claims."""
    held = {(row[0], row[1]): row[2] for row in in_flight}
    return Limits(held, {row[0]: GateState(row[1], row[2], row[3], row[4], row[5]) for row in gates}, now, share)


def stranded(rows: Iterable[Any]) -> tuple[list[tuple[str, str]], str]:
    """The stranded lanes in HEADS with their gates, and the lane after which to go on: "" is the start."""
    found, after = [], ""
    for lane, gate, is_stranded, number in rows:
        if is_stranded:
            found.append((lane, gate))
        if number == LANES_AT_ONCE:
            after = lane
    return found, after


def urgency(job: Claimed) -> tuple[int, int, str]:
    """Sort key for starting the jobs of a batch."""
    return (job.priority, job.run_at, job.id)
