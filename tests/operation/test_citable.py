"""What an agency may cite in a paper that leaves the table: its own, and what all may have."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.model import (
    Agency,
    AgencyRole,
    Competence,
    HandlingCode,
    Marking,
    Operation,
    Pap,
    Statement,
    StatementKind,
    Tlp,
)
from cautery.operation.sharing import citable, releasable

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def agency(id: str, role: AgencyRole, country: str) -> Agency:
    return Agency(
        id=id,
        name=id,
        country=country,
        role=role,
        competence=frozenset({Competence.INVESTIGATE}),
        contact=id,
    )


LEAD = agency("it-postal", AgencyRole.LEAD, "IT")
BG = agency("bg-gdbop", AgencyRole.PARTICIPANT, "BG")
NL = agency("nl-fiod", AgencyRole.PARTICIPANT, "NL")
TABLE = Operation(
    id="op-1", name="Test", agencies=(LEAD, BG, NL), legal_basis="an order", opened_at=NOON
)


def said(
    by: str = "bg-gdbop",
    *codes: HandlingCode,
    tlp: Tlp = Tlp.GREEN,
    pap: Pap = Pap.GREEN,
    to: tuple[str, ...] = (),
) -> Statement:
    return Statement(
        id="x",
        by=by,
        subject="host:a.example",
        about="asset",
        text="it feeds the panel",
        kind=StatementKind.FACT,
        marking=Marking(
            tlp=tlp,
            pap=pap,
            handling=frozenset(codes),
            h3_text="ask first" if HandlingCode.H3 in codes else None,
        ),
        at=NOON,
        to=frozenset(to),
    )


def test_what_everybody_may_have_is_cited() -> None:
    assert citable(said(), by=LEAD)
    assert citable(said("bg-gdbop", HandlingCode.H0), by=LEAD)


@pytest.mark.parametrize(
    "statement",
    [
        said("bg-gdbop", HandlingCode.H1),
        said("bg-gdbop", HandlingCode.H2),
        said("bg-gdbop", HandlingCode.H0, HandlingCode.H3),
        said(tlp=Tlp.AMBER),
        said(tlp=Tlp.AMBER_STRICT),
        said(tlp=Tlp.RED),
        said(pap=Pap.AMBER),
        said(pap=Pap.RED),
        said(to=("it-postal",)),
    ],
)
def test_what_another_agency_keeps_close_is_not_cited(statement: Statement) -> None:
    assert not citable(statement, by=LEAD)


markings = st.builds(
    said,
    st.sampled_from(["it-postal", "bg-gdbop"]),
    *[st.sampled_from(HandlingCode)] * 2,
    tlp=st.sampled_from(Tlp),
    pap=st.sampled_from(Pap),
)


@given(markings)
def test_the_own_is_always_cited(statement: Statement) -> None:
    assert statement.by != LEAD.id or citable(statement, by=LEAD)


@given(markings)
def test_what_of_others_is_cited_may_also_be_passed_on(statement: Statement) -> None:
    if statement.by != LEAD.id and citable(statement, by=LEAD):
        assert releasable(statement, to=NL, operation=TABLE, by=LEAD.id)
