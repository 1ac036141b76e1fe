"""Papers for a court: every figure is the dossier's, and what nobody recorded is named."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.form_case import made_case
from tests.workflows.dossier.conftest import NOON, URL, Vouched, loaded, vouched  # noqa: F401

from cautery import wiring
from cautery.adapters.clock import FixedClock
from cautery.adapters.typst_pdf import compile_pdf
from cautery.errors import EvidenceError, IncompleteError, InputError
from cautery.evidence.custody import CustodyAct, CustodyLine, stated
from cautery.messages import in_language
from cautery.model.forms import FACTS, Filled, FormFormat
from cautery.model.forms.values import value_of
from cautery.pages.dossier import DossierView, dossier_typst
from cautery.pages.dossier.view import RateView
from cautery.pages.dossier.words import second_after
from cautery.wiring import custody, forms
from cautery.wiring.cases import reading, reading_store
from cautery.wiring.dossiers import Vouching
from cautery.wiring.forms import FormRequest
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.document import document_view
from cautery.workflows.forms.as_text import json_of
from cautery.workflows.forms.catalogue import form_named, whole_form
from cautery.workflows.forms.checking import fault_words
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.custody_words import acts_of, gaps_of, state_of
from cautery.workflows.forms.of_court import CourtCase, court_facts
from cautery.workflows.forms.of_watch import facts_of_watch

LATER = NOON + timedelta(days=2)
EXHIBITS, CONTINUITY = "court/exhibits-list", "court/continuity-statement"
EXAMINER = "court/examiner-statement"
PAPERS = (EXHIBITS, CONTINUITY, EXAMINER, "fr/examiner-statement")
FIGURE = re.compile(r"\d+(?:[.,\u202f]\d+)*")
OF_CASE = {"case", "exhibits", "seal", "acts", "findings", "finding_rates", "finding_times",
           "ratios", "rates", "blind", "limits", "method", "times", "in_short"}  # fmt: skip
"""Fields whose figures the dossier has, too."""


@pytest.fixture
def own(vouched: Vouched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """A closed case with times that others vouch for, and a chain of custody of its own."""
    monkeypatch.setattr(wiring, "clock", lambda: FixedClock(LATER))
    shutil.copytree(vouched.made.path, tmp_path / "case")
    return tmp_path / "case"


def asked(form: str, case: Path, trusting: Vouched, answers: Path | None = None) -> FormRequest:
    vouching = Vouching(trust=trusting.world.trust)
    return FormRequest(form=form, case=case, vouching=vouching, answers=answers)


def of_dossier(case: Path, trusting: Vouched) -> tuple[DossierView, str, list[dict[str, str]]]:
    """Return a dossier's document for a court, its text as a reader has it, and its exhibits."""
    view, attached = document_view(
        case,
        None,
        audience=Audience.COURT,
        store=reading_store(),
        at=LATER,
        trust=trusting.world.trust,
        custody=reading_store().custody(case),
    )
    pdf = compile_pdf(dossier_typst(view, tuple(attached)), beside={**view.files, **attached})
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext")
    text = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()
    listed = attached["exhibits.csv"].decode()
    return view, text, list(csv.DictReader(io.StringIO(listed, newline="")))


@pytest.mark.parametrize("language", ["en", "fr", "it", "es"])
def test_each_figure_of_a_paper_is_the_dossier_s_to_the_digit(
    own: Path,
    vouched: Vouched,  # noqa: F811
    language: str,
) -> None:
    given = "sha256:" + "1" * 64
    custody.note_opening(own, what=given, digest=given, by="B. Duty", why="a look", copied=False)
    with in_language(language):
        view, text, listed = of_dossier(own, vouched)
        papers = [forms.check(asked(form, own, vouched)) for form in PAPERS]
    # What reads the PDF writes an ordinary space for the narrow one between thousands.
    text = re.sub(r"(?<=\d) (?=\d{3}\b)", "\u202f", text)
    known = {*FIGURE.findall(text), *FIGURE.findall(json.dumps(listed, ensure_ascii=False))}
    sizes = {figure.replace("\u202f", "").replace(",", "").replace(".", "") for figure in known}
    counted = 0
    for paper in papers:
        for name, member in json.loads(json_of(paper)).items():
            for cell in cells(member) if name in OF_CASE - {"seal", "acts", "exhibits"} else ():
                for figure in FIGURE.findall(cell):
                    assert figure in known, (paper.form.id, name, cell)
                    counted += 1
            for row in member if name == "exhibits" else ():
                assert row["size"].replace("\u202f", "").translate({44: None, 46: None}) in sizes
    assert counted > 100
    for paper in papers[2:]:
        rows: Any = paper.value("findings")
        assert [(row["says"], row["support"], row["ratio"]) for row in rows] == [
            (claim.says, claim.support, claim.ratio_figure) for claim in view.claims
        ]
        rates: Any = paper.value("rates")
        assert [(row["what"], row["counted"]) for row in rates] == [
            (rate.what, rate.counted) for rate in view.rates
        ]
        assert paper.value("ratios") == tuple({claim.ratio for claim in view.claims})
        method: Any = paper.value("method")
        assert method[:-1] == view.method[: len(method) - 1]
    assert papers[1].value("in_short") == view.custody


