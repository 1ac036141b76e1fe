"""What a case's first record holds of its mandate: neither line, nor login, nor a path of ours."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import cautery
from cautery.errors import EvidenceError
from cautery.messages import message
from cautery.model import (
    Authority,
    Channel,
    Event,
    Mandate,
    Purchase,
    Regime,
    Source,
    Vantage,
    Window,
    from_json,
    to_json,
)
from cautery.model.message import as_written
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.seized.take import take
from cautery.workflows.watch.opening import begin_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WINDOW = Window(start=NOON, end=NOON + timedelta(hours=3))


def test_a_mandate_is_recorded_without_its_secrets_and_reads_back(journal: Journal) -> None:
    mandate = Mandate(
        id="m",
        who="Example League",
        regime=Regime.GDPR,
        legal_basis="rights",
        window=WINDOW,
        territories=("FR",),
        channels=(Channel(id="c", names=("C",), legal_basis="rights"),),
        events=(Event(id="e", name="E", kick_off=NOON, legal_basis="rights", watched=WINDOW),),
        vantages=(Vantage(name="FR home", country="FR", proxy="socks5://us:w0rd@p.example:1080"),),
        purchases=(
            Purchase(
                id="P-17",
                service="Best TV",
                authorised_by="A. Legal",
                bought_at=NOON,
                merchant="BTV*DIGITAL",
                amount="12.99",
                currency="EUR",
                means="card",
                receipt="/home/anna/receipt.pdf",
            ),
        ),
        sources=(
            Source(
                location="http://panel.example",
                kind="xtream",
                purchase="P-17",
                username="bought-by-us",
                password="pa55word",
                mac="00:1A:79:AA:BB:CC",
                vantages=("FR home",),
            ),
        ),
        left_out=((as_written("Called off v Rained off"), message("fixture.called-off")),),
    )
    body = journal.shown(mandate)
    for secret in ("w0rd", "bought-by-us", "pa55word", "AA:BB", "/home/anna"):
        assert secret not in str(body)
    again = from_json(Mandate, body)
    assert again.events[0].window == WINDOW
    assert (again.left_out, again.purchases[0].merchant) == (mandate.left_out, "BTV*DIGITAL")


def test_the_first_record_of_a_case_has_one_writer() -> None:
    source = Path(cautery.__file__).parent
    writers = [
        str(path.relative_to(source))
        for path in sorted(source.rglob("*.py"))
        if "CaseOpened(" in (text := path.read_text())
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "CaseOpened"
        and call.keywords
    ]
    assert writers == ["workflows/watch/opening.py"]


def test_a_case_whose_first_record_opens_none_is_not_gone_on_with(
    case: Case, journal: Journal, mandated: Callable[..., Mandate]
) -> None:
    """Somebody put a record into a case that was begun and killed before its first one."""
    case.ledger.append("note", {}, at=NOON)
    with pytest.raises(EvidenceError, match="first record of this case is note"):
        begin_case(mandated(), ledger=case.ledger, journal=journal, key="k")
    assert [one.record.kind for one in case.ledger.read()] == ["note"]


def test_a_case_that_begins_with_seized_material_has_the_same_first_record(
    case: Case, mandated: Callable[..., Mandate]
) -> None:
    source = Source(location="http://p.example/?token=t0k3n", kind="xtream", username="anna")
    mandate = replace(mandated(sources=(source,)), regime=Regime.LED)
    dump = Path(__file__).parents[2] / "formats" / "assets" / "samples" / "panel_sql"
    take(
        dump, case=case, authority=Authority(mandate), place=lambda _: (None, None),
        by="A. Bianchi", review_at=date(2027, 1, 1),
    )  # fmt: skip
    [opened] = case.ledger.read(kinds=("case.opened",))
    assert opened.record.body["mandate"] == to_json(mandate, case.pseudonyms)
    assert b"t0k3n" not in opened.leaf
