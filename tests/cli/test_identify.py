"""References from files, and what files are by them: the whole way, with small real media."""

from __future__ import annotations

import gzip
import importlib.util
import json
import lzma
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cautery.cli import app
from cautery.cli.identify import _what
from cautery.errors import CauteryError, InputError
from cautery.model.identification import Stretch
from cautery.workflows.identification.records import KEYS, STRETCH_KEYS

MANDATE = """\
[mandate]
id = "m"
who = "Example League"
regime = "gdpr"
legal_basis = "exclusive rights"
start = 2026-01-01T00:00:00Z
end = 2999-01-01T00:00:00Z
territories = ["FR"]
[[channel]]
id = "arena"
names = ["Arena"]
[network]
allow = ["127.0.0.0/8"]
"""
_SPEC = importlib.util.spec_from_file_location(
    "identification_media", Path(__file__).parents[1] / "workflows" / "identification" / "media.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
media = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(media)


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(one) for one in words])
    if isinstance(result.exception, CauteryError):
        raise result.exception
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    one, two = media.tune(1, 40), media.tune(2, 40)
    media.write(folder / "film.m4a", one)
    (folder / "arena").mkdir()
    for at in range(4):
        part = two[at * 10 * media.RATE : (at + 1) * 10 * media.RATE]
        media.write(folder / "arena" / f"seg-{at + 7}.ts", part, start_s=at * 10 + 100)
    (folder / "broken.ts").write_bytes(b"\x47" + bytes(4000))
    (folder / "probes").mkdir()
    media.write(folder / "probes" / "a.ts", two[22 * media.RATE : 34 * media.RATE], "mp2")
    media.write(folder / "probes" / "b.m4a", one[5 * media.RATE : 17 * media.RATE])
    media.write(folder / "probes" / "c.m4a", media.tune(3, 12))
    media.write(folder / "probes" / "d.m4a", 0 * media.tune(3, 12))
    (folder / "probes" / "e.ts").write_bytes(b"")
    code, _, said = run(
        "references", "build", folder / "film.m4a", folder / "arena", folder / "broken.ts",
        "-o", folder / "league.ref",
    )  # fmt: skip
    assert code == 1
    assert "broken: left out" in said
    assert not (folder / "league.ref.parts").exists()
    return folder


@pytest.fixture(scope="module")
def answered(world: Path) -> tuple[int, dict[str, dict[str, object]]]:
    """The exit code of a run over all probes, and its lines."""
    code, out, _ = run("identify", world / "probes", "--references", world / "league.ref", "--json")
    return code, _lines(out)


def _lines(text: str) -> dict[str, dict[str, object]]:
    return {Path(one["probe"]).name: one for one in map(json.loads, text.splitlines())}


def test_each_probe_is_one_line_with_the_keys_that_were_promised(answered):
    code, lines = answered
    assert code == 1
    assert sorted(lines) == ["a.ts", "b.m4a", "c.m4a", "d.m4a", "e.ts"]
    assert all(tuple(one) == KEYS for one in lines.values())


def test_the_schema_that_is_printed_holds_for_every_line(answered):
    _, out, _ = run("identify", "--schema")
    schema = json.loads(out)
    kinds = {"string": str, "number": (int, float), "boolean": bool, "array": list,
             "null": type(None)}  # fmt: skip
    assert tuple(schema["required"]) == tuple(schema["properties"]) == KEYS
    assert answered[1]
    for line in answered[1].values():
        for name, said in schema["properties"].items():
            allowed = said["type"] if isinstance(said["type"], list) else [said["type"]]
            assert any(isinstance(line[name], kinds[one]) for one in allowed), name


def test_what_runs_one_after_the_other_is_not_told_as_one_or_the_other():
    def runs(*names: str, at_s: float = 0, part: tuple[float, ...] | None = None) -> Stretch:
        return Stretch(
            references=names, start_s=at_s, end_s=at_s + 20, offset_s=0.0, part=part
        )  # fmt: skip

    assert _what(["a", "b"], [runs("a"), runs("b", at_s=20)]) == "a, then b"
    assert _what(["a", "b"], [runs("b", "a")]) == "a or b"
    three = [runs("a", "b"), runs("c", at_s=20), runs("b", "a", at_s=40)]
    assert _what(["a", "b", "c"], three) == "a or b, then c"
    assert _what(["a", "b"], []) == "a or b"
    assert _what(["a"], [runs("a"), runs("advert", at_s=20)]) == "a"
    assert _what(["a", "b"], [runs("a"), runs("b", part=(0.5, 0.5, 0.4, 0.4))]) == "a beside b"