def cells(member: Any) -> Iterator[str]:
    """Yield the texts of a value, but for the number that the paper gives a row, and addresses."""
    if isinstance(member, str):
        yield member
    for part in member if isinstance(member, list) else ():
        if isinstance(part, str):
            yield part
        else:
            yield from (
                text for name, text in part.items() if name not in ("url", "findings", "source")
            )


def test_the_list_has_each_exhibit_of_the_dossier_once_with_its_bracket(
    own: Path,
    vouched: Vouched,  # noqa: F811
) -> None:
    _, _, listed = of_dossier(own, vouched)
    rows: Any = forms.check(asked(EXHIBITS, own, vouched)).value("exhibits")
    assert [row["number"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert [row["digest"] for row in rows] == list(dict.fromkeys(x["sha256"] for x in listed))
    by_digest = {row["digest"]: row for row in rows}
    for line in listed:
        row = by_digest[line["sha256"]]
        assert row["size"].replace(",", "") == line["bytes"]
        assert ("encrypted" in row["what"]) == (line["encrypted"] == "yes")
        # Rounded up: a bound may only grow.
        assert row["not_after"] == second_after(datetime.fromisoformat(line["not_after"]))


def test_an_exhibit_number_that_is_used_twice_is_refused_in_a_sentence(
    own: Path,
    vouched: Vouched,  # noqa: F811
    tmp_path: Path,
) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text(
        'court = "C"\ncourt_number = "1"\nsigned_by = "A"\npost = "P"\n'
        '[[exhibits]]\nmark = "A/1"\n[[exhibits]]\nmark = "A/1"\n'
    )
    request, out = asked(EXHIBITS, own, vouched, answers), tmp_path / "list.csv"
    with pytest.raises(IncompleteError, match=r"used twice: Exhibits, Mark.*“A/1” more than once"):
        forms.write(request, out, asked_format=None, language="en", draft=False)
    assert not out.exists()
    answers.write_text(answers.read_text().replace("A/1", "A/2", 1))
    forms.write(request, out, asked_format=None, language="en", draft=False)
    assert out.read_text().count("A/") == 2


@pytest.mark.parametrize("form", PAPERS)
def test_a_case_with_no_verdict_gives_a_sentence_and_no_paper(tmp_path: Path, form: str) -> None:
    case, out = made_case(tmp_path, territory="FR", proven=False), tmp_path / "paper.pdf"
    with pytest.raises(InputError, match="no verdict that proves a stream"):
        forms.write(
            FormRequest(form=form, case=case), out, asked_format=None, language="en", draft=True
        )
    assert not out.exists()


def test_an_open_case_gives_no_paper_to_a_court(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="still open"):
        forms.check(FormRequest(form=EXHIBITS, case=made_case(tmp_path, territory="FR")))


def test_a_case_that_was_altered_gives_no_paper(
    own: Path,
    vouched: Vouched,  # noqa: F811
    tmp_path: Path,
) -> None:
    exhibit = next(path for path in (own / "vault").rglob("*") if path.is_file())
    exhibit.chmod(0o600)
    exhibit.write_bytes(exhibit.read_bytes() + b"x")
    with pytest.raises(EvidenceError):
        forms.write(
            asked(EXHIBITS, own, vouched), tmp_path / "x.pdf", asked_format=FormFormat.PDF,
            language="en", draft=True,
        )  # fmt: skip
    assert not (tmp_path / "x.pdf").exists()


def test_a_declaration_that_is_answered_with_no_completes_nothing(
    own: Path,
    vouched: Vouched,  # noqa: F811
    tmp_path: Path,
) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text("truth = false\noath = true\n")
    filled = forms.check(asked("fr/examiner-statement", own, vouched, answers))
    wrong = [fault_words(filled.form, fault) for fault in filled.faults]
    assert "not valid: Declaration cannot be “no”" in wrong
    assert not [words for words in wrong if "Oath" in words]


@contextmanager
def known(case: Path, trusting: Vouched, form: str = EXAMINER) -> Iterator[Any]:
    """Lend what makes the facts of a paper, given a changed view or chain."""
    view, _ = document_view(
        case, None, audience=Audience.COURT, store=reading_store(), at=LATER,
        trust=trusting.world.trust,
    )  # fmt: skip
    with reading(case) as opened:
        base = facts_of_watch(opened.ledger, form_named(form), About(at=LATER))

        def facts(
            chain: tuple[CustodyLine, ...] = (), hosts: tuple[str, ...] = (), **other: Any
        ) -> Any:
            court = CourtCase(view=replace(view, **other), chain=chain, root="r", key="k")
            about = About(at=LATER, hosts=hosts)
            return court_facts(opened.ledger, court, base, about, form_named(form))

        yield facts, opened.ledger


def test_every_fact_is_of_the_vocabulary_and_of_its_kind(own: Path, vouched: Vouched) -> None:  # noqa: F811
    rate = RateView(what="own streams missed", counted="1 of 40; at most 12 %", source="2 nights")
    with known(own, vouched) as (facts, _):
        given = facts(chain(vouched, own), blind=(rate,), left_out=3)
    for name, fact in given.items():
        spec = FACTS[name]
        assert value_of(spec.kind, fact.value) == fact.value, name
        for row in fact.value if spec.columns else ():
            assert tuple(row) == spec.columns, name
    assert given["court.blind"].value[0]["counted"] == "1 of 40; at most 12 %"
    assert given["court.limits"].value[-1]["what"].endswith(" 3")
    assert given["court.claims"].records == given["court.times"].records != ()


def test_a_court_is_given_the_whole_case(own: Path, vouched: Vouched) -> None:  # noqa: F811
    with known(own, vouched) as (facts, _), pytest.raises(InputError, match="the whole case"):
        facts(hosts=("edge.pirate.example",))


def chain(trusting: Vouched, case: Path) -> tuple[CustodyLine, ...]:
    """Two acts: handed over and signed, and opened by somebody who did not sign."""
    key = loaded(trusting.made.key)
    given = "sha256:" + "2" * 64
    handed = stated(
        at=LATER, act=CustodyAct.HANDED_OVER, by="A. Legal", to="Court of Roma", why="12/2026",
        what="dossier for court", digest=given, key=key,
    )  # fmt: skip
    opened = stated(
        at=LATER + timedelta(hours=1), act=CustodyAct.OPENED, by="B. Duty", why="a look", what="x",
        digest=given, previous=handed.id,
    )  # fmt: skip
    return handed, opened


def test_gaps_are_named(own: Path, vouched: Vouched) -> None:  # noqa: F811
    handed, opened = chain(vouched, own)
    with reading(own) as case:
        none = gaps_of(case.ledger, ())
        both = gaps_of(case.ledger, (handed, opened))
        early = gaps_of(case.ledger, (replace(handed, at="2020-01-01T00:00:00.000000Z"),))
    [alone] = none
    assert alone.startswith("From the closing at 2026-11-24 12:01:00 UTC until this paper")
    assert any("until 2026-11-26 12:00:00 UTC the chain has no act" in gap for gap in both)
    assert "Act 1: handed over to Court of Roma; no receipt is filed." in both
    assert any(gap.startswith("No signature covers the last act") for gap in both)
    assert "Act 1: its time cannot be right." in early


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_act_outside_of_the_calendar_stands_as_it_is(
    own: Path,
    vouched: Vouched,  # noqa: F811
    at: str,
) -> None:
    act = replace(chain(vouched, own)[0], at=at)
    assert acts_of([act])[0]["at"] == at
    assert at in state_of([act], "2" * 64)
    with reading(own) as case:
        assert "Act 1: its time cannot be right." in gaps_of(case.ledger, [act])


def test_a_receipt_closes_the_gap_of_its_handing_over(own: Path, vouched: Vouched) -> None:  # noqa: F811
    handed, opened = chain(vouched, own)
    receipt = replace(opened, act=CustodyAct.RECEIVED, what="a receipt")
    with reading(own) as case:
        assert not any("receipt is filed" in gap for gap in gaps_of(case.ledger, (handed, receipt)))


def test_what_became_of_an_exhibit_is_its_newest_act(vouched: Vouched, own: Path) -> None:  # noqa: F811
    acts = chain(vouched, own)
    assert state_of(acts, "3" * 64) == "in the closed case; no act of its own"
    assert state_of(acts, "2" * 64) == (
        "in the closed case; opened 2026-11-26 13:00:00 by B. Duty; acts: 2"
    )


@pytest.mark.parametrize("form", ["uk", "fr", "it", "es"])
def test_a_country_s_statement_is_the_court_s_with_its_own_declaration(form: str) -> None:
    whole, own_form = form_named(EXAMINER), form_named(f"{form}/examiner-statement")
    assert own_form.fields[: len(whole.fields)] == whole.fields
    declared = [field for field in own_form.fields[len(whole.fields) :] if field.words]
    assert [set(field.words) for field in declared] == [{"en", "fr", "it", "es"}]
    assert not own_form.verified
    assert "[M]" in own_form.source.text


def test_every_label_of_a_court_s_paper_is_in_each_language() -> None:
    for form in map(form_named, PAPERS):
        for field in form.fields:
            labels = [field.label, *(column.label for column in field.columns)]
            assert all(set(label) == {"en", "fr", "it", "es"} for label in labels), field.name


def test_a_form_that_is_like_none_is_refused() -> None:
    with pytest.raises(InputError, match="like 'a/none', which is no whole form"):
        whole_form({"a/b": {"like": "a/none"}}, "a/b")
    with pytest.raises(InputError, match="no whole form"):
        whole_form({"a/b": {"like": "a/c"}, "a/c": {"like": "a/d"}, "a/d": {}}, "a/b")


def test_an_address_of_the_case_is_in_the_paper(own: Path, vouched: Vouched) -> None:  # noqa: F811
    filled: Filled = forms.check(asked(EXAMINER, own, vouched))
    rows: Any = filled.value("findings")
    assert [row["url"] for row in rows] == [URL]
