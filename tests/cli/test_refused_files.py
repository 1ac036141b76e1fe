"""Files from outside that hang, nest too deeply or hold what no number is: a sentence for each."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.facts_folder import FactsFolder
from cautery.adapters.facts_import import add_fact
from cautery.adapters.person_keys import load_public_key
from cautery.errors import CauteryError, InputError
from cautery.workflows.mandate.purchased_line import read_line
from cautery.workflows.networks.state.files import load
from cautery.workflows.operation.trace_money import read_purchases

from .test_guard import AT
from .test_operation_exhibits import OPERATION
from .test_plan import GRAPH

DEEP = "[" * 100_000
DEEP_TOML = "a = " + "[" * 5000 + "]" * 5000


def refused(ended: Any) -> str:
    assert ended.code == 2, ended
    assert "Traceback" not in ended.err
    return str(ended.err)


FIFOS = {
    "cluster": ("cluster", "pipe"),
    "cluster --constraints": ("cluster", "links.csv", "--constraints", "pipe"),
    "cluster --state": ("cluster", "links.csv", "--state", "state"),
    "operation open": ("operation", "open", "pipe", "--agency", "it-postal", "--case", "new"),
    "operation day plan": ("operation", "day", "plan", "desk", "pipe"),
    "operation state": ("operation", "state", "desk", "pipe"),
    "operation receive": ("operation", "receive", "desk", "pipe", "--key", "key.pub"),
    "deconflict begin": (
        *("operation", "deconflict", "begin", "desk", "--with", "bg-gdbop"),
        *("--targets", "pipe", "-o", "x.letter"),
    ),
    "deconflict answer": (
        *("operation", "deconflict", "answer", "desk", "pipe"),
        *("--key", "key.pub", "-o", "x.letter"),
    ),
    "plan --regrowth-model": ("plan", "graph.json", "--regrowth", "--regrowth-model", "pipe"),
    "lab score": ("lab", "score", "pipe", "desk"),
}
BULGARIA = """
[[agency]]
id = "bg-gdbop"
name = "GDBOP"
country = "BG"
role = "participant"
competence = ["seize"]
contact = "duty"
zone = "Europe/Sofia"
"""


@pytest.mark.parametrize("command", FIFOS.values(), ids=list(FIFOS))
def test_a_pipe_is_refused_and_not_waited_for(
    cautery: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("state").mkdir()
    os.mkfifo("state/current.json")
    Path("links.csv").write_text("subject,kind,value\na,mail,x\nb,mail,x\n")
    Path("graph.json").write_text(json.dumps(GRAPH))
    if "desk" in command:
        Path("op.toml").write_text(OPERATION + BULGARIA)
        opened = ("operation", "open", "op.toml", "--agency", "it-postal", "--case", "desk")
        assert cautery(*opened).code == 0
        Path("key.pub").write_bytes(Path("desk/keys/case.pub").read_bytes())
    assert "is neither a file nor a folder" in refused(cautery(*command))


@pytest.mark.parametrize(
    "text", [DEEP_TOML, "a = 1" + "0" * 5000, "\ud800"], ids=["deep", "long", "not valid UTF-8"]
)
def test_toml_that_the_parser_cannot_take_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "facts.toml").write_bytes(text.encode(errors="surrogatepass"))
    (tmp_path / "x.csv").write_text("domain,lists\na.example,x\n")
    with pytest.raises(InputError, match=r"not valid TOML|not UTF-8"):
        FactsFolder(tmp_path)
    with pytest.raises(InputError, match=r"not valid TOML|not UTF-8"):
        add_fact(tmp_path / "x.csv", tmp_path, name="popular", now=datetime(2100, 1, 1, tzinfo=UTC))
    with pytest.raises(InputError, match=r"(no|not valid) TOML"):
        read_purchases(tmp_path / "facts.toml")
    (tmp_path / "facts.toml").chmod(0o600)
    with pytest.raises(InputError, match="the credentials of a line cannot be read"):
        read_line(tmp_path / "facts.toml")


def test_links_in_a_circle_are_refused(cautery: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(CauteryError, match="circle"):
        load_public_key(tmp_path / "circle", name="x")
    (tmp_path / "op.toml").write_text(OPERATION)
    opened = cautery(
        *("operation", "open", tmp_path / "op.toml", "--agency", "it-postal"),
        *("--case", tmp_path / "circle"),
    )
    assert opened.code in (1, 2)
    assert "circle" in opened.err


def test_a_cost_of_400_digits_is_refused(cautery: Callable[..., Any], tmp_path: Path) -> None:
    nodes = [{**GRAPH["nodes"][0], "cost": 10**400}, *GRAPH["nodes"][1:]]
    (tmp_path / "graph.json").write_text(json.dumps({**GRAPH, "nodes": nodes}))
    said = refused(cautery("plan", tmp_path / "graph.json"))
    assert "nodes[0]: cost is too large to be a number" in said


@pytest.mark.parametrize("at", ["0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z"])
def test_a_guard_at_the_calendars_end_is_refused(
    cautery: Callable[..., Any], tmp_path: Path, at: str
) -> None:
    assert "the year must be" in refused(
        cautery("guard", "192.0.2.1", "--facts", tmp_path, "--at", at)
    )


def test_evidence_of_the_calendars_last_day_is_judged(
    cautery: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(
        "target,dedicated_to,evidence,evidence_date\n203.0.113.9,a.example,reply,9999-12-31\n"
    )
    ended = cautery("guard", tmp_path / "t.csv", "--facts", tmp_path, "--at", AT)
    assert "Traceback" not in ended.err
    assert ended.code in (1, 2)


@pytest.mark.parametrize("text", [DEEP, '{"format":' * 50_000, "null", "1"])
def test_a_state_of_nonsense_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "current.json").write_text(text)
    with pytest.raises(InputError, match="changed or damaged after it was written"):
        load(tmp_path)


@pytest.mark.parametrize("text", [DEEP, "{}", "[]", "null", "1", '{"streams": [1], "hosts": []}'])
def test_a_truth_of_nonsense_is_refused(
    cautery: Callable[..., Any], tmp_path: Path, text: str
) -> None:
    (tmp_path / "truth.json").write_text(text)
    said = refused(cautery("lab", "score", tmp_path / "truth.json", tmp_path))
    assert "not the truth of a lab run" in said


def test_a_truth_without_end_is_refused_in_bounded_memory(
    cautery: Callable[..., Any], tmp_path: Path
) -> None:
    with (tmp_path / "truth.json").open("wb") as file:
        file.truncate(1 << 36)
    tracemalloc.start()
    said = refused(cautery("lab", "score", tmp_path / "truth.json", tmp_path))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "too long for a truth" in said
    assert most < 200 << 20
