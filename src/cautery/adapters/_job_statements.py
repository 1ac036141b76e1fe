"""What is asked of the database for jobs, as SQL.

Reaches: nothing. Lawful basis and manners: those of :mod:`cautery.adapters.job_queue`.
Format: docs/reference/server-format.md; procrastinate's functions, whose names have versions.
"""

from __future__ import annotations

import hashlib

from cautery.errors import InputError

IDLE = "nothing"
"""A queue in which there is never a job."""
_LONGEST_QUEUE = 128

BEGIN = (
    "INSERT INTO cautery.nights VALUES (%(case)s, %(epoch)s, %(driver)s, %(package)b,"
    " clock_timestamp(), clock_timestamp()) ON CONFLICT (case_id) DO UPDATE SET"
    " epoch = excluded.epoch, driver = excluded.driver, package = excluded.package,"
    " begun_at = excluded.begun_at, seen_at = excluded.seen_at, done = 0, redone = 0"
    " WHERE nights.epoch <= excluded.epoch RETURNING 1"
)
END = (
    "UPDATE cautery.nights SET package = NULL WHERE case_id = %(case)s AND epoch = %(epoch)s"
    " RETURNING 1"
)
END_JOBS = (
    "SELECT procrastinate_cancel_job_v1(id, true, true) FROM procrastinate_jobs"
    " WHERE args->>'case' = %(case)s AND status IN ('todo', 'doing')"
)
FORGET_JOBS = (
    "DELETE FROM procrastinate_jobs WHERE args->>'case' = %(case)s"
    " AND status NOT IN ('todo', 'doing')"
)
FORGET_ANSWERS = "DELETE FROM cautery.answers WHERE case_id = %(case)s"
FORGET_OLD = (
    "DELETE FROM cautery.answers WHERE case_id = %(case)s AND epoch = %(epoch)s"
    " AND at < clock_timestamp() - %(kept_s)s * interval '1 s'"
)
# What nights of other cases left: of a driver that never came back, and of nodes that died with it.
FORGET_NIGHTS = (
    "UPDATE cautery.nights SET package = NULL WHERE package IS NOT NULL"
    " AND seen_at < clock_timestamp() - interval '1 day'"
)
FORGET_LEFT_JOBS = (
    "DELETE FROM procrastinate_jobs j USING cautery.nights n WHERE n.case_id = j.args->>'case'"
    " AND n.package IS NULL AND NOT EXISTS (SELECT FROM procrastinate_workers w WHERE"
    " w.id = j.worker_id AND w.last_heartbeat > clock_timestamp() - interval '1 min')"
)
FORGET_LEFT_ANSWERS = (
    "DELETE FROM cautery.answers a USING cautery.nights n WHERE n.case_id = a.case_id"
    " AND n.package IS NULL"
)
FORGET_NODES = (
    "DELETE FROM cautery.nodes WHERE NOT draining"
    " AND seen_at < clock_timestamp() - interval '7 days'"
)
ALIVE = (
    "UPDATE cautery.nights SET seen_at = clock_timestamp(), done = %(done)s,"
    " redone = %(redone)s WHERE case_id = %(case)s AND epoch = %(epoch)s"
    " AND package IS NOT NULL RETURNING 1"
)

# One statement files all that waits. Run twice, it files nothing twice.
ASK = (
    "WITH asked AS (SELECT * FROM unnest(%(keys)s::text[], %(kinds)s::text[], %(queues)s::text[],"
    " %(priorities)s::int[], %(questions)s::text[], %(last)s::bool[]) WITH ORDINALITY"
    " AS t (key, kind, queue, priority, question, lasts, place)),"
    " known AS (SELECT key FROM asked JOIN cautery.answers a USING (key)"
    " WHERE a.case_id = %(case)s AND a.epoch = %(epoch)s AND NOT lasts),"
    " fresh AS (SELECT asked.*, concat_ws('/', %(case)s::text, %(epoch)s::text, key) AS name"
    " FROM asked JOIN cautery.nights n ON n.case_id = %(case)s AND n.epoch = %(epoch)s"
    " WHERE key NOT IN (SELECT key FROM known)),"
    " new AS (SELECT * FROM fresh WHERE NOT EXISTS (SELECT FROM procrastinate_jobs j"
    " WHERE j.queueing_lock = name AND j.status = 'todo')"
    " AND NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.queueing_lock = name"
    " AND j.status = 'doing' AND j.worker_id IS NOT NULL))"
    " SELECT ARRAY(SELECT key FROM known), procrastinate_defer_jobs_v1(array_agg("
    "(queue, 'job', priority, CASE WHEN lasts THEN name END, name,"
    " jsonb_build_object('case', %(case)s::text, 'epoch', %(epoch)s::bigint, 'kind', kind,"
    " 'key', key, 'question', question), NULL)::procrastinate_job_to_defer_v1 ORDER BY place))"
    " FROM new"
)
MISSING = (
    "SELECT key FROM unnest(%(keys)s::text[], %(last)s::bool[]) AS t (key, lasts)"
    " WHERE (lasts OR NOT EXISTS (SELECT FROM cautery.answers a"
    " WHERE a.case_id = %(case)s AND a.epoch = %(epoch)s AND a.key = t.key))"
    " AND NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.queueing_lock ="
    " concat_ws('/', %(case)s::text, %(epoch)s::text, t.key) AND j.status IN ('todo', 'doing'))"
)
# Whoever has a node's role may file any bytes under any key: what was not asked, or is longer than
# an answer (MOST_BYTES of one, with its nonce and tag), is not even read; of the rest so many at
# once as fit 64 MiB, the oldest first, but one at least.
TAKE = (
    "WITH new AS (SELECT ctid AS place, sum(CASE WHEN length(answer) <= 16777280"
    " THEN length(answer) ELSE 0 END) OVER oldest AS total, row_number() OVER oldest AS number"
    " FROM cautery.answers WHERE case_id = %(case)s AND epoch = %(epoch)s AND NOT taken"
    " AND key = ANY(%(asked)s) WINDOW oldest AS (ORDER BY at, ctid))"
    " UPDATE cautery.answers SET taken = true FROM new"
    " WHERE ctid = place AND NOT taken AND (number = 1 OR total <= 67108864) RETURNING key,"
    " CASE WHEN length(answer) <= 16777280 THEN answer ELSE ''::bytea END"
)
TAKE_AGAIN = (
    "SELECT key, CASE WHEN length(answer) <= 16777280 THEN answer ELSE ''::bytea END"
    " FROM cautery.answers WHERE case_id = %(case)s AND epoch = %(epoch)s"
    " AND key = ANY(%(keys)s)"
)
WITHDRAW = (
    "SELECT procrastinate_cancel_job_v1(id, true, true) FROM procrastinate_jobs"
    " WHERE queueing_lock = ANY(%(names)s) AND status IN ('todo', 'doing')"
)
REFUSED = (
    "DELETE FROM procrastinate_jobs WHERE status = 'failed' AND starts_with(queueing_lock,"
    " %(begin)s) RETURNING queueing_lock"
)

