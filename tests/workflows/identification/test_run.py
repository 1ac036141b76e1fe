"""Probes answered by threads and by processes, and what a worker's death leaves behind."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import sys
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cautery.adapters.clock import SystemClock
from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.engine import ThreadEngine
from cautery.adapters.process_engine import ProcessEngine
from cautery.errors import InputError, WorkerError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References
from cautery.identify.references.saved import save
from cautery.model import Decoded
from cautery.workflows.identification.records import Answer
from cautery.workflows.identification.run import Asked, Prober

_NONE = np.empty((0, 36, 64), np.uint8)
_SPEC = importlib.util.spec_from_file_location(
    "identification_media", Path(__file__).with_name("media.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
media = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(media)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two references and twelve probes: the first, the second, none of them, and so on."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "probes").mkdir()
    held = References(DEFAULT_RECIPE, [ReferenceInfo(id=one, kind="work") for one in ("a", "b")])
    tunes = [media.tune(seed, 30) for seed in range(3)]
    for info, tune in zip(held.infos, tunes, strict=False):
        audio = tune.reshape(-1, media.RATE // 8000).mean(axis=1)
        none = Decoded(audio=audio, audio_s=0.0, luma=_NONE, luma_s=np.empty(0), duration_s=30.0)
        held.add(info.id, none, at_s=0.0)
    save(held, folder / "two.ref")
    for at, tune in enumerate(tunes):
        made = media.write(folder / "probes" / f"{at:02}.m4a", tune[: 12 * media.RATE])
        for again in range(1, 4):
            (folder / "probes" / f"{3 * again + at:02}.m4a").hardlink_to(made)
    return folder


def _answers(
    world: Path, probes: list[Path], engine: Any, after: Callable[[int], None] = lambda _: None
) -> list[Answer]:
    async def run() -> list[Answer]:
        answers = []
        async with ChildDecoder(workers=2) as decoder:
            prober = Prober(
                world / "two.ref", Asked(), decoder=decoder, engine=engine, clock=SystemClock()
            )
            async for answer in prober.answers(probes, jobs=2):
                answers.append(answer)
                after(len(answers))
        return answers

    try:
        return asyncio.run(run())
    finally:
        engine.close()


def answered(
    world: Path, engine: Any, after: Callable[[int], None] = lambda _: None
) -> list[dict[str, Any]]:
    probes = sorted((world / "probes").iterdir())
    return [one.line for one in _answers(world, probes, engine, after)]


def test_processes_answer_as_threads_do(world: Path) -> None:
    by_threads = answered(world, ThreadEngine(2))
    assert [one["channels"] for one in by_threads] == [["a"], ["b"], []] * 4
    assert answered(world, ProcessEngine(2)) == by_threads


def test_a_worker_that_is_killed_between_or_within_probes_costs_no_answer(world: Path) -> None:
    engine = ProcessEngine(1)  # of two probes at once the second waits for it, or is in it
    killed: list[int] = []

    def kill(count: int) -> None:
        if count in (1, 5):
            for pid in engine.pids:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    lines = answered(world, engine, kill)
    assert killed
    assert [one["channels"] for one in lines] == [["a"], ["b"], []] * 4


def test_a_probe_that_kills_its_workers_gets_a_line_that_says_so_and_the_others_theirs(
    world: Path,
) -> None:
    class Deadly(ThreadEngine):
        looked = 0

        async def run(self, task: Any, *arguments: object) -> Any:
            self.looked += 1
            if self.looked == 1:
                raise WorkerError("a task's process died 2 times")
            return await super().run(task, *arguments)

    lines = answered(world, Deadly(1))
    (broken,) = [one for one in lines if one["score"] is None]
    assert broken["reason"] == "could not be read: a task's process died 2 times"
    assert len(lines) == 12
    assert sum(bool(one["channels"]) for one in lines) >= 7


def test_references_that_are_replaced_meanwhile_end_the_run(world: Path, tmp_path: Path) -> None:
    (tmp_path / "two.ref").write_bytes((world / "two.ref").read_bytes())
    other = References(DEFAULT_RECIPE, [ReferenceInfo(id="other", kind="work")])
    probes = sorted((world / "probes").iterdir())
    with pytest.raises(InputError, match="were replaced"):
        _answers(tmp_path, probes, ThreadEngine(1), lambda count: save(other, tmp_path / "two.ref"))


def test_damage_of_a_long_probe_is_counted_once_and_not_at_every_part(
    world: Path, tmp_path: Path
) -> None:
    tune, probe = media.tune(0, 140), tmp_path / "long.ts"
    pieces = [(0, 70), (72, 130), (132, 140)]
    made = [
        media.write(tmp_path / f"{a}.ts", tune[a * media.RATE : b * media.RATE], "mp2", start_s=a)
        for a, b in pieces
    ]
    probe.write_bytes(b"".join(one.read_bytes() for one in made))
    (answer,) = _answers(world, [probe], ThreadEngine(1))
    assert "2 gaps" in answer.reason
    assert "1 gaps" not in answer.reason


def test_references_of_another_recipe_are_refused(world: Path, tmp_path: Path) -> None:
    save(
        References(replace(DEFAULT_RECIPE, pairs=7), [ReferenceInfo(id="a")]), tmp_path / "two.ref"
    )
    with pytest.raises(InputError, match="another recipe"):
        _answers(tmp_path, [world / "probes" / "00.m4a"], ThreadEngine(1))


def test_a_long_probes_stretches_lie_where_they_are_early_and_late(
    world: Path, tmp_path: Path
) -> None:
    sound = np.zeros((13 * 60, 8000))
    for seed, start_s in ((0, 105), (1, 695)):
        sound[start_s : start_s + 30] = media.tune(seed, 30).reshape(30, 8000, -1).mean(axis=2)
    with wave.open(str(tmp_path / "long.wav"), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes((sound * 16000).astype("<i2").tobytes())
    (answer,) = _answers(world, [tmp_path / "long.wav"], ThreadEngine(1))
    assert answer.found is not None
    first, second = answer.found.stretches
    assert (first.references, second.references) == (("a",), ("b",))
    assert (first.start_s, first.end_s) == pytest.approx((105, 135), abs=1.1)
    assert (second.start_s, second.end_s) == pytest.approx((695, 725), abs=1.1)
    assert first.offset_s == pytest.approx(0, abs=1.1)
    assert second.confirmed


@pytest.mark.parametrize("many", [1, 1000], ids=["processes", "threads"])
def test_an_interrupt_ends_the_run_and_all_that_it_started(world: Path, many: int) -> None:
    code = (
        "import sys; from cautery.wiring import identification;"
        "identification.MANY_PROBES = int(sys.argv.pop(1));"
        "from cautery.cli import main; main()"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(many), "identify", str(world / "probes"),
         "--references", str(world / "two.ref"), "--json", "--jobs", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert run.stdout is not None
    first = json.loads(run.stdout.readline())
    children = _below(run.pid)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert first["channels"] == ["a"]
    assert run.returncode == 130
    assert said.rstrip().endswith("stopped")
    assert children
    assert not [pid for pid in children if _runs(pid)]


def _below(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(one) for path in listed for one in path.read_text().split()]
    return found + [deeper for one in found for deeper in _below(one)]


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
