"""How many jobs there are, for whoever looks after nodes.

Reaches: the schemas ``cautery`` and ``cautery_jobs`` of the database that was named.
Lawful basis: none needed: a count tells of no case.
Manners: two statements over indexed rows, at most once a second for a room.
Format: docs/reference/server-format.md.
"""

from __future__ import annotations

from typing import Any

from cautery.model.nodes import JobCounts

_JOBS = (
    "SELECT count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing'),"
    " coalesce(sum(attempts) FILTER (WHERE status IN ('todo', 'doing')), 0),"
    " coalesce(extract(epoch FROM clock_timestamp() - min(coalesce(scheduled_at, ("
    "SELECT min(at) FROM cautery_jobs.procrastinate_events e WHERE e.job_id = j.id)))"
    " FILTER (WHERE status = 'todo')), 0)"
    " FROM cautery_jobs.procrastinate_jobs j WHERE status IN ('todo', 'doing')"
)
_ANSWERED = "SELECT count(*) FROM cautery.answers"


def job_counts(connection: Any) -> JobCounts:
    """Count the jobs of all watches that are under way."""
    waiting, under_way, redone, oldest_s = connection.execute(_JOBS).fetchone()
    (done,) = connection.execute(_ANSWERED).fetchone()
    return JobCounts(
        waiting=waiting,
        under_way=under_way,
        done=done,
        redone=int(redone),
        oldest_waiting_s=max(0.0, float(oldest_s)),
    )
