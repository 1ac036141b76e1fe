"""The how-to for papers between police is run as it is written; what is refused says why."""

from __future__ import annotations

import io
import re
import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.form_case import made_case

from cautery.json_text import parsed_json

HOWTO = Path(__file__).parents[2] / "docs/howto/write-police-papers.md"
TRANSFERS = """id,asset,at,side,address,amount
t1,BTC,2024-06-01T12:00:00Z,in,buyer,2
t1,BTC,2024-06-01T12:00:00Z,out,till,2
t2,BTC,2024-06-02T12:00:00Z,in,till,2
t2,BTC,2024-06-02T12:00:00Z,out,exchange-hot,2
"""
TAGS = "pack,address,network,label,category\np,exchange-hot,BTC,Big Exchange,exchange\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", HOWTO.read_text(), re.DOTALL)


@pytest.fixture
def rome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cautery: Callable[..., Any]) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    Path("op.toml").write_text(cautery("operation", "open", "--example").out)
    ran = cautery("operation", "open", "op.toml", "--agency", "it-postal", "--case", "rome")
    assert ran.code == 0, ran.err
    return tmp_path


def test_every_command_of_the_how_to_does_what_it_says(
    rome: Path, cautery: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("transfers.csv").write_text(TRANSFERS)
    Path("tags.csv").write_text(TAGS)
    (answers,) = blocks("toml")
    draft = ""
    for line in "".join(blocks("sh")).splitlines():
        words = shlex.split(line.replace("D-0123456789ab", draft))
        assert words.pop(0) == "cautery", line
        if "<" in words:
            monkeypatch.setattr("sys.stdin", io.StringIO("Mara Quaglia\n"))
            words = words[: words.index("<")]
        words = [person_of(cautery) if word == "P-0123456789ab" else word for word in words]
        ran = cautery(*words)
        lacks = "check" in words
        assert ran.code == int(lacks), (line, ran.err)
        if "answers" in words:
            Path("answers.toml").write_text(answers)
        if "draft" in words:
            draft = re.findall(r"draft (D-\w+) filed", ran.err)[0]
            assert f"--instrument {draft}" in ran.err
    assert Path("epoc.pdf").read_bytes().startswith(b"%PDF")
    with zipfile.ZipFile("message.zip") as archive:
        assert "DRAFT-europol-siena.json" in archive.namelist()
        said = parsed_json(archive.read("DRAFT-europol-siena.json"))
    assert said["recipient"] == "Directorate for combating organised crime, Sofia"
    assert [row["name"] for row in said["persons"]] == ["Mara Quaglia"]
    listed = cautery("operation", "person", "papers", "rome", person_of(cautery))
    assert "Message for SIENA" in listed.out


def person_of(cautery: Callable[..., Any]) -> str:
    listed = cautery("operation", "person", "list", "rome", "--json").out
    return str(parsed_json(listed.splitlines()[0])["person"]["pseudonym"])


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("form check eu/epoc rome", 2, "no draft of a european-production-order"),
        ("form check europol/siena rome", 2, "say to which one"),
        ("form check europol/siena rome --to us-hsi", 2, "not an agency"),
        ("form check money/goaml rome", 2, "has none"),
        ("form check eu/eio rome --who x", 2, "--who NAME --why TEXT"),
        ("form write europol/siena rome --to bg-gdbop --draft -o x.json", 2,
         "writing to another agency is recorded"),
    ],
)  # fmt: skip
def test_a_paper_that_cannot_be_is_refused_with_its_remedy(
    rome: Path, cautery: Callable[..., Any], command: str, code: int, said: str
) -> None:
    ran = cautery(*shlex.split(command))
    assert ran.code == code
    assert said in ran.err
    assert not Path("x.json").exists()


def test_a_private_party_writes_no_police_paper(
    tmp_path: Path, cautery: Callable[..., Any]
) -> None:
    case = made_case(tmp_path, "edge.pirate.example", territory="GB")
    ran = cautery("form", "check", "eu/eio", str(case))
    assert ran.code == 1
    assert "the form eu/eio needs regime 'led', but this case has 'gdpr'" in ran.err
