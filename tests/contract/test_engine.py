"""One suite over every adapter of the engine's port, and what only processes can suffer."""

from __future__ import annotations

import asyncio
import math
import operator
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cautery.adapters.engine import ThreadEngine
from cautery.adapters.process_engine import ProcessEngine
from cautery.errors import CauteryError, InputError

Any = ThreadEngine | ProcessEngine
# A worker is a fresh interpreter that cannot import a test's own functions.
DIES_ONCE = "'done' if path.exists() else (path.touch(), __import__('os')._exit(9))"
SLEEPS = "(path.touch(), __import__('time').sleep(seconds), __import__('os').getpid())[2]"


@pytest.fixture(params=[ThreadEngine, ProcessEngine])
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    made: Any = request.param(2)
    yield made
    made.close()


@pytest.fixture
def processes() -> Iterator[ProcessEngine]:
    made = ProcessEngine(2)
    yield made
    made.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def there(path: Path) -> None:
    while not path.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
        await asyncio.sleep(0.01)


async def started(engine: ProcessEngine, shard: int) -> int:
    return await engine.run_at(shard, os.getpid)


async def test_a_task_runs_and_its_result_comes_back(engine: Any) -> None:
    assert await engine.run(math.gcd, 12, 18) == 6
    made = await engine.run(np.multiply, np.arange(200_000), 3)
    assert made[-1] == 3 * 199_999


async def test_many_tasks_at_once_each_get_their_own_result(engine: Any) -> None:
    found = await asyncio.gather(
        *(engine.run_at(n % 5, operator.mul, n, n) for n in range(40)),
        *(engine.run(operator.neg, n) for n in range(40)),
    )
    assert found == [*(n * n for n in range(40)), *(-n for n in range(40))]


async def test_what_a_task_raises_comes_through(engine: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        await engine.run(operator.floordiv, 1, 0)
    assert await engine.run(operator.add, 1, 1) == 2


async def test_the_event_loop_goes_on_while_a_task_runs(engine: Any) -> None:
    task = asyncio.create_task(engine.run(time.sleep, 0.3))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 3


async def test_a_closed_engine_says_so(engine: Any) -> None:
    engine.close()
    with pytest.raises(CauteryError, match="closed"):
        await engine.run(operator.add, 1, 1)


async def test_a_shards_tasks_run_in_one_process_that_is_not_ours(
    processes: ProcessEngine,
) -> None:
    homes = [{await started(processes, shard) for _ in range(3)} for shard in (0, 1)]
    assert [len(one) for one in homes] == [1, 1]
    assert len({os.getpid(), *homes[0], *homes[1]}) == 3


async def test_what_cannot_cross_a_process_is_refused_with_a_remedy(
    processes: ProcessEngine,
) -> None:
    with pytest.raises(InputError, match="cannot be sent") as told:
        await processes.run(lambda: 1)
    assert "importable" in told.value.hint


async def test_an_error_that_cannot_be_pickled_comes_as_its_text(
    processes: ProcessEngine,
) -> None:
    with pytest.raises(CauteryError, match=r"BrokenSealError.*abc"):
        await processes.run(
            exec,
            "from cautery.errors import BrokenSealError\n"
            "raise BrokenSealError('abc', sealed='1', found='2')",
        )


async def test_a_result_that_cannot_be_pickled_is_an_error(processes: ProcessEngine) -> None:
    with pytest.raises(CauteryError, match="cannot be sent"):
        await processes.run(eval, "(n for n in ())")


async def test_a_task_whose_worker_dies_is_done_by_a_fresh_one(
    processes: ProcessEngine, tmp_path: Path
) -> None:
    before = await started(processes, 0)
    assert await processes.run_at(0, eval, DIES_ONCE, {"path": tmp_path / "died"}) == "done"
    assert await started(processes, 0) != before
    assert not alive(before)


async def test_a_worker_killed_from_outside_in_a_task_is_replaced(
    processes: ProcessEngine, tmp_path: Path
) -> None:
    victim = await started(processes, 0)
    task = asyncio.create_task(
        processes.run_at(0, eval, SLEEPS, {"path": tmp_path / "up", "seconds": 0.5})
    )
    await there(tmp_path / "up")
    os.kill(victim, signal.SIGKILL)
    assert await task != victim


async def test_a_task_that_kills_every_worker_is_a_clear_error(processes: ProcessEngine) -> None:
    with pytest.raises(CauteryError, match="died 2 times"):
        await processes.run_at(0, os._exit, 3)
    assert await processes.run_at(0, operator.add, 2, 2) == 4


async def test_a_task_that_never_ends_is_ended() -> None:
    engine = ProcessEngine(1, most_s=1.0)
    try:
        with pytest.raises(CauteryError, match="more than 1 s"):
            await engine.run(time.sleep, 60)
    finally:
        engine.close()


async def test_what_a_task_prints_does_not_harm_its_answer(processes: ProcessEngine) -> None:
    assert await processes.run(print, "noise") is None
    assert await processes.run(operator.add, 1, 2) == 3


async def test_an_interrupt_of_the_terminal_does_not_end_a_worker(
    processes: ProcessEngine,
) -> None:
    pid = await started(processes, 0)
    os.kill(pid, signal.SIGINT)
    assert await started(processes, 0) == pid


async def test_closing_ends_all_workers_even_busy_ones(tmp_path: Path) -> None:
    engine = ProcessEngine(2)
    tasks = [
        asyncio.create_task(
            engine.run_at(n, eval, SLEEPS, {"path": tmp_path / str(n), "seconds": 60})
        )
        for n in range(2)
    ]
    await there(tmp_path / "0")
    await there(tmp_path / "1")
    pids = engine.pids
    await asyncio.to_thread(engine.close)
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)
    assert all(isinstance(one, CauteryError) for one in found)
