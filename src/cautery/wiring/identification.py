"""References made, and probes answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cautery import wiring
from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.dns import DnsNames
from cautery.adapters.engine import ThreadEngine
from cautery.adapters.http import PoliteClient, SuspectClient
from cautery.adapters.process_engine import ProcessEngine
from cautery.adapters.reading import ReadingPool
from cautery.adapters.streams import SentStreams
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.places import opened, place_of
from cautery.model import Mandate
from cautery.model.ports import Engine
from cautery.workflows.identification import live
from cautery.workflows.identification.build import Builder
from cautery.workflows.identification.draw import Drawing
from cautery.workflows.identification.run import Prober

if TYPE_CHECKING:
    from cautery.workflows.identification.reading import Built
    from cautery.workflows.identification.records import Answer
    from cautery.workflows.identification.results import Results
    from cautery.workflows.identification.run import Asked
    from cautery.workflows.identification.sources import Source

MANY_PROBES = 64
"""From so many on, probes are answered by processes instead of threads, which share one
interpreter."""

T = TypeVar("T")


def build_references(
    sources: Sequence[Source],
    out: Path,
    *,
    strict: bool,
    append: bool,
    jobs: int,
    on_built: Callable[[Built], None],
    on_heard: Callable[[str, float], None],
) -> tuple[Built, ...]:
    """Fingerprint sources of files into a ``.ref``; return what became of each.

    Raises
    ------
    CauteryError
        As the workflow says.
    """

    async def run() -> tuple[Built, ...]:
        async with _workers(jobs) as (decoder, engine):
            builder = Builder(
                out,
                recipe=DEFAULT_RECIPE,
                decoder=decoder,
                engine=engine,
                jobs=jobs,
                on_built=on_built,
                on_heard=on_heard,
            )
            return await builder.build(sources, strict=strict, append=append)

    return _unwrapped(run())


def build_live(
    sources: Sequence[Source],
    out: Path,
    mandate: Mandate,
    *,
    rolling: bool,
    window_s: float,
    told: Callable[[str], None],
) -> tuple[str, ...]:
    """Fingerprint feeds under a mandate; return those of which nothing came.

    Raises
    ------
    CauteryError
        As the workflow says.
    """

    async def run() -> tuple[str, ...]:
        async with AsyncExitStack() as stack:
            decoder, engine = await stack.enter_async_context(_workers(2))
            policy = replace(mandate.network, rate_per_host=wiring.OWN_FEEDS_PER_S)
            names = DnsNames(policy.resolver)
            fetcher = await stack.enter_async_context(
                PoliteClient(policy, names, wiring.clock(), services=mandate.services)
            )
            readers = await stack.enter_async_context(_readers())
            ports = live.LivePorts(
                fetcher=fetcher,
                readers=readers,
                streams=SentStreams(policy, names, wiring.clock()),
                decoder=decoder,
                engine=engine,
                clock=wiring.clock(),
            )
            return await live.build_live(
                sources,
                out,
                mandate,
                ports,
                recipe=DEFAULT_RECIPE,
                window_s=window_s,
                rolling=rolling,
                told=told,
            )

    return _unwrapped(run())


def identify(
    probes: Sequence[Path | str],
    references: Path,
    asked: Asked,
    *,
    jobs: int,
    results: Results | None,
    plots: Path | None,
    on_answer: Callable[[Answer], None],
) -> None:
    """Answer probes by a ``.ref`` file or a live folder; ``on_answer`` is told each, in order.

    Raises
    ------
    CauteryError
        As the workflow says.
    """

    async def run() -> None:
        async with AsyncExitStack() as stack:
            processes = len(probes) >= MANY_PROBES and jobs > 1
            decoder, engine = await stack.enter_async_context(_workers(jobs, processes=processes))
            fetcher = readers = None
            if asked.mandate is not None:
                policy = asked.mandate.network
                names = DnsNames(policy.resolver)
                fetcher = await stack.enter_async_context(
                    SuspectClient(policy, names, wiring.clock())
                )
                readers = await stack.enter_async_context(_readers())
            drawing = None
            if plots is not None:
                drawing = Drawing(plots, opened(place_of(references)), wiring.write_file)
            prober = Prober(
                references,
                asked,
                decoder=decoder,
                engine=engine,
                clock=wiring.clock(),
                fetcher=fetcher,
                readers=readers,
                draw=None if drawing is None else drawing.draw,
            )
            answers = prober.answers(probes, jobs=jobs, results=results)
            async with aclosing(answers):
                async for answer in answers:
                    on_answer(answer)

    _unwrapped(run())


def _readers() -> ReadingPool:
    return ReadingPool(
        ("cautery.formats.jobs",), workers=2, without_seccomp=wiring.without_seccomp()
    )


@asynccontextmanager
async def _workers(
    jobs: int, *, processes: bool = False
) -> AsyncIterator[tuple[ChildDecoder, Engine]]:
    engine = ProcessEngine(jobs) if processes else ThreadEngine(jobs)
    try:
        async with ChildDecoder(workers=jobs, without_seccomp=wiring.without_seccomp()) as decoder:
            yield decoder, engine
    finally:
        engine.close()


def _unwrapped(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; of several tasks' failures the first one is told."""
    try:
        return asyncio.run(work)
    except ExceptionGroup as errors:
        error: BaseException = errors
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        raise error from None
