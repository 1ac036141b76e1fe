"""Looks in this process, as a watch on one machine has them, and by nodes in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from cautery.adapters.clock import FixedClock
from cautery.adapters.night_keys import NightKeys
from cautery.adapters.vault_folder import FolderVault
from cautery.errors import CauteryError, DecodeError, LimitError, WorkerError
from cautery.identify.references.held import References
from cautery.lab.readers import ReadersHere
from cautery.model import (
    AUDIO_RATE_HZ,
    Channel,
    Decoded,
    Event,
    Json,
    KeyedPseudonyms,
    Mandate,
    Regime,
    Window,
    Work,
)
from cautery.model.own_secrets import OwnSecrets
from cautery.model.ports import Decoder, Engine
from cautery.model.ports.jobs import Handler, JobAnswer, JobAsked, JobLeftError, NodeSeen
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.tape import Tape
from cautery.workflows.nodes.looking import NightLooks, NightPorts, look_handlers
from cautery.workflows.nodes.reach import StoreReach
from cautery.workflows.watch.probing.alignments import piece_from, sealed_from
from cautery.workflows.watch.probing.by_jobs import JobPorts, LooksByJobs
from cautery.workflows.watch.probing.here import LooksHere
from cautery.workflows.watch.probing.looker import LookPorts

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

MANDATE = Mandate(
    id="m",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=NOON + timedelta(hours=1)),
    territories=("FR",),
    works=(Work(id="work-1", title="A Film", legal_basis="rights"),),
    channels=(
        Channel(id="sport", names=("Sport",), legal_basis="rights", event="cup"),
        Channel(id="news", names=("News",), legal_basis="rights"),
    ),
    events=(Event(id="cup", name="Cup", kick_off=NOON, legal_basis="rights"),),
)


def film(seconds: float) -> Decoded:
    """Seconds of tones that change ten times a second: a work's sound, without pictures."""
    rng = np.random.default_rng(11)
    step = AUDIO_RATE_HZ // 10
    tones = rng.uniform(200, 3400, (round(seconds * 10), 3))
    axis = np.arange(step) / AUDIO_RATE_HZ
    sound = np.concatenate(
        [np.sin(2 * np.pi * one[:, None] * axis).sum(axis=0) / 4 for one in tones]
    )
    return Decoded(
        audio=sound.astype(np.float32),
        audio_s=0.0,
        luma=np.zeros((0, 36, 64), np.uint8),
        luma_s=np.zeros(0),
        duration_s=seconds,
    )


class Hears:
    """Fulfils the decoder's port with given media, or fails as told."""

    def __init__(self, result: Decoded | CauteryError) -> None:
        self.result = result
        self.pictures_asked: list[bool] = []

    async def decode(self, data: bytes, *, pictures: bool) -> Decoded:
        self.pictures_asked.append(pictures)
        if isinstance(self.result, CauteryError):
            raise self.result
        if pictures:
            return self.result
        return replace(self.result, luma=self.result.luma[:0], luma_s=self.result.luma_s[:0])

    async def still(self, data: bytes, *, at_s: float) -> bytes:
        raise DecodeError("no picture there")


def looks_here(
    references: References,
    tape: Tape,
    *,
    fetcher: Any,
    decoder: Decoder,
    engine: Engine,
    journal: Journal,
) -> LooksHere:
    """Return looks that compare with these references."""
    ports = LookPorts(
        fetcher=fetcher,
        readers=ReadersHere(),
        decoder=decoder,
        engine=engine,
        stamps_s=tape.stamps_s,
    )
    return LooksHere(references, ports, piece_from(tape, journal), journal=journal)


