"""What a database saw of the jobs of a night: triggers write down each step of each job.

Questions are opened with the nodes' key, so that each look is counted for its stream. What is
counted here says whether a night lost anything: a look that was asked stands once in the case, or
was under way when the watch ended.
"""

from __future__ import annotations

import base64
import contextlib
import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from cautery.adapters._job_sealing import NightKey
from cautery.adapters.objects import Objects
from cautery.adapters.reference_shelf import S3Shelf
from cautery.errors import CauteryError
from cautery.wiring.node_nights import SHELF
from cautery.workflows.media.published import LIST, MOST_LIST, list_of
from cautery.workflows.media.shard_jobs import HEAR

LOOK = "look"
POLL_S = 0.4
PATIENCE_S = 90.0
"""A driver waits for a look no longer: 25 s, 30 s for a node that dies, and 60 requests of others
at the host, of whose rate each machine has its part, a dead one for 15 s: 2.4 s for each."""

INSTALL = """
CREATE SCHEMA bench;
CREATE TABLE bench.steps (id bigserial, at timestamptz NOT NULL DEFAULT clock_timestamp(),
  what text NOT NULL, key text NOT NULL, node text NOT NULL DEFAULT '', args jsonb);
CREATE FUNCTION bench.job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO bench.steps (what, key, args) VALUES ('asked', NEW.args->>'key', NEW.args);
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO bench.steps (what, key) VALUES ('gone', OLD.args->>'key');
  ELSIF NEW.status <> OLD.status THEN
    INSERT INTO bench.steps (what, key) VALUES (NEW.status::text, NEW.args->>'key');
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION bench.answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bench.steps (what, key, node) VALUES
    (CASE WHEN TG_WHEN = 'BEFORE' THEN 'tried' WHEN TG_OP = 'INSERT' THEN 'answered'
     WHEN NEW.taken THEN 'taken' ELSE 'answered' END, NEW.key, NEW.node);
  RETURN NEW;
END $$;
CREATE FUNCTION bench.node() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bench.steps (what, key, node)
    SELECT 'home', shard, NEW.name FROM jsonb_array_elements_text(NEW.about->'shards') AS shard;
  RETURN NULL;
END $$;
CREATE TRIGGER bench AFTER INSERT OR UPDATE OR DELETE ON cautery_jobs.procrastinate_jobs
  FOR EACH ROW EXECUTE FUNCTION bench.job();
CREATE TRIGGER bench_tried BEFORE INSERT ON cautery.answers
  FOR EACH ROW EXECUTE FUNCTION bench.answer();
CREATE TRIGGER bench_answered AFTER INSERT OR UPDATE ON cautery.answers
  FOR EACH ROW EXECUTE FUNCTION bench.answer();
CREATE TRIGGER bench AFTER INSERT OR UPDATE ON cautery.nodes
  FOR EACH ROW EXECUTE FUNCTION bench.node();
"""


class Step(NamedTuple):
    """One step of a job.

    Parameters
    ----------
    at_s : float
        Epoch seconds.
    what : str
        ``asked``, ``doing``, ``todo`` (again), ``tried`` (a node files an answer), ``answered`` (it
        stands), ``taken`` (by the driver), ``gone``, another status, or ``home``: a node says,
        every two seconds, that the shard ``key`` is at home there.
    node : str
        Of an answer, or a home.
    stream : str
        Of a look that is asked.
    """

    at_s: float
    what: str
    key: str
    kind: str = ""
    node: str = ""
    stream: str = ""


class Kill(NamedTuple):
    """A node that was killed.

    Parameters
    ----------
    under_way : frozenset of str
        Keys of the jobs that it had begun, and may have ended.
    """

    at_s: float
    node: str
    under_way: frozenset[str]


class Published(NamedTuple):
    """A list of a shard, as its home published it."""

    at_s: float
    shard: str
    node: str


