"""What a court is told that a case does not know: counted from its records, in its language."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.workflows.dossier.conftest import NOON, Made, made  # noqa: F401

from cautery.messages import in_language
from cautery.model import ErrorRate, Finding
from cautery.pages.dossier.limits import limits_of
from cautery.wiring.cases import reading
from cautery.workflows.case.report_view import report_view


@pytest.fixture(scope="module")
def report(made: Made) -> Any:  # noqa: F811
    with reading(made.path) as case:
        return report_view(case.ledger.read(), case.vault.read, at=NOON + timedelta(days=1))


def offered(report: Any, count: int) -> Any:
    return replace(report, figures=replace(report.figures, offered=count, checked=1))


def test_streams_that_nobody_looked_at_are_counted_without_known_decoys(report: Any) -> None:
    says = "2 streams of 3 that were offered: nobody looked at them"
    assert limits_of(offered(report, 5), decoys=2)[0][0] == says
    assert not any("nobody looked" in what for what, _ in limits_of(offered(report, 5), decoys=4))


def test_undecided_streams_gaps_and_rates_that_nobody_measured_are_named(report: Any) -> None:
    [stream] = report.streams
    undecided = replace(stream, verdict=replace(stream.verdict, finding=Finding.UNDECIDED))
    unmeasured = ErrorRate(what="sound missed", errors=0, trials=0, source="s")
    changed = replace(report, streams=(undecided,), error_rates=(unmeasured,), unobserved_s=4_500.0)
    with in_language("es"):
        limits = dict(limits_of(changed))
    assert "1 flujo sin decidir" in limits
    assert ("75,0 min de una ventana de 180,0 min en que la vigilancia no estaba activa") in limits
    assert "No se midió: no hubo ensayos." in limits.values()


def test_there_is_always_something_that_a_case_does_not_know(report: Any) -> None:
    assert "Who is behind a stream" in dict(limits_of(replace(report, unobserved_s=0.0)))
