"""A court's bag holds the chain of custody; nobody else is handed it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from cautery.adapters.bag_folder import ExtractFile
from cautery.adapters.case_folder import FolderStore
from cautery.errors import EvidenceError
from cautery.evidence.custody import CustodyAct, CustodyLine, stated
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.chain import chain_bytes, chain_words
from cautery.workflows.dossier.verify import verify_bag

from .conftest import NOON, Made, loaded
from .test_bag import TOOLS, run
from .test_command import WHO, cautery, own  # noqa: F401

WHOLE = "each line of the chain of custody follows the one before it"


def chain(made: Made, count: int = 3) -> list[CustodyLine]:
    lines: list[CustodyLine] = []
    for number in range(count):
        lines.append(
            stated(
                at=NOON + timedelta(minutes=number),
                act=CustodyAct.OPENED if number else CustodyAct.COPIED,
                by="B. Duty" if number else 'A "quoted", $(name) \\',
                why=f"reason {number}", what="x", digest="sha256:" + 64 * "0",
                previous=lines[-1].id if lines else "", key=loaded(made.key) if number else None,
            )
        )  # fmt: skip
    return lines


def verified(bag: Path):
    return verify_bag(bag, store=FolderStore(), extracts=ExtractFile(), now=NOON)


@pytest.mark.skipif(None in TOOLS, reason="openssl, sqlite3 or sha256sum is not here")
def test_a_court_s_bag_holds_the_chain_and_common_tools_check_it(
    made: Made, tmp_path: Path
) -> None:
    made.dossier(tmp_path / "bag", custody=chain_bytes(chain(made)))
    bag = tmp_path / "bag"
    assert (bag / "data/custody.jsonl").read_bytes() == chain_bytes(chain(made))
    assert "data/custody.jsonl" in (bag / "manifest-sha256.txt").read_text()
    assert dict(verified(bag).summary())["custody"].startswith("acts: 3, people: 2;")
    done = run(bag)
    assert done.returncode == 0, done.stdout + done.stderr
    assert WHOLE in done.stdout
    assert "|opened|B. Duty||reason 2" in done.stdout


@pytest.mark.skipif(None in TOOLS, reason="openssl, sqlite3 or sha256sum is not here")
@pytest.mark.parametrize("gone", [0, 1])
def test_a_chain_with_a_line_left_out_is_found_whoever_signed_the_bag(
    made: Made, tmp_path: Path, gone: int
) -> None:
    lines = chain(made)
    del lines[gone]
    made.dossier(tmp_path / "bag", custody=chain_bytes(lines))
    with pytest.raises(EvidenceError, match=r"custody\.jsonl: line .* does not follow"):
        verified(tmp_path / "bag")
    assert WHOLE not in run(tmp_path / "bag").stdout


def test_the_chain_of_another_case_is_found_whoever_signed_the_bag(
    made: Made, tmp_path: Path
) -> None:
    line = stated(
        at=NOON, act=CustodyAct.COPIED, by="A", why="x", what="x", digest="d", case="0" * 16
    )
    made.dossier(tmp_path / "bag", custody=chain_bytes([line]))
    with pytest.raises(EvidenceError, match=r"custody\.jsonl: .* line 1 is of case 0{16}"):
        verified(tmp_path / "bag")


@pytest.mark.parametrize("audience", [Audience.HOSTER, Audience.PROVIDER, Audience.PUBLIC])
def test_an_extract_holds_no_chain(made: Made, tmp_path: Path, audience: Audience) -> None:
    made.dossier(tmp_path / "bag", audience, custody=chain_bytes(chain(made)))
    held = [path for path in (tmp_path / "bag").rglob("*") if path.is_file()]
    assert not any(b"B. Duty" in path.read_bytes() for path in held)
    assert not any("custody" in path.name for path in held)
    assert "custody" not in dict(verified(tmp_path / "bag").summary())


def test_the_document_says_how_many_acts_by_whom(made: Made) -> None:
    lines = chain(made)
    words = chain_words(lines)
    assert hashlib.sha256(chain_bytes(lines)).hexdigest() in words[0]
    assert words[1].endswith("opened 0, copied 1, handed over 0, received 0")
    assert words[2] == "B. Duty: opened 2, copied 0, handed over 0, received 0"
    assert "no act before" in chain_words([])[0]
    many = [stated(at=NOON, act=CustodyAct.OPENED, by=f"P{n}", why="x", what="", digest="")
            for n in range(60)]  # fmt: skip
    assert "Further people: 10" in chain_words(many)


def test_the_command_puts_the_chain_as_it_is_into_a_court_s_bag(
    own: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys  # noqa: F811
) -> None:  # fmt: skip
    sealed = (own.path / "vault").glob("*/*")
    digits = min(path.name for path in sealed if not path.read_bytes().startswith(b"CAUTERY1"))
    taken = ("-o", tmp_path / "x", "--by", "B. Duty", "--why", "to look at")
    assert cautery(monkeypatch, "exhibit", own.path, digits, *taken) == 0
    beside = own.path.with_name("case.custody.jsonl")
    before = beside.read_bytes()
    handing = ("dossier", own.path, *WHO, "--key", own.key, "--for")
    bag, extract = tmp_path / "bag", tmp_path / "extract"
    assert cautery(monkeypatch, *handing, "court", "--clips", "0", "-o", bag) == 0
    assert (bag / "data/custody.jsonl").read_bytes() == before
    assert cautery(monkeypatch, *handing, "public", "-o", extract) == 0
    assert not list(extract.rglob("custody*"))
    capsys.readouterr()
    assert cautery(monkeypatch, "custody", "list", own.path) == 0
    rows = [row.split("\t") for row in capsys.readouterr().out.splitlines()[1:]]
    listed = (bag / "tagmanifest-sha256.txt").read_bytes()
    assert [row[6] for row in rows][:2] == ["", f"sha256:{hashlib.sha256(listed).hexdigest()}"]
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext")
    for of, there in ((bag, True), (extract, False)):
        text = subprocess.run(
            ["pdftotext", "-layout", of / "data/dossier.pdf", "-"], capture_output=True, text=True,
            check=True,
        ).stdout  # fmt: skip
        assert ("B. Duty: opened 0, copied 1" in text) is there
