"""Only what is marked for everybody, and meant for nobody in particular, may be published."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cautery.model import HandlingCode, Marking, Pap, Statement, StatementKind, Tlp
from cautery.operation.publication import may_be_published


def said(marking: Marking, **more: Any) -> Statement:
    return Statement(
        id="x",
        by="it-postal",
        subject="host:a",
        about="asset",
        text="it is",
        kind=StatementKind.FACT,
        marking=marking,
        at=datetime(2026, 11, 24, tzinfo=UTC),
        **more,
    )


CLEAR = Marking(tlp=Tlp.CLEAR, pap=Pap.CLEAR)


def test_what_is_marked_clear_may_be_published() -> None:
    assert may_be_published(said(CLEAR))


@pytest.mark.parametrize("tlp", [one for one in Tlp if one is not Tlp.CLEAR])
def test_no_stricter_light_may_be_published(tlp: Tlp) -> None:
    assert not may_be_published(said(Marking(tlp=tlp, pap=Pap.CLEAR)))


@pytest.mark.parametrize("pap", [one for one in Pap if one is not Pap.CLEAR])
def test_no_stricter_permission_may_be_published(pap: Pap) -> None:
    assert not may_be_published(said(Marking(tlp=Tlp.CLEAR, pap=pap)))


@pytest.mark.parametrize("code", HandlingCode)
def test_a_handling_code_keeps_a_clear_statement_from_the_press(code: HandlingCode) -> None:
    text = "ask first" if code is HandlingCode.H3 else None
    marking = Marking(tlp=Tlp.CLEAR, pap=Pap.CLEAR, handling=frozenset({code}), h3_text=text)
    assert not may_be_published(said(marking))


def test_a_clear_statement_to_named_agencies_is_theirs() -> None:
    assert not may_be_published(said(CLEAR, to=frozenset({"bg-gdbop"})))