def test_a_probe_is_named_with_the_place_in_consecutive_media(answered):
    _, lines = answered
    assert lines["a.ts"]["channels"] == ["arena"]
    assert lines["a.ts"]["offset_s"] == pytest.approx(22, abs=0.2)
    assert lines["a.ts"]["confirmed"] is True
    assert lines["a.ts"]["delay_s"] is None
    assert lines["b.m4a"]["channels"] == ["film"]
    assert lines["c.m4a"]["channels"] == []


def test_a_line_has_the_timetable_of_its_probe(world, tmp_path):
    one, two = (media.tune(seed, 40) for seed in (1, 2))
    at = media.RATE
    probe = np.concatenate([one[2 * at : 28 * at], two[10 * at : 34 * at]])
    media.write(tmp_path / "both.m4a", probe)
    words = ("identify", tmp_path / "both.m4a", "--references", world / "league.ref")
    code, out, _ = run(*words, "--json")
    first, second = json.loads(out)["stretches"]
    assert code == 0
    assert tuple(first) == STRETCH_KEYS
    assert (first["references"], second["references"]) == (["film"], ["arena"])
    # The programme changes at 26 s, in the middle of a window from 20 to 30 s.
    assert first["start_s"] == pytest.approx(0, abs=0.5)
    assert first["end_s"] == pytest.approx(26, abs=5)
    assert second["start_s"] == pytest.approx(26, abs=5)
    assert second["end_s"] == pytest.approx(50, abs=0.5)
    assert first["end_s"] <= second["start_s"] + 5
    assert first["offset_s"] - first["start_s"] == pytest.approx(2, abs=0.3)
    assert second["offset_s"] - second["start_s"] == pytest.approx(10 - 26, abs=0.3)
    assert 100 < first["likelihood_ratio"] < 2000
    assert (first["speed"], first["confirmed"]) == (1, True)


def test_the_same_work_under_two_ids_is_named_by_both(world, tmp_path):
    (tmp_path / "cinema.m4a").write_bytes((world / "film.m4a").read_bytes())
    out = tmp_path / "twins.ref"
    _, _, said = run("references", "build", world / "film.m4a", tmp_path / "cinema.m4a", "-o", out)
    assert "it has the same sound as" in said
    _, text, _ = run("identify", world / "probes" / "b.m4a", "--references", out, "--json")
    line = json.loads(text)
    assert (line["channels"], line["licensee"]) == (["cinema", "film"], None)
    assert [sorted(one["references"]) for one in line["stretches"]] == [["cinema", "film"]]


def test_a_pipe_in_a_folder_is_answered_for_and_not_waited_for(world, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.ts").write_bytes((world / "probes" / "a.ts").read_bytes())
    os.mkfifo(folder / "pipe.ts")
    code, out, _ = run("identify", folder, "--references", world / "league.ref", "--json")
    lines = _lines(out)
    assert code == 1
    assert lines["a.ts"]["channels"] == ["arena"]
    assert "neither a file nor a folder" in lines["pipe.ts"]["reason"]
    code, _, said = run("references", "build", folder, "-o", tmp_path / "mixed.ref")
    assert code == 1
    assert "pipe.ts" in said
    assert (tmp_path / "mixed.ref").exists()


def test_silence_is_no_opinion_and_an_empty_file_a_reason(answered):
    _, lines = answered
    assert lines["d.m4a"]["probability"] is None
    assert "silent" in lines["d.m4a"]["reason"]
    assert lines["e.ts"]["score"] is None
    assert "empty" in lines["e.ts"]["reason"]


def test_a_steady_tone_is_no_opinion(world, tmp_path):
    at = np.arange(12 * media.RATE) / media.RATE
    for name, hertz, codec in (("one.ts", (440,), "mp2"), ("dial.m4a", (350, 440), "aac")):
        sound = sum(np.sin(2 * np.pi * one * at) for one in hertz) / 5
        media.write(tmp_path / name, sound.astype(np.float32), codec)
    _, out, _ = run("identify", tmp_path, "--references", world / "league.ref", "--json")
    for line in _lines(out).values():
        assert line["probability"] is None
        assert "a steady tone" in line["reason"]


def test_a_link_that_leads_nowhere_is_answered_for(world, tmp_path):
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "gone.ts").symlink_to(world / "gone.ts")
    code, out, _ = run(
        "identify", tmp_path / "probes", "--references", world / "league.ref", "--json"
    )
    assert code == 1
    line = _lines(out)["gone.ts"]
    assert line["score"] is None
    assert "No such file" in line["reason"]
    (tmp_path / "arena").mkdir()
    (tmp_path / "arena" / "1.m4a").symlink_to(world / "film.m4a")
    (tmp_path / "arena" / "2.m4a").symlink_to(world / "gone.m4a")
    code, _, said = run("references", "build", tmp_path / "arena", "-o", tmp_path / "one.ref")
    assert code == 1
    assert "left out: 2.m4a" in said

    code, out, _ = run(
        "identify", tmp_path / "probes" / "gone.ts", world / "probes" / "a.ts",
        "--references", world / "league.ref", "--json",
    )  # fmt: skip
    assert code == 1
    assert [one["score"] is None for one in _lines(out).values()] == [True, False]