@dataclass(frozen=True, kw_only=True)
class Looks:
    """The looks of a night, counted.

    Parameters
    ----------
    asked, recorded : int
    under_way : int
        Asked, and ended by the end of the watch.
    lost : tuple of str
        Keys of those that were asked earlier and of which nothing is recorded.
    more : int
        Records of looks that nobody asked.
    answered_twice : int
        Keys with a second answer that stands.
    done_twice : int
        Keys for which two nodes filed an answer, of which one stands.
    """

    asked: int
    recorded: int
    under_way: int
    lost: tuple[str, ...]
    more: int
    answered_twice: int
    done_twice: int


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """How soon others went on after a kill, seconds; ``None``: not before the end.

    Parameters
    ----------
    answer_s : float or None
        Until another node answered anything.
    redone_s : tuple of (float or None)
        Until what the dead node had under way was answered by another one.
    homes_s : mapping of str to (float or None)
        By shard that was at home there, until another node said that it is at home there now: it
        answers then, at most two seconds before it says so.
    published_s : mapping of str to (float or None)
        Until that one published it.
    """

    answer_s: float | None
    redone_s: tuple[float | None, ...]
    homes_s: Mapping[str, float | None]
    published_s: Mapping[str, float | None]


def install(database: str) -> None:
    """Have the steps of jobs written down from now on."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(INSTALL)


def steps_of(database: str, nodes_key: bytes) -> list[Step]:
    """Return all steps, in order."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT extract(epoch FROM at)::float8, what, key, node, args FROM bench.steps"
            " ORDER BY id"
        ).fetchall()
    kinds: dict[str, str] = {}
    steps = []
    for at_s, what, key, node, args in rows:
        stream = ""
        if args is not None:
            kinds[key] = args["kind"]
            stream = _stream(nodes_key, args) if args["kind"] == LOOK else ""
        steps.append(Step(at_s, what, key, kinds.get(key, ""), node, stream))
    return steps


def _stream(nodes_key: bytes, args: Any) -> str:
    night = NightKey(nodes_key, args["case"], args["epoch"])
    sealed = base64.b64decode(args["question"])
    return str(night.open("question", args["kind"], args["key"], sealed)["question"]["key"])


def looks_of(
    steps: Sequence[Step], recorded: Iterable[tuple[str, float]], *, ended_s: float
) -> Looks:
    """Count the looks of a night.

    The looks at one stream follow each other: between two that are asked, one is recorded.

    Parameters
    ----------
    recorded : iterable of (str, float)
        Stream and time of each record of a look.
    ended_s : float
        When the watch ended.
    """
    turns: dict[str, list[tuple[float, str]]] = defaultdict(list)
    asked: set[str] = set()
    for step in steps:
        # What a crash of the database lost is asked under the same key again.
        if step.what == "asked" and step.kind == LOOK and step.key not in asked:
            asked.add(step.key)
            turns[step.stream].append((step.at_s, step.key))
    count = 0
    for stream, at_s in recorded:
        count += 1
        turns[stream].append((at_s, ""))
    lost: list[str] = []
    more = under_way = 0
    for turns_of_one in turns.values():
        waiting = ""
        for at_s, key in sorted(turns_of_one):
            if key and waiting:
                lost.append(waiting)
            more += not key and not waiting
            waiting, since_s = key, at_s
        if waiting and ended_s - since_s > PATIENCE_S:
            lost.append(waiting)
        elif waiting:
            under_way += 1
    stands, tried = Counter[str](), Counter[str]()
    for step in steps:
        if step.kind == LOOK:
            stands[step.key] += step.what == "answered"
            tried[step.key] += step.what == "tried"
    return Looks(
        asked=len(asked),
        recorded=count,
        under_way=under_way,
        lost=tuple(lost),
        more=more,
        answered_twice=sum(number > 1 for number in stands.values()),
        done_twice=sum(number > 1 for number in tried.values()),
    )


