"""Data on stdout, talk on stderr; JSON parses; errors are sentences; nothing steers the terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.cli.render import printable, printable_lines

ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\r"
LIST = f"#EXTM3U\n#EXTINF:-1,Sport {ESCAPE}\nhttp://panel.example/live/anna/s3cret/17.ts\n"
STEERING = ("\x1b", "\x07", "\x9b", "\u202e", "\r")
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
id = "sport-1"
names = ["Sport One"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "list.m3u").write_text(LIST, encoding="utf-8")
    (tmp_path / "mandate.toml").write_text(MANDATE)
    (tmp_path / "titles.txt").write_text(f"Sport One HD\nKnitting {ESCAPE}\n", encoding="utf-8")
    (tmp_path / "garbage").write_bytes(b"\x00\x01garbage" * 100)
    (tmp_path / "object.json").write_text("{}")
    (tmp_path / "facts").mkdir()
    return tmp_path


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_schema_is_a_json_schema_that_says_what_a_mandate_holds(
    cautery: Callable[..., Any],
) -> None:
    ended = cautery("watch", "--schema")
    schema = json.loads(ended.out)
    assert ended.code == 0
    assert schema["type"] == "object"
    assert schema["required"] == ["mandate"]
    assert {"mandate", "event", "channel", "partner", "work", "order", "approver", "source"} <= set(
        schema["properties"]
    )
    refs = {one["$ref"] for one in _walk(schema) if "$ref" in one}
    assert refs
    assert all(one.removeprefix("#/$defs/") in schema["$defs"] for one in refs)


def _walk(value: Any) -> list[dict[str, Any]]:
    found = [value] if isinstance(value, dict) else []
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in below:
        found += _walk(one)
    return found


def test_a_lists_entries_are_json_lines_without_credentials(
    cautery: Callable[..., Any], folder: Path
) -> None:
    ended = cautery("read", folder / "list.m3u", "--json")
    assert ended.code == 0
    [entry] = lines(ended.out)
    assert entry["title"].startswith("Sport ")
    assert "s3cret" not in ended.out + ended.err


@pytest.mark.parametrize(
    "command",
    [
        ("read", "list.m3u"),
        ("resolve", "titles.txt", "--catalogue", "mandate.toml"),
        ("resolve", "list.m3u", "--catalogue", "mandate.toml"),
    ],
    ids=" ".join,
)
def test_a_hostile_title_does_not_steer_the_terminal(
    cautery: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch, command: Any
) -> None:
    monkeypatch.chdir(folder)
    ended = cautery(*command)
    assert ended.code == 0, ended.err
    assert "evil" in ended.out, "it is shown, only tamed"
    assert [one for one in STEERING if one in ended.out + ended.err] == []


def test_an_error_that_quotes_hostile_text_does_not_steer_the_terminal(
    cautery: Callable[..., Any], folder: Path
) -> None:
    ended = cautery("read", folder / f"no{ESCAPE}such.m3u")
    assert ended.code == 2
    assert "evil" in ended.err
    assert [one for one in STEERING if one in ended.err] == []


@given(st.text())
def test_printable_text_keeps_its_length_and_holds_no_control_character(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert shown.isprintable()
    assert printable(shown) == shown
    assert all(old == new for old, new in zip(text, shown, strict=True) if old.isprintable())


@given(st.text())
def test_lines_stay_lines_and_are_each_printable(text: str) -> None:
    assert all(one.isprintable() for one in printable_lines(text).split("\n"))


def test_titles_resolve_to_a_right_or_to_none(cautery: Callable[..., Any], folder: Path) -> None:
    ended = cautery(
        "resolve", folder / "titles.txt", "--catalogue", folder / "mandate.toml", "--json"
    )
    assert [one["id"] for one in lines(ended.out)] == ["sport-1", None]


def test_a_guard_without_facts_names_the_remedy(
    cautery: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAUTERY_DATA", raising=False)
    ended = cautery("guard", "192.0.2.1")
    assert ended.code == 2
    assert "--facts DIR" in ended.err


def test_a_refused_target_ends_with_code_1_and_says_why(
    cautery: Callable[..., Any], folder: Path
) -> None:
    ended = cautery("guard", "192.0.2.1", "--facts", folder / "facts", "--json")
    [verdict] = lines(ended.out)
    assert verdict["verdict"] == "refuse"
    assert verdict["reasons"]
    assert ended.code == 1


def test_a_persons_key_is_made_once_and_its_public_half_is_what_a_mandate_takes(
    cautery: Callable[..., Any], tmp_path: Path
) -> None:
    key = tmp_path / "a.pem"
    made = cautery("keys", "new", key)
    assert made.code == 0
    assert made.out.startswith('public_key = "')
    assert key.stat().st_mode & 0o777 == 0o600
    assert cautery("keys", "public", key).out == made.out
    again = cautery("keys", "new", key)
    assert again.code != 0
    assert cautery("keys", "public", key).out == made.out, "the first key is kept"


BAD = {
    "watch: no mandate": ("watch", "none.toml", "--case", "case"),
    "watch: garbage": ("watch", "garbage", "--case", "case"),
    "watch: case is a file": ("watch", "mandate.toml", "--case", "list.m3u"),
    "verify: nothing there": ("verify", "none"),
    "verify: a file": ("verify", "garbage"),
    "verify: an empty folder": ("verify", "facts"),
    "read: nothing there": ("read", "none.m3u"),
    "read: a folder": ("read", "facts"),
    "read: garbage": ("read", "garbage"),
    "read: no such reader": ("read", "list.m3u", "--kind", "torrent"),
    "resolve: no titles": ("resolve", "none", "--catalogue", "mandate.toml"),
    "resolve: no catalogue": ("resolve", "titles.txt", "--catalogue", "none.csv"),
    "resolve: no country": (
        "resolve",
        "titles.txt",
        "--catalogue",
        "mandate.toml",
        "--country",
        "ZZ",
    ),
    "resolve: garbage": ("resolve", "titles.txt", "--catalogue", "garbage"),
    "identify: no references": ("identify", "list.m3u", "--references", "none.ref"),
    "identify: garbage": ("identify", "list.m3u", "--references", "garbage"),
    "references: nothing there": ("references", "info", "none.ref"),
    "references: garbage": ("references", "info", "garbage"),
    "references: an object": ("references", "info", "object.json"),
    "references: no media": ("references", "build", "list.m3u", "-o", "out.ref"),
    "facts: nothing there": ("facts", "info", "none"),
    "guard: no facts": ("guard", "192.0.2.1", "--facts", "none"),
    "guard: no time": ("guard", "192.0.2.1", "--facts", "facts", "--at", "tomorrow"),
    "referral list: nothing there": ("referral", "list", "none"),
    "referral show: nothing there": ("referral", "show", "none", "R-1"),
    "referral approve: no key": (
        *("referral", "approve", "none", "R-1"),
        *("--as", "A", "--key", "none.pem"),
    ),
    "keys: garbage": ("keys", "public", "garbage"),
    "keys: nothing there": ("keys", "public", "none.pem"),
    "keys: no such folder": ("keys", "new", "none/a.pem"),
    "lab serve: no such size": ("lab", "serve", "run", "--size", "huge"),
    "lab score: nothing there": ("lab", "score", "none.json", "case"),
    "lab score: no truth": ("lab", "score", "garbage", "case"),
    "lab score: another object": ("lab", "score", "object.json", "case"),
    "demo: no window": ("demo", "--window", "1"),
    "demo: no media": ("demo", "--media", "facts"),
}


@pytest.mark.parametrize("command", BAD.values(), ids=list(BAD))
def test_bad_input_is_a_sentence_on_stderr_and_never_a_traceback(
    cautery: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch, command: Any
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    ended = cautery(*command)
    assert ended.code in (1, 2)
    assert ended.out == ""
    assert ended.err.strip()
    assert "Traceback" not in ended.err


MISTAKEN = {
    "lab serve: a file": (("lab", "serve", "list.m3u"), "cannot be the folder of a run", "new"),
    "lab serve: below a file": (
        ("lab", "serve", "list.m3u/run"),
        "cannot be the folder of a run",
        "new",
    ),
    "read: unknown format": (
        ("read", "garbage"),
        "no reader recognises these bytes",
        "Readers: m3u",
    ),
    "read: another format": (("read", "list.m3u", "--kind", "hls"), "list.m3u: ", ""),
    "guard: colons": (("guard", "::::", "--facts", "facts"), "'::::'", ""),
    "guard: half a URL": (("guard", "http://[bad", "--facts", "facts"), "http://[bad", ""),
    "guard: one of two": (("guard", "192.0.2.1", "a b", "--facts", "facts"), "'a b'", ""),
    "keys: no such folder": (
        ("keys", "new", "none/a.pem"),
        "none: no such folder",
        "mkdir -p none",
    ),
}


@pytest.mark.parametrize(("command", "said", "hint"), MISTAKEN.values(), ids=list(MISTAKEN))
def test_a_callers_mistake_ends_with_code_2(
    *,
    cautery: Callable[..., Any],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Any,
    said: str,
    hint: str,
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    ended = cautery(*command)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert hint in ended.err


def test_a_long_list_is_whole_when_it_is_piped(cautery: Callable[..., Any], folder: Path) -> None:
    (folder / "many.txt").write_text("Knitting\n" * 300 + "Sport One HD\n")
    ended = cautery("resolve", folder / "many.txt", "--catalogue", folder / "mandate.toml")
    assert "Sport One" in ended.out
    assert ended.out.count("Knitting") == 300
    assert "301 titles: 1 matched, 300 not matched" in ended.err


def test_the_schema_of_a_membership_names_its_keys(
    cautery: Callable[..., Any], folder: Path
) -> None:
    (folder / "links.csv").write_text("subject,kind,value\na,mail,x\nb,mail,x\n")
    schema = json.loads(cautery("cluster", "--schema").out)
    line, _ = lines(cautery("cluster", folder / "links.csv", "--json").out)
    assert list(line) == schema["required"] == list(schema["properties"])


def test_the_schema_of_a_resolved_title_names_its_keys(
    cautery: Callable[..., Any], folder: Path
) -> None:
    schema = json.loads(cautery("resolve", "--schema").out)
    (line, _) = lines(
        cautery(
            "resolve", folder / "titles.txt", "--catalogue", folder / "mandate.toml", "--json"
        ).out
    )
    assert list(line) == schema["required"] == list(schema["properties"])


@pytest.mark.parametrize("words", [("references", "build", "{}", "-o", "x.ref"), ("read", "{}")])
def test_a_name_that_no_disk_can_hold_is_told_in_a_sentence(
    cautery: Callable[..., Any], words: tuple[str, ...]
) -> None:
    ended = cautery(*(one.format("a" * 300) for one in words))
    assert ended.code == 2
    assert "File name too long" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
def test_a_letter_that_the_locale_lacks_ends_no_table(
    tmp_path: Path, encoding: str, form: tuple[str, ...]
) -> None:
    path = tmp_path / "list.m3u"
    titles = ("Sport 1", "Спорт 1", "🏉", "Sport 2")
    lines = [f"#EXTINF:-1,{title}\nhttp://a.example/{n}.ts\n" for n, title in enumerate(titles)]
    path.write_text("#EXTM3U\n" + "".join(lines), encoding="utf-8")
    command = [str(Path(sys.executable).parent / "cautery"), "read", str(path), *form]
    done = subprocess.run(
        command, capture_output=True, check=False, env=os.environ | {"PYTHONIOENCODING": encoding}
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    said = done.stdout.decode("utf-8")
    assert all(title in said for title in titles)