def test_a_link_is_a_reference_by_its_own_name(world, tmp_path):
    (tmp_path / "cup-final.m4a").symlink_to(world / "film.m4a")
    (tmp_path / "sport").symlink_to(world / "arena")
    (tmp_path / "gone.ts").symlink_to(world / "gone.ts")
    code, _, said = run(
        "references", "build", tmp_path / "cup-final.m4a", tmp_path / "sport", tmp_path / "gone.ts",
        "-o", tmp_path / "links.ref",
    )  # fmt: skip
    assert code == 1
    assert "gone: left out" in said
    _, out, _ = run("references", "info", tmp_path / "links.ref", "--json")
    assert [one["id"] for one in json.loads(out)["references"]] == ["cup-final", "sport"]


def test_references_take_the_place_of_nothing_else(world, tmp_path):
    film = tmp_path / "film.m4a"
    film.write_bytes((world / "film.m4a").read_bytes())
    with pytest.raises(InputError, match="already holds something else"):
        run("references", "build", film, "-o", film)
    assert film.read_bytes() == (world / "film.m4a").read_bytes()
    (tmp_path / "old.ref").write_bytes((world / "league.ref").read_bytes()[:500])
    assert run("references", "build", film, "-o", tmp_path / "old.ref")[0] == 0


def test_a_stream_that_cannot_be_reached_is_told_without_its_password(world, tmp_path):
    (tmp_path / "m.toml").write_text(MANDATE)
    asked = ("--references", world / "league.ref", "--mandate", tmp_path / "m.toml")
    url = "http://anna:s3cret@127.0.0.1:1/live/index.m3u8?token=s3cret"
    out = tmp_path / "r.jsonl"
    code, table, said = run("identify", url, *asked, "-o", out)
    assert code == 1
    assert "127.0.0.1:1/live/index.m3u8" in said
    kept = out.read_text() + out.with_name("r.jsonl.seen").read_text()
    assert json.loads(out.read_text())["probe"] == "http://127.0.0.1:1/live/index.m3u8"
    assert "s3cret" not in table + said + kept


def test_packed_media_are_answered_as_plain_ones(world, tmp_path):
    plain = (world / "probes" / "a.ts").read_bytes()
    (tmp_path / "a.ts.xz").write_bytes(lzma.compress(plain))
    (tmp_path / "cut.ts.gz").write_bytes(gzip.compress(plain)[:2000])
    (tmp_path / "film.m4a.gz").write_bytes(gzip.compress((world / "film.m4a").read_bytes()))
    run("references", "build", tmp_path / "film.m4a.gz", world / "arena", "-o", tmp_path / "a.ref")
    asked = ("--references", tmp_path / "a.ref", "--json")
    _, out, _ = run("identify", world / "probes" / "b.m4a", *asked)
    assert json.loads(out)["channels"] == ["film"]
    code, out, _ = run("identify", tmp_path, world / "probes" / "a.ts", *asked)
    packed, cut, film, whole = (json.loads(line) for line in out.splitlines()[-4:])
    assert film["channels"] == ["film"]
    assert code == 1
    assert "too early" in cut["reason"] or "ended" in cut["reason"]
    assert {**packed, "probe": ""} == {**whole, "probe": ""}
    assert whole["channels"] == ["arena"]


def test_what_is_piped_in_is_answered(world):
    piped = CliRunner().invoke(
        app,
        ["identify", "-", "--references", str(world / "league.ref"), "--json"],
        input=(world / "probes" / "a.ts").read_bytes(),
    )
    line = json.loads(piped.stdout)
    assert (line["probe"], line["channels"]) == ("-", ["arena"])


