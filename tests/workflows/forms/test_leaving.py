"""A paper has what two people approved and what still stands of it; the rest is a draft, or nothing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.form_case import NOW, SPAN, approve_in, made_case

from cautery.adapters.case_folder import FolderStore
from cautery.errors import ApprovalError, CauteryError, IncompleteError, InputError
from cautery.messages import in_language
from cautery.model import Referral
from cautery.model.forms import Filled, Form, fill, form_of
from cautery.model.ledger import append, contents
from cautery.model.ports import Ledger
from cautery.model.records import ActRefused, ComplaintDecided, EntryWithdrawn
from cautery.workflows.case.referral import filed_referral
from cautery.workflows.forms.as_text import csv_of, json_of
from cautery.workflows.forms.as_xml import xml_of
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.of_watch import facts_of_watch, hosts_of_papers
from cautery.workflows.forms.paper import paper_of
from cautery.workflows.forms.writing import require_final

EDGE, OTHER, ADDRESS = "edge.pirate.example", "mistake.innocent.example", "192.0.2.7"


def form(*, per_target: bool = False) -> Form:
    field = {"name": "hosts", "label": {"en": "Hosts"}, "kind": "names", "from": "referral.names"}
    return form_of(
        {
            "title": {"en": "List"},
            "country": "GB",
            "body": "Court",
            "purpose": {"en": "to block"},
            "issued_by": "rights-holder",
            "regimes": ["gdpr"],
            "needs": ["referral"],
            "per_target": per_target,
            "formats": ["json", "csv", "xml", "pdf"],
            "xml": {"root": "list"},
            "verified": False,
            "source": {"text": "a text", "read": "2026-11-30"},
            "field": [field | {"mandatory": False, "path": "hosts/host"}],
        },
        id_="uk/list",
    )


@contextmanager
def ledger_of(case: Path) -> Iterator[Ledger]:
    with closing(FolderStore().ledger(case, read_only=False)) as ledger:
        yield ledger


def filled(case: Path, *, at: datetime = NOW, leaves: bool = True) -> Filled:
    with ledger_of(case) as ledger:
        return fill(form(), facts_of_watch(ledger, form(), About(at=at, leaves=leaves)), {})


def referral_in(ledger: Ledger) -> Referral:
    return next(referral for _, referral in contents(ledger, Referral))


def withdraw(ledger: Ledger, target: str) -> None:
    withdrawn = EntryWithdrawn(
        referral=referral_in(ledger).id, target=target, reasons=(), published=(), at=NOW
    )
    append(ledger, withdrawn, at=NOW)


def decide(ledger: Ledger, target: str | None, *, granted: bool) -> None:
    decided = ComplaintDecided(
        complaint="C-0123456789abcdef",
        granted=granted,
        by="A. Legal",
        why="it is another's",
        target=target,
        referrals=(),
        at=NOW,
    )
    append(ledger, decided, at=NOW)


def test_what_two_people_approved_is_no_draft(tmp_path: Path) -> None:
    paper = filled(made_case(tmp_path, EDGE))
    require_final(paper)
    assert (paper.is_draft, paper.value("hosts")) == (False, (EDGE,))


@pytest.mark.parametrize("people", [0, 1])
def test_what_fewer_people_approved_is_a_draft_in_each_format(tmp_path: Path, people: int) -> None:
    paper = filled(made_case(tmp_path, EDGE, people=people))
    assert paper.is_complete
    with pytest.raises(ApprovalError, match=f"{people} of 2 people have approved it"):
        require_final(paper)
    assert "not approved" in json.loads(json_of(paper))["DRAFT"]
    first = next(csv.reader(io.StringIO(csv_of(paper).decode())))
    assert first[0].startswith("DRAFT, not to be used")
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    comment = ET.fromstring(xml_of(paper), parser)[0].text
    assert comment is not None
    assert comment.strip().startswith("DRAFT, not to be used")
    page = paper_of(paper, case="c", lab=False, at=NOW)
    assert any("not approved" in fault for fault in page.faults)
    with in_language("fr"):
        assert "not approved" not in json.loads(json_of(paper))["DRAFT"]


def test_an_incomplete_paper_that_nobody_approved_names_both(tmp_path: Path) -> None:
    whole = form().field("hosts")
    assert whole is not None
    case = made_case(tmp_path, EDGE, people=0)
    with ledger_of(case) as ledger:
        facts = facts_of_watch(ledger, form(), About(at=NOW, leaves=True))
    paper = fill(form(), facts, {"hosts": ["another.example"]})
    with pytest.raises(IncompleteError, match=r"contradicted.*0 of 2 people have approved it"):
        require_final(paper)


def test_approvals_do_not_keep_and_nobody_approves_ahead(tmp_path: Path) -> None:
    case = made_case(tmp_path, EDGE, people=0)
    with ledger_of(case) as ledger:
        approve_in(ledger, referral_in(ledger).id, at=NOW + timedelta(minutes=10))
    assert "dated in the future" in filled(case).unapproved
    assert not filled(case, at=NOW + timedelta(minutes=11)).is_draft


def test_a_refused_act_is_on_no_paper_and_on_no_draft(tmp_path: Path) -> None:
    case = made_case(tmp_path, EDGE)
    with ledger_of(case) as ledger:
        filed = filed_referral(ledger, referral_in(ledger).id)
        refusal = ActRefused(
            id=filed.referral.id, subject=filed.digest, by="B. Duty", why="a mistake", at=NOW
        )
        append(ledger, refusal, at=NOW)
    for leaves in (True, False):
        with pytest.raises(ApprovalError, match=r"B\. Duty has refused .*: a mistake"):
            filled(case, leaves=leaves)


def test_a_refusal_in_nobodys_name_stops_nothing(tmp_path: Path) -> None:
    case = made_case(tmp_path, EDGE)
    with ledger_of(case) as ledger:
        filed = filed_referral(ledger, referral_in(ledger).id)
        refusal = ActRefused(
            id=filed.referral.id, subject=filed.digest, by="Nobody", why="no", at=NOW
        )
        append(ledger, refusal, at=NOW)
    assert not filled(case).is_draft


def release(ledger: Ledger, target: str) -> None:
    decide(ledger, target, granted=True)


@pytest.mark.parametrize("take_off", [withdraw, release])
@pytest.mark.parametrize("people", [0, 2])
def test_a_target_that_was_taken_off_is_on_no_paper_approved_or_not(
    tmp_path: Path, people: int, take_off: Callable[[Ledger, str], None]
) -> None:
    case = made_case(tmp_path, EDGE, OTHER, people=people)
    with ledger_of(case) as ledger:
        take_off(ledger, OTHER)
    assert filled(case).value("hosts") == (EDGE,)
    with ledger_of(case) as ledger:
        assert hosts_of_papers(ledger, form(per_target=True), About(at=NOW)) == (EDGE,)
        take_off(ledger, EDGE)
    with pytest.raises(InputError, match=r"no target of referral .* stands any more"):
        filled(case)


def test_a_target_that_was_released_stays_so_and_a_rejected_complaint_releases_none(
    tmp_path: Path,
) -> None:
    case = made_case(tmp_path, EDGE, OTHER)
    with ledger_of(case) as ledger:
        decide(ledger, EDGE, granted=False)
    assert filled(case).value("hosts") == (EDGE, OTHER)
    with ledger_of(case) as ledger:
        decide(ledger, OTHER, granted=True)
        decide(ledger, None, granted=False)  # of the same number: appended to undo it
    assert filled(case).value("hosts") == (EDGE,)


def test_what_has_ended_is_on_no_paper(tmp_path: Path) -> None:
    case = made_case(tmp_path, EDGE)
    assert not filled(case, at=SPAN.end - timedelta(seconds=1)).is_draft
    for at in (SPAN.end, SPAN.end + timedelta(days=30)):
        with pytest.raises(InputError, match="stands any more"):
            filled(case, at=at)


def test_a_paper_names_the_people_on_whose_signatures_it_stands(tmp_path: Path) -> None:
    case = made_case(tmp_path, EDGE)
    with ledger_of(case) as ledger:
        known = facts_of_watch(ledger, form(), About(at=NOW, leaves=True))
    assert known["referral.approvers"].value == ("A. Legal (legal)", "B. Duty (legal)")


@pytest.mark.parametrize("target", ["../../evil/owned", "/etc/x", "a b", "..", "x.example/../y"])
def test_a_referral_with_a_target_that_no_list_can_have_becomes_no_paper(
    tmp_path: Path, target: str
) -> None:
    case = made_case(tmp_path, target, EDGE, people=0)
    with pytest.raises(CauteryError, match="which is no name and no address"):
        filled(case)
    with (
        ledger_of(case) as ledger,
        pytest.raises(CauteryError, match="which is no name and no address"),
    ):
        hosts_of_papers(ledger, form(per_target=True), About(at=NOW))
