"""Drafts: who may, of whom, by when; and what nobody has confirmed says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cautery.errors import InputError
from cautery.model import Agency, AgencyRole, Competence, Instrument
from cautery.operation.instruments import (
    COVERED,
    UNCONFIRMED,
    ProviderClass,
    draft_eio,
    draft_freezing,
    draft_jit,
    draft_mla,
    draft_preservation,
    draft_production,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def agency(name: str, country: str, role: AgencyRole, *may: Competence) -> Agency:
    return Agency(
        id=name, name=name, country=country, role=role, competence=frozenset(may), contact=name
    )


ROME = agency(
    "it-postal",
    "IT",
    AgencyRole.LEAD,
    Competence.INVESTIGATE,
    Competence.PRESERVE,
    Competence.FREEZE,
)
SOFIA = agency("bg-gdbop", "BG", AgencyRole.PARTICIPANT, Competence.INVESTIGATE)
CENTRE = agency("eurojust", "EU", AgencyRole.COORDINATION, Competence.COORDINATE)
COMMON: dict[str, Any] = {
    "by": ROME,
    "country": "NL",
    "holds": ["address:192.0.2.7"],
    "grounds": "the panel runs there",
    "at": NOON,
}
EVIDENCE = {**COMMON, "provider": "Host Ltd", "provider_class": ProviderClass.HOSTING}


@pytest.mark.parametrize(
    ("draft", "due", "lapses"),
    [
        (draft_production(**EVIDENCE), timedelta(days=10), None),
        (draft_production(**EVIDENCE, emergency=True), timedelta(hours=8), None),
        (draft_preservation(**EVIDENCE), None, timedelta(days=60)),
        (draft_eio(authority="a court", **COMMON), timedelta(days=120), None),
        (draft_freezing(addressee="a bank", **COMMON), None, None),
        (draft_mla(authority="a ministry", **{**COMMON, "country": "CH"}), None, None),
    ],
)
def test_a_draft_has_the_deadlines_of_its_instrument(
    draft: Instrument, due: timedelta | None, lapses: timedelta | None
) -> None:
    assert draft.due_at == (None if due is None else NOON + due)
    assert draft.lapses_at == (None if lapses is None else NOON + lapses)


def make(draw: Callable[..., Instrument], base: dict[str, Any], **change: Any) -> Any:
    return lambda: draw(**{**base, **change})


EIO = {**COMMON, "authority": "a court"}
BANK = {**COMMON, "addressee": "a bank"}


@pytest.mark.parametrize(
    ("draw", "rule"),
    [
        (make(draft_preservation, EVIDENCE, at=datetime(2026, 8, 17, 23, tzinfo=UTC)),
         "applies from 2026-08-18"),
        (make(draft_production, EVIDENCE, provider_class=ProviderClass.VIDEO_STREAMING),
         "does not cover a provider of video-streaming"),
        (make(draft_production, EVIDENCE, provider_class=ProviderClass.OTHER), "does not cover"),
        (make(draft_production, EVIDENCE, stored=False), "already stored"),
        (make(draft_preservation, EVIDENCE, country="US"), "does not apply to US"),
        (make(draft_preservation, EVIDENCE, country="DK"), "does not apply to DK"),
        (make(draft_preservation, EVIDENCE, by=SOFIA), "lacks the competence to preserve"),
        (make(draft_freezing, BANK, by=SOFIA), "lacks the competence to freeze"),
        (make(draft_freezing, BANK, country="IE"), "does not apply to IE"),
        (make(draft_eio, EIO, by=CENTRE), "lacks the competence to investigate"),
        (make(draft_eio, EIO, country="IT"), "another Member State"),
        (make(draft_eio, EIO, country="CH"), "does not apply to CH"),
        (make(draft_mla, EIO, country="IT"), "no assistance"),
        (make(draft_eio, EIO, grounds=" "), "grounds"),
        (make(draft_eio, EIO, authority=" "), "addressee"),
        (make(draft_eio, EIO, holds=[]), "its holds are empty"),
        (lambda: draft_jit(by=ROME, partners=[CENTRE], purpose="x",
                           until=NOON + timedelta(1), at=NOON), "lacks the competence"),
        (lambda: draft_jit(by=ROME, partners=[], purpose="x",
                           until=NOON + timedelta(1), at=NOON), "two States"),
        (lambda: draft_jit(by=ROME, partners=[SOFIA], purpose="x", until=NOON, at=NOON),
         "must be in the future"),
    ],
)  # fmt: skip
def test_what_the_law_does_not_allow_is_refused_by_its_rule(
    draw: Callable[[], Instrument], rule: str
) -> None:
    with pytest.raises(InputError, match=rule):
        draw()


def test_an_e_evidence_order_may_be_drafted_from_the_day_on_which_it_applies() -> None:
    first_day = datetime(2026, 8, 18, tzinfo=UTC)
    assert draft_preservation(**{**EVIDENCE, "at": first_day}).drafted_at == first_day


@pytest.mark.parametrize("kind", sorted(COVERED))
def test_each_covered_class_gets_its_draft(kind: ProviderClass) -> None:
    assert draft_production(**{**EVIDENCE, "provider_class": kind}).addressee == "Host Ltd"


def test_an_unconfirmed_rule_is_marked_in_the_basis_and_a_read_one_is_not() -> None:
    assert UNCONFIRMED in draft_eio(authority="a court", **COMMON).basis
    assert UNCONFIRMED not in draft_preservation(**EVIDENCE).basis
    assert UNCONFIRMED not in draft_production(**EVIDENCE).basis


def test_the_same_draft_has_the_same_id_and_another_one_another() -> None:
    one, two = draft_production(**EVIDENCE), draft_production(**EVIDENCE)
    assert one == two
    assert one.id != draft_production(**{**EVIDENCE, "country": "DE"}).id


@pytest.mark.parametrize("country", ["", "nl", "Netherlands", "N1"])
def test_every_draft_says_in_which_country_its_addressee_is(country: str) -> None:
    told = {**COMMON, "country": country}
    evidence = {**EVIDENCE, "country": country}
    for made in (
        lambda: draft_mla(authority="a court", **told),
        lambda: draft_eio(authority="a court", **told),
        lambda: draft_freezing(addressee="a bank", **told),
        lambda: draft_production(**evidence),
        lambda: draft_preservation(**evidence),
    ):
        with pytest.raises(InputError, match="country is missing"):
            made()


@pytest.mark.parametrize(
    "changed", [{"authority": "a court\n\n## Signature"}, {"holds": ["a\n# b"]}, {"holds": [" "]}]
)
def test_no_line_of_a_draft_is_smuggled_in(changed: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="must be one printable line"):
        draft_mla(**{"authority": "a court", **COMMON, **changed})