def test_a_run_goes_on_where_another_stopped(world, tmp_path):
    out = tmp_path / "r.jsonl"
    words = ("--references", world / "league.ref", "-o", out, "--json")
    run("identify", world / "probes" / "a.ts", *words)
    first = out.read_bytes()
    _, _, said = run("identify", world / "probes", *words)
    assert out.read_bytes().startswith(first)
    assert "5 probes (1 answered before)" in said
    assert len(out.read_text().splitlines()) == 5


def test_a_drawing_is_made_of_each_probe_that_was_read(world, tmp_path):
    run("identify", world / "probes" / "a.ts", "--references", world / "league.ref", "--plot",
        "--plots", tmp_path / "plots")  # fmt: skip
    (drawn,) = (tmp_path / "plots").iterdir()
    text = drawn.read_text()
    assert text.startswith("<?xml")
    assert "arena" in text


def test_a_killed_build_does_not_read_again_what_it_had(world, tmp_path):
    out = tmp_path / "again.ref"
    with pytest.raises(CauteryError, match="could not be read completely: broken"):
        run("references", "build", world / "film.m4a", world / "broken.ts", "-o", out, "--strict")
    assert not out.exists()
    code, _, said = run("references", "build", world / "film.m4a", "-o", out)
    assert code == 0
    assert "already there" in said
    assert out.exists()


def test_append_keeps_what_was_there_and_refuses_an_id_twice(world, tmp_path):
    out = tmp_path / "more.ref"
    run("references", "build", world / "film.m4a", "-o", out)
    run("references", "build", world / "arena", "-o", out, "--append")
    _, text, _ = run("references", "info", out, "--json")
    assert [one["id"] for one in json.loads(text)["references"]] == ["film", "arena"]
    with pytest.raises(InputError, match="already holds 'film'"):
        run("references", "build", world / "film.m4a", "-o", out, "--append")


def test_a_map_names_the_event_and_the_licensee(world, tmp_path):
    table = tmp_path / "ids.csv"
    table.write_text(f"path,channel,event,feed\n{world / 'arena'},arena-1,md34,arena-1\n")
    out = tmp_path / "mapped.ref"
    run("references", "build", "--map", table, "-o", out)
    _, text, _ = run("identify", world / "probes" / "a.ts", "--references", out, "--json")
    line = json.loads(text)
    assert (line["channels"], line["event"], line["licensee"]) == (["arena-1"], "md34", "arena-1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gone.ts",), "no such file"),
        (("https://a.example/x.m3u8",), "only under a mandate"),
        (("{a}", "--hint", "nobody"), "no such reference"),
        (("{a}", "--base-rate", "1.5"), "between 0 and 1"),
    ],
)
def test_a_wrong_question_is_refused(world, words, said):
    told = [one.replace("{a}", str(world / "probes" / "a.ts")) for one in words]
    with pytest.raises(InputError, match=said):
        run("identify", *told, "--references", world / "league.ref")


def test_what_references_hold_is_told_by_the_schema_that_is_printed(world):
    _, text, _ = run("references", "info", "--schema")
    schema = json.loads(text)
    one = schema["properties"]["references"]["items"]
    _, text, _ = run("references", "info", world / "league.ref", "--json")
    line = json.loads(text)
    assert list(line) == schema["required"] == list(schema["properties"])
    assert list(line["most"]) == schema["properties"]["most"]["required"]
    assert (line["count"], line["bytes"]) == (2, (world / "league.ref").stat().st_size)
    assert line["seconds"] == pytest.approx(80, abs=1)
    assert list(line["recipe"]) == schema["properties"]["recipe"]["required"]
    assert len(line["references"]) == 2
    for held in line["references"]:
        assert list(held) == one["required"] == list(one["properties"])
        assert held["kind"] in one["properties"]["kind"]["enum"]
        assert len(held["span_s"]) == one["properties"]["span_s"]["minItems"]


def test_a_folder_that_holds_no_live_references_is_said_to_be_one(world, tmp_path):
    with pytest.raises(InputError, match="not a live folder of references"):
        run("identify", world / "probes" / "a.ts", "--references", tmp_path)


def test_a_damaged_ref_is_refused(world, tmp_path):
    held = bytearray((world / "league.ref").read_bytes())
    held[len(held) // 2] ^= 0xFF
    path = tmp_path / "damaged.ref"
    path.write_bytes(held)
    with pytest.raises(InputError):
        run("identify", world / "probes" / "a.ts", "--references", path)