@dataclass(slots=True)
class JobsInMemory:
    """Fulfils the port of jobs by nodes of this process; all that travels is text in between.

    Parameters
    ----------
    nodes : mapping
        By name, what each node does with its jobs; the first one that lives does a job.
    dying : list of str
        Nodes that die of the next job that they begin, after they have done all of it.
    twice : bool
        Every job is done by two nodes; the first answer counts.
    """

    nodes_by_name: Mapping[str, Mapping[str, Handler]]
    capacity: int = 2
    dying: list[str] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    twice: bool = False
    altered: Callable[[str, Any], Any] = lambda kind, content: content
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    priorities: list[int] = field(default_factory=list)
    answers: dict[str, JobAnswer] = field(default_factory=dict)

    async def ask(
        self,
        kind: str,
        question: Json,
        *,
        key: str,
        shard: str = "",
        within_s: float,
        priority: int = 0,
    ) -> JobAnswer:
        """Have a job done; what has been answered is not done again."""
        self.priorities.append(priority)
        text = json.dumps(question, allow_nan=False)
        self.texts.append(text)
        tries, left = 0, list[str]()
        while key not in self.answers:
            living = [name for name in self.nodes_by_name if name not in self.dead]
            living = [name for name in living if name not in left] or living
            if shard:
                living = [name for name in living if f"node:{name}" == shard]
            if not living:
                raise LimitError(f"no node answered within {within_s:.0f} s")
            for name in living[: 2 if self.twice else 1]:
                self.asked.append((kind, name, key))
                job = JobAsked(
                    case="c",
                    epoch=1,
                    night={},
                    kind=kind,
                    key=key,
                    question=json.loads(text),
                    run=tries + len(left),
                )
                try:
                    content = await self.nodes_by_name[name][kind](job)
                except JobLeftError:
                    left.append(name)
                    continue
                if name in self.dying:  # before anybody has its answer
                    self.dying.remove(name)
                    self.dead.add(name)
                    tries += 1
                    continue
                answered = json.dumps(self.altered(kind, json.loads(json.dumps(content))))
                self.texts.append(answered)
                self.answers.setdefault(
                    key, JobAnswer(node=name, at=NOON, content=json.loads(answered))
                )
            if tries > 1:
                raise WorkerError("two nodes died of this job")
        return self.answers[key]

    async def keep(self, kind: str, question: Json, *, key: str) -> None:
        """No lasting job is kept here."""
        raise NotImplementedError

    async def withdraw(self, key: str) -> None:
        """Nothing waits here."""

    def nodes(self) -> tuple[NodeSeen, ...]:
        """Return the nodes that live."""
        return tuple(
            NodeSeen(
                name=name,
                version="1",
                recipe="r",
                clock_late_s=0.0,
                free_bytes=1,
                capacity=self.capacity,
                at_work=0,
                shards=(),
                seen_at=NOON,
            )
            for name in self.nodes_by_name
            if name not in self.dead
        )


def node_looks(
    references: References,
    tape: Tape,
    *,
    fetcher: Any,
    decoder: Decoder,
    engine: Engine,
    vault: Any,
    keys: NightKeys,
    key: bytes,
    behind: Callable[[], bool] = lambda: False,
) -> NightLooks:
    """Return what one node does with a night's jobs, sealing into the folder of a case's vault."""
    pseudonyms = KeyedPseudonyms(key)
    return NightLooks(
        NightPorts(
            fetcher=fetcher,
            readers=ReadersHere(),
            decoder=decoder,
            engine=engine,
            clock=FixedClock(NOON),
            vault=vault,
            keys=keys,
            pseudonyms=pseudonyms,
            secrets=OwnSecrets(pseudonyms),
            references=lambda: references,
            stamps_s=tape.stamps_s,
            behind=behind,
            was_slow=lambda since_s: False,
            reach=StoreReach(lambda: None),
        )
    )


def looks_by_jobs(
    references: References,
    tape: Tape,
    *,
    fetcher: Any,
    decoder: Decoder,
    engine: Engine,
    journal: Journal,
    case: Any,
    key: bytes,
    names: tuple[str, ...] = ("lyon", "oslo"),
    behind: Callable[[], bool] = lambda: False,
) -> tuple[LooksByJobs, JobsInMemory]:
    """Return looks by nodes of this process that share the case's vault, and their jobs."""

    def handlers() -> Mapping[str, Handler]:
        keys = NightKeys()
        looks = node_looks(
            references,
            tape,
            fetcher=fetcher,
            decoder=decoder,
            engine=engine,
            vault=FolderVault(case.path / "vault", keys),
            keys=keys,
            key=key,
            behind=behind,
        )

        async def night(_: JobAsked) -> NightLooks:
            return looks

        return look_handlers(night)

    jobs = JobsInMemory({name: handlers() for name in names})
    ports = JobPorts(
        jobs=jobs,
        adopt_key=case.keys.subjects.adopt,
        piece=sealed_from(tape, journal),
        knows=references.knows,
    )
    return LooksByJobs(ports, journal=journal), jobs
