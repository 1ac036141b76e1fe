"""What is asked of the database for jobs, as SQL.

Reaches: nothing. Lawful basis and manners: those of :mod:`cautery.adapters.job_queue`.
Format: docs/reference/server-format.md; procrastinate's functions, whose names have versions.
"""

from __future__ import annotations

ANY, LASTING, IDLE = "any", "lasting", "nothing"
"""Queues: of jobs for any node, of those that last, and one in which there is never a job."""
SHARD = "shard "
"""Before the name of a shard: the queue of jobs for the node at which it is at home."""

BEGIN = (
    "INSERT INTO cautery.nights VALUES (%(case)s, 1, %(driver)s, NULL, clock_timestamp(),"
    " clock_timestamp()) ON CONFLICT (case_id) DO UPDATE SET epoch = nights.epoch + 1,"
    " driver = %(driver)s, package = NULL, begun_at = clock_timestamp(),"
    " seen_at = clock_timestamp() RETURNING epoch"
)
PACKAGE = "UPDATE cautery.nights SET package = %(package)b WHERE case_id = %(case)s"
END_JOBS = (
    "SELECT procrastinate_cancel_job_v1(id, true, true) FROM procrastinate_jobs"
    " WHERE args->>'case' = %(case)s AND status IN ('todo', 'doing')"
)
FORGET_JOBS = (
    "DELETE FROM procrastinate_jobs WHERE args->>'case' = %(case)s"
    " AND status NOT IN ('todo', 'doing')"
)
FORGET_ANSWERS = "DELETE FROM cautery.answers WHERE case_id = %(case)s"
ALIVE = (
    "UPDATE cautery.nights SET seen_at = clock_timestamp()"
    " WHERE case_id = %(case)s AND epoch = %(epoch)s RETURNING 1"
)
STANDS = "SELECT 1 FROM cautery.nights WHERE case_id = %(case)s AND epoch = %(epoch)s FOR UPDATE"

# One statement files all that waits. Run twice, it files nothing twice.
ASK = (
    "WITH asked AS (SELECT * FROM unnest(%(keys)s::text[], %(kinds)s::text[], %(queues)s::text[],"
    " %(priorities)s::int[], %(questions)s::text[]) WITH ORDINALITY"
    " AS t (key, kind, queue, priority, question, place)),"
    " known AS (SELECT key FROM asked JOIN cautery.answers a USING (key)"
    " WHERE a.case_id = %(case)s AND a.epoch = %(epoch)s),"
    " fresh AS (SELECT asked.*, concat_ws('/', %(case)s::text, %(epoch)s::text, key) AS name"
    " FROM asked JOIN cautery.nights n ON n.case_id = %(case)s AND n.epoch = %(epoch)s"
    " WHERE key NOT IN (SELECT key FROM known)),"
    " new AS (SELECT * FROM fresh WHERE NOT EXISTS (SELECT FROM procrastinate_jobs j"
    " WHERE j.queueing_lock = name AND j.status = 'todo')"
    " AND NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.queueing_lock = name"
    " AND j.status = 'doing' AND j.worker_id IS NOT NULL))"
    " SELECT ARRAY(SELECT key FROM known), procrastinate_defer_jobs_v1(array_agg("
    "(queue, 'job', priority, CASE queue WHEN 'lasting' THEN name END, name,"
    " jsonb_build_object('case', %(case)s::text, 'epoch', %(epoch)s::bigint, 'kind', kind,"
    " 'key', key, 'question', question), NULL)::procrastinate_job_to_defer_v1 ORDER BY place))"
    " FROM new"
)
MISSING = (
    "SELECT key FROM unnest(%(keys)s::text[]) AS t (key) WHERE NOT EXISTS (SELECT FROM"
    " cautery.answers a WHERE a.case_id = %(case)s AND a.epoch = %(epoch)s AND a.key = t.key)"
    " AND NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.queueing_lock ="
    " concat_ws('/', %(case)s::text, %(epoch)s::text, t.key) AND j.status IN ('todo', 'doing'))"
)
TAKE = (
    "UPDATE cautery.answers SET taken = true WHERE case_id = %(case)s AND epoch = %(epoch)s"
    " AND NOT taken RETURNING key, answer"
)
TAKE_AGAIN = (
    "SELECT key, answer FROM cautery.answers WHERE case_id = %(case)s AND epoch = %(epoch)s"
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
    "SELECT package, EXISTS (SELECT FROM cautery.answers a WHERE a.case_id = n.case_id"
    " AND a.epoch = n.epoch AND a.key = %(key)s) FROM cautery.nights n"
    " WHERE case_id = %(case)s AND epoch = %(epoch)s AND package IS NOT NULL"
)
_FILE = (
    "WITH filed AS (INSERT INTO cautery.answers (case_id, epoch, key, answer, node)"
    " SELECT case_id, epoch, %(key)s, %(answer)b, %(node)s FROM cautery.nights"
    " WHERE case_id = %(case)s AND epoch = %(epoch)s ON CONFLICT {again} RETURNING case_id)"
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

SEEN = (
    "INSERT INTO cautery.nodes VALUES (%(name)s, %(said)s, clock_timestamp())"
    " ON CONFLICT (name) DO UPDATE SET said = %(said)s, seen_at = clock_timestamp()"
    " RETURNING clock_timestamp()"
)
FORGET_NODES = "DELETE FROM cautery.nodes WHERE seen_at < clock_timestamp() - interval '1 day'"
NODES = "SELECT name, said::text, seen_at FROM cautery.nodes ORDER BY name LIMIT 1000"
