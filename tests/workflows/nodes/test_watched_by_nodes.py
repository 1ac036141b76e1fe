"""A small watch of many streams by nodes of which one is killed: each look counts once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.looks import MANDATE, NOON, Hears, film, node_looks

from cautery.adapters.engine import ThreadEngine
from cautery.adapters.night_keys import NightKeys
from cautery.adapters.vault_folder import FolderVault
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.lab.jobs import LabQueue, LabServer
from cautery.model import Entry, Finding
from cautery.model.ports.jobs import JobAsked
from cautery.model.records import ExhibitSealed, ProbeDone
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.media.tape import Tape
from cautery.workflows.nodes.looking import NightLooks, look_handlers
from cautery.workflows.watch.pace import Heard, Pace
from cautery.workflows.watch.probing import side_by_side as crew
from cautery.workflows.watch.probing.alignments import sealed_from
from cautery.workflows.watch.probing.by_jobs import JobPorts, LooksByJobs
from cautery.workflows.watch.probing.probes import Prober
from cautery.workflows.watch.probing.side_by_side import side_by_side
from cautery.workflows.watch.streams import Stream

KEY = b"k" * 32
STREAMS, LOOKS = 8, 2


class Slow:
    """A fetcher whose servers take a moment."""

    def __init__(self, fetcher: Any) -> None:
        self._fetcher = fetcher

    async def fetch(self, url: str, **how: Any) -> Any:
        await asyncio.sleep(0.003)
        return await self._fetcher.fetch(url, **how)


@pytest.mark.parametrize("killed_after", [None, 0, 1, 3, 6, 10, 15])
async def test_each_look_is_recorded_once_whenever_a_node_is_killed(
    *,
    answers: Callable[..., Any],
    case: Case,
    journal: Journal,
    heard: list[Entry],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed_after: int | None,
) -> None:
    monkeypatch.setattr(crew, "LOOKED_S", 0.005)
    engine, tape = ThreadEngine(), Tape(tmp_path, window_s=60.0)
    references = References(
        DEFAULT_RECIPE,
        (ReferenceInfo(id="work-1", kind="work", event=None, clean=False, territory=None),),
    )
    references.add("work-1", film(60.0), at_s=0.0)
    urls = [f"http://pirate{number}.example/film.ts" for number in range(STREAMS)]
    streams = {
        url: Stream(
            url=url, key=url, host=url[7:22], title=None, source="list", first_seen=NOON
        )
        for url in urls
    }  # fmt: skip
    queue = LabQueue()
    jobs = queue.jobs("c", epoch=1)
    begun = Counter[str]()

    def served(name: str) -> tuple[LabServer, asyncio.Future[None]]:
        keys, server = NightKeys(), queue.server(name)
        looks = node_looks(
            references,
            tape,
            fetcher=Slow(answers(dict.fromkeys(urls, b"media"))),
            decoder=Hears(film(60.0)),
            engine=engine,
            vault=FolderVault(case.path / "vault", keys),
            keys=keys,
            key=KEY,
        )

        async def night(asked: JobAsked) -> NightLooks:
            begun[name] += asked.kind == "look"
            if name == "lyon" and begun.total() > (killed_after or 0) and killed_after is not None:
                asyncio.get_running_loop().call_later(0.001, server.die)
            return looks

        serving = asyncio.ensure_future(server.serve(look_handlers(night), capacity=2))
        return server, serving

    nodes = [served(name) for name in ("lyon", "oslo", "turin")]
    for server, _ in nodes:
        await server.home(f"node:{server.name}", here=True)
    looks = LooksByJobs(
        JobPorts(
            jobs=jobs,
            adopt_key=case.keys.subjects.adopt,  # type: ignore[union-attr]
            piece=sealed_from(tape, journal),
            knows=references.knows,
        ),
        journal=journal,
    )
    pace = Pace(MANDATE, streams, heard=lambda: Heard(until={}, filled=True), journal=journal)
    prober = Prober(
        MANDATE, streams, looks, recipe=DEFAULT_RECIPE.name, journal=journal,
        on_verdict=lambda _: None, pace=pace,
    )  # fmt: skip
    working = asyncio.ensure_future(side_by_side(prober.work, lambda: looks.capacity))
    try:
        for _ in range(10_000):
            assert not working.done(), working.result()
            idle = [one for one in streams.values() if not one.in_hand]
            for one in idle:
                one.due = NOON if one.probes < LOOKS else NOON.replace(year=2099)
            if len(idle) == STREAMS and all(one.probes >= LOOKS for one in idle):
                break
            await asyncio.sleep(0.005)
    finally:
        working.cancel()
        jobs.end()
        for _, serving in nodes:
            serving.cancel()
        await asyncio.gather(working, *(one for _, one in nodes), return_exceptions=True)
        engine.close()

    records = [entry.content for entry in heard]
    done = Counter(one.url for one in records if isinstance(one, ProbeDone))
    assert done == dict.fromkeys(urls, LOOKS)
    assert all(one.hindered is None and one.node for one in records if isinstance(one, ProbeDone))
    assert {one.verdict.finding for one in streams.values() if one.verdict} == {Finding.PROVEN}
    assert all(one.aligned for one in streams.values())
    sealed = [one.exhibit.id for one in records if isinstance(one, ExhibitSealed)]
    assert len(sealed) == len(set(sealed))
    if killed_after is not None and begun["lyon"]:
        assert {node.name for node in jobs.nodes()} <= {"oslo", "turin"}
