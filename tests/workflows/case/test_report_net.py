"""A part of a report that cannot be drawn becomes a remark; broken evidence still ends it."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cautery.errors import EvidenceError, StorageError
from cautery.messages import say
from cautery.pages.case_report import Net, render
from cautery.projections import Pace
from cautery.workflows.case import report_view as report_view_module
from cautery.workflows.case.report_view import report_view

SYNTHETIC = Path(__file__).parents[2] / "pages" / "case_report" / "synthetic.py"
HUGE = 1e300


@pytest.fixture(scope="module")
def case() -> Any:
    name = "report_net_synthetic"
    spec = importlib.util.spec_from_file_location(name, SYNTHETIC)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.whole_case(streams=24)


@pytest.fixture(scope="module")
def view(case: Any) -> Any:
    return report_view(case.ledger.read(), case.vault.read, at=case.now)


def test_a_report_that_can_be_drawn_has_no_such_remark(view: Any) -> None:
    assert view.undrawn == ()
    assert "could not be drawn" not in render(view)


def test_a_stream_with_which_the_page_cannot_go_on_is_named_and_the_others_are_drawn(
    view: Any,
) -> None:
    first, second, *others = view.streams
    broken = replace(first, exposed_s="<b>no number</b>")
    page = render(replace(view, streams=(broken, second, *others), hero=None))
    assert page.count("This part of the report could not be drawn: ") >= 1
    assert first.url.split("?")[0] in page
    assert "<b>no number</b>" not in page
    assert f'id="s{second.number}"' in page
    assert f'id="s{first.number}"' not in page
    assert "Not drawn" in page


@pytest.mark.parametrize("figure", [HUGE, -HUGE])
def test_no_figure_ends_a_report(view: Any, figure: float) -> None:
    streams = tuple(
        replace(
            stream,
            exposed_s=figure,
            verdict=None
            if stream.verdict is None
            else replace(stream.verdict, delay_s=figure, speed=figure),
            alignment=None
            if stream.alignment is None
            else replace(
                stream.alignment,
                delay_s=figure,
                lags_s=tuple(figure for _ in stream.alignment.lags_s),
                strength=tuple(figure for _ in stream.alignment.strength),
            ),
        )
        for stream in view.streams
    )
    estimates = tuple(replace(row, low=figure, mid=figure, high=figure) for row in view.estimates)
    page = render(replace(view, streams=streams, estimates=estimates, observed_s=figure))
    assert page.rstrip().endswith("</html>")


def test_a_view_of_a_stream_that_fails_is_named_and_counts_by_its_verdict(
    case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> Any:
        raise OverflowError("cannot convert float infinity to integer")

    monkeypatch.setattr(report_view_module, "stream_view", failing)
    view = report_view(case.ledger.read(), case.vault.read, at=case.now)
    assert {undrawn.part for undrawn in view.undrawn} == {stream.url for stream in view.streams}
    assert view.figures.proven == 8
    assert "OverflowError: cannot convert float infinity to integer" in render(view)


def test_a_record_at_which_a_projection_fails_costs_itself_alone(
    case: Any, view: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Pace.hear

    def hear(pace: Pace, entry: Any) -> None:
        if entry.record.kind == "source.read":
            raise OverflowError("date value out of range")
        failing(pace, entry)

    monkeypatch.setattr(Pace, "hear", hear)
    with_net = report_view(case.ledger.read(), case.vault.read, at=case.now)
    [(why, count)] = set(with_net.passed_over.items()) - set(view.passed_over.items())
    assert (say(why), count) == ("source.read with an invalid form", 2)
    assert with_net.streams == view.streams
    assert with_net.ledger == view.ledger


@pytest.mark.parametrize("part", ["safeguards_view", "guard_verdicts", "lists_view", "unknowns"])
def test_a_part_of_the_view_that_fails_is_named_and_the_others_are_drawn(
    case: Any, view: Any, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def failing(*_: Any, **__: Any) -> Any:
        raise ValueError("year 10000 is out of range")

    monkeypatch.setattr(report_view_module, part, failing)
    with_net = report_view(case.ledger.read(), case.vault.read, at=case.now)
    assert [undrawn.why for undrawn in with_net.undrawn] == [
        "ValueError: year 10000 is out of range"
    ]
    assert with_net.streams == view.streams
    assert "year 10000 is out of range" in render(with_net)


def test_a_whole_section_that_fails_leaves_the_others(
    view: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[render.__module__]

    def failing(_: Any) -> Any:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(module, "supply_drawing", failing)
    page = render(view)
    assert "The supply graph, by country (ZeroDivisionError: division by zero)" in page
    assert 'id="networks"' in page


@pytest.mark.parametrize("error", [EvidenceError("broken"), StorageError("full"), MemoryError()])
def test_broken_evidence_and_a_failing_disk_are_no_remark(error: Exception) -> None:
    def failing() -> None:
        raise error

    with pytest.raises(type(error)):
        Net().under("part", failing, None)
