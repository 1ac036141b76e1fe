"""The how-to for agencies is run as it is written; what is refused ends with 2 and a remedy."""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cautery.model.records import StatementRecorded
from cautery.wiring import desks

HOWTO = Path(__file__).parents[2] / "docs/howto/share-between-agencies.md"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", HOWTO.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def statements() -> str:
    (block,) = re.findall(r"```json\n(.*?)```", HOWTO.read_text(), re.DOTALL)
    return str(block)


def test_the_operation_file_in_the_how_to_is_the_one_that_is_printed(
    cautery: Callable[..., Any],
) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", HOWTO.read_text(), re.DOTALL)
    assert cautery("operation", "open", "--example").out == block


def test_every_command_of_the_how_to_does_what_it_says(
    here: Path, cautery: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("found.jsonl").write_text(statements())
    Path("name.txt").write_text("Assunta Quaglia\n")
    shown: dict[str, str] = {}
    for line in commands():
        words = shlex.split(line)
        assert words.pop(0) == "cautery", line
        if "<" in words:
            monkeypatch.setattr("sys.stdin", io.StringIO(Path(words.pop()).read_text()))
            words.remove("<")
        target = words.pop() if ">" in words else None
        if target is not None:
            words.remove(">")
        if "ID" in words:
            listed = cautery("operation", "state", "rome", "--json").out.splitlines()
            words[words.index("ID")] = json.loads(listed[0])["statement"]["id"]
        ran = cautery(*words)
        assert ran.code == 0, (line, ran.err)
        if target is not None:
            Path(target).write_text(ran.out)
        shown[" ".join(words[:3])] = ran.out + ran.err
    assert "host:panel.example" in shown["operation deconflict finish"]
    assert "duty desk" in shown["operation deconflict finish"]
    assert "it is a mirror of the panel" in shown["operation receive sofia"]
    assert "Quaglia" not in shown["operation person list"]
    assert "P-" in shown["operation person list"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all refusals: what is refused changes nothing in it."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def opened(kept: Path, cautery: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the cases of two agencies, begun by the first test that needs them."""
    monkeypatch.chdir(kept)
    monkeypatch.setenv("CAUTERY_KEYS", str(kept / "keys"))
    if not Path("rome").exists():
        begin(cautery)
    return kept


def begin(cautery: Callable[..., Any]) -> None:
    Path("op.toml").write_text(cautery("operation", "open", "--example").out)
    for agency, case in (("it-postal", "rome"), ("bg-gdbop", "sofia")):
        ran = cautery("operation", "open", "op.toml", "--agency", agency, "--case", case)
        assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("operation open op.toml --agency us-hsi --case x", 2, "'us-hsi' is not an agency"),
        ("operation open op.toml --agency bg-gdbop --case rome", 2, "the case of it-postal"),
        ("operation open op.toml --agency bg-gdbop", 2, "--case are needed"),
        ("operation open none.toml --agency bg-gdbop --case x", 2, "cannot be read"),
        ("operation state nowhere", 2, "not the case of an operation"),
        ("operation state rome none.jsonl", 2, "cannot be read"),
        ("operation share rome --to us-hsi --why x -o b", 2, "'us-hsi' is not an agency"),
        ("operation share rome --to it-postal --why x -o b", 2, "with itself"),
        ("operation share rome --to bg-gdbop --why x", 2, "-o FILE"),
        ("operation share rome --to bg-gdbop --why x -o no/b", 2, "the folder no does not exist"),
        ("operation share rome --to bg-gdbop --why x -o rome/ledger.sqlite", 2, "is inside the case"),
        ("operation deconflict begin rome --with bg-gdbop -o rome/1", 2, "is inside the case"),
        ("operation page rome -o rome/page.html", 2, "is inside the case"),
        ("operation page nowhere -o p.html", 2, "not the case of an operation"),
        ("operation page rome --language xx -o p.html", 2, "no language 'xx'"),
        ("operation receive sofia op.toml --key rome/keys/case.pub", 2, "not a valid letter"),
        ("operation receive sofia op.toml --key op.toml", 2, "neither a verifier key"),
        ("operation correct rome 00 --text x", 2, "is not a statement of this agency"),
        ("operation permit rome 00 --by bg-gdbop --to eurojust --why y", 2, "is not a statement of this agency"),
        ("operation partner rome us-hsi --key rome/keys/case.pub", 2, "not an agency"),
        ("operation partner sofia it-postal --key op.toml", 2, "neither a verifier key"),
        ("operation deconflict begin rome --with us-hsi -o 1", 2, "not an agency"),
        ("operation deconflict begin rome --with bg-gdbop --size 7 -o 1", 2, "power of two"),
        ("operation deconflict answer sofia op.toml --key rome/keys/case.pub -o 2", 2, "not a valid letter"),
        ("operation deconflict forget rome 00 --why x", 2, "no deconfliction run"),
        ("operation instrument draft rome writ --to x --hold y --grounds z", 2, "not a kind of instrument"),
        ("operation instrument draft rome eio --to x --hold y --country BG", 2, "grounds"),
        ("operation instrument draft rome eio --to x --hold y --country BG --class moon", 2, "moon"),
        ("operation instrument draft rome jit --to bg-gdbop --hold y --grounds z", 2, "--until"),
        ("operation instrument draft rome eio --to x --hold y --country BG --grounds z --emergency",
         2, "--emergency"),
        ("operation person add rome --kind fact", 2, "art. 6"),
        ("operation person add rome --category suspect", 2, "art. 7"),
        ("operation person add rome --category suspect --kind fact", 2, "art. 5"),
        ("operation person erase rome P-1 --why x", 2, "no person"),
        ("operation person name rome P-1 --why x --who y", 2, "no person"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why(
    opened: Path, cautery: Callable[..., Any], command: str, code: int, said: str
) -> None:
    ran = cautery(*shlex.split(command))
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert "Traceback" not in ran.err
    assert not list(opened.glob(".writing-*"))


def test_the_page_is_written_in_the_language_that_is_asked_for(
    opened: Path, cautery: Callable[..., Any]
) -> None:
    ran = cautery(*shlex.split("operation page rome --language it -o p.html"))
    assert ran.code == 0, ran.err
    page = Path("p.html").read_text(encoding="utf-8")
    assert '<html lang="it"' in page
    assert "Il giorno ora per ora" in page


def test_a_name_that_looks_like_markup_is_shown_as_it_is(
    here: Path, cautery: Callable[..., Any]
) -> None:
    text = cautery("operation", "open", "--example").out
    Path("op.toml").write_text(text.replace('name = "Example"', 'name = "Ex [/b] ample"'))
    ran = cautery("operation", "open", "op.toml", "--agency", "it-postal", "--case", "rome")
    assert ran.code == 0, ran.err
    assert "Ex [/b] ample" in ran.out + ran.err


def test_a_name_in_another_encoding_is_refused_in_words(
    here: Path, cautery: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(cautery)
    raw = io.TextIOWrapper(io.BytesIO(b"Jos\xe9\n"), "utf-8", errors="surrogateescape")
    monkeypatch.setattr("sys.stdin", raw)
    ran = cautery(
        *shlex.split(
            "operation person add rome --category suspect --kind fact --review 2027-03-01 "
            "--erase 2029-03-01"
        )
    )
    assert (ran.code, "not UTF-8" in ran.err) == (2, True)


def test_a_correction_of_what_was_passed_on_says_who_must_be_told(
    here: Path, cautery: Callable[..., Any]
) -> None:
    begin(cautery)
    line = json.loads(statements().splitlines()[0])
    green = {**line, "marking": {**line["marking"], "tlp": "TLP:GREEN"}}
    Path("f.jsonl").write_text(json.dumps(green))
    key = "--key rome/keys/case.pub"
    added = cautery("operation", "state", "rome", "f.jsonl", "--json")
    for command in (
        "share rome --to bg-gdbop --why x -o 1.bundle",
        f"receive sofia 1.bundle {key}",
        "share sofia --to eurojust --why x -o 2.bundle",
        f"correct rome {json.loads(added.out)['id'][:12]} --text wrong --withdraw",
        "share rome --to bg-gdbop --why x -o 3.bundle",
    ):
        ran = cautery("operation", *shlex.split(command))
        assert ran.code == 0, (command, ran.err)
    told = cautery("operation", *shlex.split(f"receive sofia 3.bundle {key}"))
    assert "share with eurojust again" in told.err
    again = cautery("operation", *shlex.split(f"receive sofia 3.bundle {key}"))
    assert "filed already" in again.err


def test_every_table_of_statements_shows_the_whole_marking(
    here: Path, cautery: Callable[..., Any]
) -> None:
    """The words of H3 are for people: a table that hides them loses the marking."""
    begin(cautery)
    line = json.loads(statements().splitlines()[0])
    marking = {**line["marking"], "handling": ["H2", "H3"], "h3_text": "ask the prosecutor"}
    Path("f.jsonl").write_text(json.dumps({**line, "to": ["bg-gdbop"], "marking": marking}))
    assert cautery("operation", "state", "rome", "f.jsonl").code == 0
    for command in (
        "state rome",
        "share rome --to bg-gdbop --why x --dry-run",
        "share rome --to bg-gdbop --why x -o 1.bundle",
        "receive sofia 1.bundle --key rome/keys/case.pub",
        "state sofia",
    ):
        ran = cautery("operation", *shlex.split(command))
        assert ran.code == 0, ran.err
        if "-o" not in command:
            shown = [one in ran.out for one in ("TLP:AMBER", "PAP:RED", "H2", "ask the pros", "B2")]
            assert all(shown), (command, shown)


def test_what_an_agency_wrote_steers_no_terminal(here: Path, cautery: Callable[..., Any]) -> None:
    begin(cautery)
    line = json.loads(statements().splitlines()[0])
    Path("f.jsonl").write_text(json.dumps({**line, "text": "red \x1b[31m alert"}))
    assert cautery("operation", "state", "rome", "f.jsonl").code == 0
    assert "\x1b[31m" not in cautery("operation", "state", "rome").out


def three_desks(cautery: Callable[..., Any]) -> None:
    begin(cautery)
    for command in (
        "open op.toml --agency eurojust --case hague",
        "partner hague it-postal --key rome/keys/case.pub",
    ):
        ran = cautery("operation", *shlex.split(command))
        assert ran.code == 0, (command, ran.err)


def stated(cautery: Callable[..., Any], tlp: str, **more: Any) -> str:
    line = json.loads(statements().splitlines()[0])
    marked = {**line, **more, "marking": {**line["marking"], "tlp": tlp}}
    Path("f.jsonl").write_text(json.dumps(marked))
    added = cautery("operation", "state", "rome", "f.jsonl", "--json")
    return str(json.loads(added.out)["id"])


def test_a_providers_permission_travels_with_its_bundle(
    here: Path, cautery: Callable[..., Any]
) -> None:
    three_desks(cautery)
    name = stated(cautery, "TLP:AMBER")
    for command in (
        f'permit rome {name[:8]} --by bg-gdbop --to eurojust --why "request 12"',
        "share rome --to bg-gdbop --why x -o 1.bundle",
        "receive sofia 1.bundle --key rome/keys/case.pub",
        "share sofia --to eurojust --why x -o 2.bundle",
        "receive hague 2.bundle --key sofia/keys/case.pub",
    ):
        ran = cautery("operation", *shlex.split(command))
        assert ran.code == 0, (command, ran.err)
    listed = json.loads(cautery("operation", "state", "hague", "--json").out)
    assert listed["source"] == "it-postal, as passed on by bg-gdbop"
    assert listed["signed"] is True
    assert "as passed on by" in cautery("operation", "state", "hague").out


def test_what_was_refused_is_listed_with_its_reason(
    here: Path, cautery: Callable[..., Any]
) -> None:
    three_desks(cautery)
    stated(cautery, "TLP:GREEN")
    for command in (
        "share rome --to bg-gdbop --why x -o 1.bundle",
        "receive sofia 1.bundle --key rome/keys/case.pub",
    ):
        assert cautery("operation", *shlex.split(command)).code == 0
    ran = cautery("operation", *shlex.split("receive hague 1.bundle --key rome/keys/case.pub"))
    assert (ran.code, "for 'bg-gdbop', not for eurojust" in ran.err) == (2, True)
    assert "1 refused" in cautery("operation", "state", "hague").err
    refused = json.loads(cautery("operation", "state", "hague", "--refused", "--json").out)
    assert refused["from"] == "it-postal"


def test_a_deconfliction_says_what_it_leaves_out(here: Path, cautery: Callable[..., Any]) -> None:
    begin(cautery)
    stated(cautery, "TLP:RED", subject="host:red.example")
    stated(cautery, "TLP:RED", subject="host:other.example")
    ran = cautery("operation", *shlex.split("deconflict begin rome --with bg-gdbop -o 1.letter"))
    assert ran.code == 0
    assert "left out because of their markings: 2 targets (2 TLP:RED PAP:RED H1)" in ran.err
    assert "red.example" not in ran.err + ran.out


def test_what_an_older_version_recorded_is_read_before_it_is_signed(
    here: Path, cautery: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    begin(cautery)
    stated(cautery, "TLP:GREEN")
    with desks.desk(Path("rome")) as desk:
        ((_, recorded),) = desk.contents(StatementRecorded)
        desk.record(replace(recorded, id="a" * 32, text="an old one", notes={}))
    assert "it-postal, unsigned" in cautery("operation", "state", "rome").out
    ran = cautery("operation", "state", "rome", "--sign")
    assert (ran.code, "an old one" in ran.out) == (1, True)
    assert "it-postal, unsigned" in cautery("operation", "state", "rome").out
    assert cautery("operation", "state", "rome", "--sign", "--yes").code == 0
    listed = [
        json.loads(one) for one in cautery("operation", "state", "rome", "--json").out.splitlines()
    ]
    assert [one["signed"] for one in listed if one["statement"]["text"] == "an old one"] == [
        False,
        True,
    ]
