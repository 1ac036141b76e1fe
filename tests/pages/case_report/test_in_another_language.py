"""Every text of a report goes through the catalogue; what does not is data of the case."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jinja2 import nodes

from cautery.drawing.escaping import clean
from cautery.drawing.templates import environment
from cautery.errors import BrokenSealError
from cautery.messages import in_language
from cautery.model import Finding
from cautery.model.hidden import Location
from cautery.model.message import Message
from cautery.model.records import KINDS
from cautery.pages.case_report import ReportView, Still, render
from cautery.pages.case_report.supply import letters
from cautery.workflows.case.report_view import report_view

DATA = frozenset(
    {
        "approver", "by", "country", "dark", "error", "errors", "event", "exhibit", "fact",
        "facts", "host", "hosts", "id", "intermediary", "key", "kinds", "left_out", "legal_basis",
        "message", "method", "name", "names", "narrow_to", "note", "order", "partner", "quantity",
        "reason", "recipe", "reference", "role", "root", "services", "source", "sources", "statement",
        "subject", "target", "territories", "territory", "title", "unit", "url", "value",
        "version", "what", "who",
    }
)  # fmt: skip
"""Members that hold what people, the world and other machines wrote, as they wrote it."""

SILENT = ["licensee-fr", "licensee-it", "licensee-gb", "home-away"]
CODE = re.compile(r"(?s)<(pre|code)\b.*?</\1>")
HEXADECIMAL = re.compile(r"\b(?:sha256:)?[0-9a-f]{12,}\b")
DIGEST = re.compile("sha256:([0-9a-f]{12})[0-9a-f]{52}")


def _synthetic() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "report_synthetic", Path(__file__).with_name("synthetic.py")
    )
    assert spec
    assert spec.loader
    if spec.name not in sys.modules:
        sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[spec.name])
    return sys.modules[spec.name]


made = _synthetic()


def data_of(value: Any, *, is_data: bool = False) -> Iterator[str]:
    """Yield the texts of a view that are data."""
    if isinstance(value, Message):
        if (written := value.plain()) is not None:
            yield written
    elif isinstance(value, Location):
        yield value.shown()
    elif isinstance(value, Enum):
        return
    elif isinstance(value, str):
        if is_data:
            yield DIGEST.sub(r"\1…", value)  # as a statement shows it
            yield value
    elif isinstance(value, Mapping):
        yield from data_of(tuple(value), is_data=is_data)
        yield from data_of(tuple(value.values()))
    elif isinstance(value, tuple):
        for item in value:
            yield from data_of(item, is_data=is_data)
    elif isinstance(value, Still):  # what an error says of a broken seal is not translated
        yield str(BrokenSealError(value.exhibit, sealed=value.exhibit, found="nothing"))
    elif is_dataclass(value):
        for member in fields(value):
            inner = getattr(value, member.name)
            yield from data_of(inner, is_data=member.name in DATA or member.name == "text")


def forgotten(marks: ModuleType, page: str, view: ReportView) -> list[str]:
    """Return what a page says that is neither of the catalogue nor data of its case."""
    data = {*data_of(view), *KINDS, *(letters(view.graph).values() if view.graph else ())}
    data |= {line for text in data for line in text.split("\n")}
    data |= {clean(text) for text in data}
    data |= {HEXADECIMAL.sub("", text) for text in data}
    said = HEXADECIMAL.sub("", CODE.sub("", page))
    return [
        text
        for text in marks.forgotten(said, data)
        if not (text.endswith("…") and any(name.startswith(text[:-1]) for name in data))
    ]


TEMPLATES = [
    file for file in files("cautery.pages.case_report").iterdir() if file.name.endswith(".j2")
]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_no_text_stands_in_a_template_itself(template: Traversable, marks: ModuleType) -> None:
    source = CODE.sub("", template.read_text(encoding="utf-8"))
    pieces = environment("cautery.pages.case_report").parse(source).find_all(nodes.TemplateData)
    assert marks.forgotten("".join(piece.data for piece in pieces)) == []


def whole() -> Any:
    return made.whole_case(streams=20)


def bare() -> Any:
    return made.opened(lab=False)


def unlucky() -> Any:
    """Record a case in which much is missing, late or refused."""
    case = made.opened()
    url = made.stream(case, 3, Finding.PROVEN)
    made.stream(case, 7, Finding.PROVEN, stills=False)
    case.note("stream.vanished", {"url": url, "source": "s", "at": case.now})
    seen = {"url": "http://h.example/9", "title": None, "source": "s", "host": "", "at": case.now}
    case.note("stream.appeared", seen)
    case.note("case.opened", case.ledger.entries[0].record.body)
    case.note("referral.drafted", {})
    case.note(
        "watch.pace",
        {
            "at": case.now, "offered": 57, "unseen": 57, "unseen_by_right": {"event": 57},
            "late": True, "references_late_s": None, "references_silent": SILENT,
            "probes_late_s": 60.0, "loop_late_s": 0.0, "why": None,
        },
    )  # fmt: skip
    case.now += timedelta(hours=2)
    case.vault.kept.clear()
    return case


@pytest.mark.parametrize("made_case", [whole, bare, unlucky])
def test_every_text_of_a_report_is_of_the_catalogue_or_data_of_the_case(
    made_case: Any, marks: ModuleType
) -> None:
    case = made_case()
    with in_language(marks.Marked()):
        view = report_view(case.ledger.read(), case.vault.read, at=case.now)
        page = render(view)
    assert '<html lang="qps-ploc">' in page
    assert forgotten(marks, page, view) == []


def test_a_text_that_is_not_of_the_catalogue_is_found(marks: ModuleType) -> None:
    case = bare()
    with in_language(marks.Marked()):
        view = report_view(case.ledger.read(), case.vault.read, at=case.now)
        page = render(view)
    assert forgotten(marks, page.replace("⟦Mandate⟧", "Mandate"), view) == ["Mandate"]
    assert forgotten(marks, page.replace('"⟦Contents⟧"', '"Contents"'), view) == ["Contents"]