def recovery(kill: Kill, steps: Sequence[Step], lists: Sequence[Published]) -> Recovery:
    """Return how soon others went on after a kill."""
    by_others = [
        step
        for step in steps
        if step.what == "answered" and step.at_s > kill.at_s and step.node != kill.node
    ]
    first = {step.key: step.at_s - kill.at_s for step in reversed(by_others)}
    said = [(step.at_s, step.key, step.node) for step in steps if step.what == "home"]
    homes = {shard: node for at_s, shard, node in said if at_s <= kill.at_s}
    shards = sorted(shard for shard, node in homes.items() if node == kill.node)
    ended = {step.key for step in steps if step.what == "answered" and step.node == kill.node} | {
        step.key for step in steps if step.what in ("answered", "gone") and step.at_s <= kill.at_s
    }
    return Recovery(
        answer_s=min(first.values(), default=None),
        redone_s=tuple(first.get(key) for key in sorted(kill.under_way - ended)),
        homes_s={shard: _elsewhere(kill, shard, said) for shard in shards},
        published_s={shard: _elsewhere(kill, shard, lists) for shard in shards},
    )


def _elsewhere(kill: Kill, shard: str, said: Iterable[tuple[float, str, str]]) -> float | None:
    later = (
        at_s - kill.at_s
        for at_s, said_of, node in said
        if said_of == shard and node != kill.node and at_s > kill.at_s
    )
    return min(later, default=None)


def next_answer_s(
    node: str, since_s: float, steps: Iterable[Step], *, of: Collection[str] | None = None
) -> float | None:
    """Return after how many seconds a node filed an answer that stands; ``None``: it did not.

    Parameters
    ----------
    of : collection of str, optional
        Keys of the jobs that count; all, if it is left out.
    """
    return next(
        (
            step.at_s - since_s
            for step in steps
            if step.what == "answered"
            and step.node == node
            and step.at_s > since_s
            and (of is None or step.key in of)
        ),
        None,
    )


def begun(lines: Iterable[Mapping[str, Any]], *, since_s: float = 0.0) -> frozenset[str]:
    """Return the keys of the jobs that a node says it began since, but those that last."""
    return frozenset(
        line["key"]
        for line in lines
        if line.get("turn") == "began"
        and line["kind"] != HEAR
        and datetime.fromisoformat(line["at"]).timestamp() >= since_s
    )


def differing_records(
    told: Iterable[Mapping[str, Any]], stands: Mapping[int, tuple[str, Any]]
) -> list[int]:
    """Return the numbers of records that were told and stand otherwise in the case, or not."""
    return [
        line["index"]
        for line in told
        if "index" in line and stands.get(line["index"]) != (line["kind"], line["body"])
    ]


@dataclass
class Shelf:
    """Looks at the published lists of a night's shards, beside it."""

    vault: str
    database: str
    nodes_key: bytes
    lists: list[Published] = field(default_factory=list)

    @contextlib.contextmanager
    def watched(self) -> Iterator[Shelf]:
        """Look at them as long as this lasts."""
        over = threading.Event()
        looking = threading.Thread(target=self._look, args=(over,), daemon=True)
        looking.start()
        try:
            yield self
        finally:
            over.set()
            looking.join(10)

    def _look(self, over: threading.Event) -> None:
        shelf = S3Shelf(Objects(self.vault), SHELF)
        versions: dict[str, str | None] = {}
        with psycopg.connect(self.database, autocommit=True) as connection:
            while not over.wait(POLL_S):
                for (key,) in connection.execute(
                    "SELECT DISTINCT key FROM bench.steps WHERE what = 'asked'"
                    " AND args->>'kind' = %s",
                    [HEAR],
                ).fetchall():
                    shard = key.partition(":")[2]
                    name = f"{shard}/{LIST}"
                    # A store that is away for a moment is asked again.
                    with contextlib.suppress(CauteryError, OSError):
                        version = shelf.version(name)
                        if version == versions.get(name):
                            continue
                        published = shelf.get(name, most=MOST_LIST)
                        if published is None:
                            continue
                        versions[name] = published[0]
                        listed = list_of(published[1], shard=shard, key=self.nodes_key)
                        self.lists.append(Published(listed.at_s, shard, listed.node))