NIGHT = (
    "SELECT begun_at::text, CASE WHEN begun_at::text <> %(known)s THEN package END,"
    " EXISTS (SELECT FROM cautery.answers a WHERE a.case_id = n.case_id"
    " AND a.epoch = n.epoch AND a.key = %(key)s) FROM cautery.nights n"
    " WHERE case_id = %(case)s AND epoch = %(epoch)s AND package IS NOT NULL"
)
_FILE = (
    "WITH filed AS (INSERT INTO cautery.answers (case_id, epoch, key, answer, node)"
    " SELECT case_id, epoch, %(key)s, %(answer)b, %(node)s FROM cautery.nights"
    " WHERE case_id = %(case)s AND epoch = %(epoch)s AND package IS NOT NULL"
    " ON CONFLICT {again} RETURNING case_id)"
    " SELECT pg_notify('cautery_answers_' || case_id, '') FROM filed"
)
FILE = _FILE.format(again="DO NOTHING")
FILE_LASTING = _FILE.format(
    again="(case_id, epoch, key) DO UPDATE SET answer = excluded.answer, taken = false"
)
OURS = (
    "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND NOT abort_requested"
    " AND worker_id = ANY(%(workers)s)"
)
AGAIN = (
    "SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM procrastinate_jobs"
    " WHERE id = ANY(%(ids)s) AND status = 'doing' AND worker_id = ANY(%(workers)s)"
)
EPOCHS = (
    "SELECT case_id, epoch FROM cautery.nights WHERE case_id = ANY(%(cases)s)"
    " AND package IS NOT NULL AND seen_at > clock_timestamp() - %(silent_s)s * interval '1 s'"
)

# Whoever has a node's role may write any row: a moment is brought to where there are years with
# four digits, and what only pages show, or is longer than any of ours, is not read each second.
NODES = (
    "SELECT name, about, seen_at, draining FROM (SELECT name, draining,"
    " CASE jsonb_typeof(about) WHEN 'object' THEN about - 'history' END AS about,"
    " least(greatest(seen_at, 'epoch'), clock_timestamp()) AS seen_at FROM cautery.nodes"
    " WHERE length(name) <= 40 AND pg_column_size(about) <= 65536"
    " AND seen_at > clock_timestamp() - %(gone_s)s * interval '1 s') AS rows"
    " WHERE length(about::text) <= 4096 ORDER BY name LIMIT 1000"
)
COUNTS = (
    "SELECT count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing'),"
    " (SELECT coalesce(sum(done), 0)::bigint FROM cautery.nights WHERE package IS NOT NULL),"
    " (SELECT coalesce(sum(redone), 0)::bigint FROM cautery.nights WHERE package IS NOT NULL),"
    " (SELECT extract(epoch FROM clock_timestamp() - min(at))::float8"
    " FROM cautery_jobs.procrastinate_events WHERE type = 'deferred' AND isfinite(at) AND job_id ="
    " (SELECT min(id) FROM cautery_jobs.procrastinate_jobs WHERE status = 'todo'))"
    " FROM cautery_jobs.procrastinate_jobs WHERE args->>'case' IN"
    " (SELECT case_id FROM cautery.nights WHERE package IS NOT NULL)"
)


def queue_name(fit: str, *, shard: str = "", lasts: bool = False) -> str:
    """Return the queue of jobs for nodes of one version and recipe: any, or a shard's home.

    It ends with a digest, as it is part of a channel's name, of which PostgreSQL takes 63 bytes.

    Raises
    ------
    InputError
        If a name is too long.
    """
    name = f"{fit} {'lasting' if lasts else f'shard {shard}' if shard else 'any'}"
    if len(name) > _LONGEST_QUEUE or not name.isprintable():
        raise InputError(f"{shard[:50]!r} cannot be the name of a shard, nor {fit[:50]!r} a fit")
    kind = "lasting" if lasts else "shard" if shard else "any"
    return f"{kind} {hashlib.sha256(name.encode()).hexdigest()[:24]}"
