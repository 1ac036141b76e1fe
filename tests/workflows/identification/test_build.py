"""Files fingerprinted into one ``.ref``, which grows, is built by one process, and survives kills."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.engine import ThreadEngine
from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.references import held as references_held
from cautery.identify.references import joining
from cautery.identify.references.opening import load
from cautery.workflows.identification import appending, build
from cautery.workflows.identification.build import Builder
from cautery.workflows.identification.reading import Built
from cautery.workflows.identification.sources import Source

_SPEC = importlib.util.spec_from_file_location(
    "identification_media", Path(__file__).with_name("media.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
media = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(media)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    folder = tmp_path_factory.mktemp("works")
    return [
        Source(id=name, files=(media.write(folder / f"{name}.m4a", media.tune(seed, 12)),))
        for seed, name in enumerate(("one", "two", "three", "four"))
    ]


def made(out: Path, sources: Sequence[Source], **wishes: Any) -> tuple[Built, ...]:
    async def run() -> tuple[Built, ...]:
        engine = ThreadEngine(2)
        try:
            async with ChildDecoder(workers=2) as decoder:
                builder = Builder(out, recipe=DEFAULT_RECIPE, decoder=decoder, engine=engine)
                return await builder.build(sources, **wishes)
        finally:
            engine.close()

    return asyncio.run(run())


def held(path: Path) -> list[str]:
    return [info.id for info in load(path).infos]


@pytest.fixture
def grown(sources: list[Source], tmp_path: Path) -> Path:
    made(tmp_path / "x.ref", sources[:2])
    return tmp_path / "x.ref"


def test_append_maps_each_file_once_however_many_references_it_holds(
    grown: Path, sources: list[Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[Path] = []

    def counted(path: Path, **wishes: Any) -> Any:
        loads.append(path)
        return load(path, **wishes)

    for module in (build, appending):
        monkeypatch.setattr(module, "load_references", counted)
    monkeypatch.setattr(joining, "load", counted)
    made(grown, sources[2:], append=True)
    assert held(grown) == ["one", "two", "three", "four"]
    assert loads.count(grown) == 1
    assert len(loads) == 1 + 2 * len(sources[2:])


def test_two_builds_of_one_file_do_not_lose_each_others_work(
    grown: Path, sources: list[Source], tmp_path: Path
) -> None:
    parts = tmp_path / f"x.ref{build.PARTS}"
    handle = build._locked(parts)
    with pytest.raises(InputError, match="another process is building it"):
        made(grown, sources[2:], append=True)
    parts.rmdir()
    build.os.close(handle)
    made(grown, sources[2:], append=True)
    assert held(grown) == ["one", "two", "three", "four"]
    assert not parts.exists()


def test_an_append_killed_after_the_file_was_written_goes_on_without_doubles(
    grown: Path, sources: list[Source], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: Builder) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Builder, "_sweep", killed)
        with pytest.raises(KeyboardInterrupt):
            made(grown, sources[2:3], append=True)
    assert (tmp_path / f"x.ref{build.PARTS}").exists()
    outcomes = made(grown, sources[2:], append=True)
    assert [outcome.kept for outcome in outcomes] == [True, False]
    assert held(grown) == ["one", "two", "three", "four"]


def test_a_part_of_other_media_under_an_id_that_is_held_is_refused(
    grown: Path, sources: list[Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Source(id="one", files=sources[3].files)

    def killed(_: Builder, *_parts: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Builder, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            made(grown, [other])
    with pytest.raises(InputError, match="already holds 'one'"):
        made(grown, [other], append=True)


def test_what_a_killed_writer_left_half_written_is_removed(
    grown: Path, sources: list[Source], tmp_path: Path
) -> None:
    for name in (".writing-x.ref-abc", ".writing-y.ref-abc"):
        (tmp_path / name).write_bytes(b"half")
    made(grown, sources[2:3], append=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".writing-y.ref-abc", "x.ref"]


def test_a_file_that_is_replaced_during_an_append_is_not_written_over(
    grown: Path, sources: list[Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Builder._write

    def late(builder: Builder, *rest: Any) -> None:
        grown.write_bytes(grown.read_bytes())
        write(builder, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(Builder, "_write", late)
        with pytest.raises(InputError, match="replaced during the build"):
            made(grown, sources[2:], append=True)
    assert held(grown) == ["one", "two"]
    assert all(outcome.kept for outcome in made(grown, sources[2:], append=True))


def test_more_sources_than_a_file_holds_are_refused_before_anything_is_read(
    sources: list[Source], tmp_path: Path
) -> None:
    many = [Source(id=f"r{number}", files=sources[0].files) for number in range(4097)]
    with pytest.raises(InputError, match="4,097 references"):
        made(tmp_path / "x.ref", many)
    assert not list(tmp_path.iterdir())


def test_the_same_work_under_two_ids_is_told_when_it_is_built(
    grown: Path, sources: list[Source]
) -> None:
    twin, other = made(grown, [Source(id="uno", files=sources[0].files), sources[2]], append=True)
    assert twin.warnings == ("it has the same sound as 'one': a probe of either names both",)
    assert other.warnings == ()
    assert held(grown) == ["one", "two", "uno", "three"]


def test_silent_works_are_no_twins(tmp_path: Path) -> None:
    silence = 0 * media.tune(0, 12)
    quiet = [
        Source(id=name, files=(media.write(tmp_path / f"{name}.m4a", silence),))
        for name in ("a", "b")
    ]
    for outcome in made(tmp_path / "x.ref", quiet):
        assert outcome.warnings == ("its sound is silent throughout",)


def test_of_a_recording_that_is_too_long_the_beginning_is_held_and_the_rest_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references_held, "LONGEST_WORK_S", 100.0)
    day = Source(id="day", files=(media.write(tmp_path / "day.m4a", media.tune(7, 130)),))
    (outcome,) = made(tmp_path / "x.ref", [day])
    assert outcome.failures == ("day.m4a: day: a work may last at most 100 s",)
    assert 59 < outcome.seconds < 61
    assert held(tmp_path / "x.ref") == ["day"]
