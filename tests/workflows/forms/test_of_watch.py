"""What a case of a watch gives to a form: what it has, with its record, and nothing that it lacks."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.form_case import made_case

from cautery.adapters.case_folder import FolderStore
from cautery.errors import InputError
from cautery.model import digest_of
from cautery.model.forms import FACTS, Fact, form_of
from cautery.model.forms.values import value_of
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.of_watch import facts_of_watch

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
FIELDS = [{"name": "seen", "label": {"en": "Seen"}, "kind": "text", "from": "answers"}]


def facts(case: Path, about: About | None = None, **members: Any) -> dict[str, Fact]:
    tables = {
        "title": {"en": "Paper"},
        "country": "GB",
        "body": "Court",
        "purpose": {"en": "to prove"},
        "issued_by": "rights-holder",
        "regimes": ["gdpr"],
        "formats": ["pdf"],
        "verified": False,
        "source": {"text": "a text", "read": "2026-11-30"},
        "field": FIELDS,
    }
    form = form_of(tables | members, id_="uk/paper")
    with closing(FolderStore().ledger(case, read_only=True)) as ledger:
        return facts_of_watch(ledger, form, about or About(at=NOON))


def test_every_fact_is_of_the_vocabulary_and_of_its_kind(tmp_path: Path) -> None:
    targets = ("edge.pirate.example", "192.0.2.7", "2001:db8::7")
    particulars = {"reset": "weekly", "criteria": "Schedule 3", "host_notice": "at once"}
    known = facts(made_case(tmp_path, *targets, particulars=particulars), needs=["referral"])
    for name, fact in known.items():
        spec = FACTS[name]
        assert value_of(spec.kind, fact.value) == fact.value, name
        for row in fact.value if spec.columns else ():  # type: ignore[union-attr]
            assert tuple(row) == spec.columns, name
    assert known["referral.names"].value == ("edge.pirate.example",)
    assert known["referral.ipv4"].value == ("192.0.2.7",)
    assert known["referral.ipv6"].value == ("2001:db8::7",)
    assert known["order.reset"].value == "weekly"


def test_a_referral_fact_names_the_record_that_drafted_it(tmp_path: Path) -> None:
    case = made_case(tmp_path, "edge.pirate.example")
    known = facts(case, needs=["referral"])
    with closing(FolderStore().ledger(case, read_only=True)) as ledger:
        (drafted,) = [entry for entry in ledger.read() if entry.record.kind == "referral.drafted"]
    assert known["referral.names"].records == (drafted.index,)
    assert known["exhibit.digests"].value == (digest_of(b"segment"),)


def test_a_case_with_no_verdict_says_so_where_a_form_needs_one(tmp_path: Path) -> None:
    case = made_case(tmp_path, proven=False)
    with pytest.raises(InputError, match="this case has no verdict that proves a stream"):
        facts(case, needs=["verdict"])
    assert facts(case)["verdict.list"].value == ()


def test_a_paper_about_a_host_has_its_verdicts_alone(tmp_path: Path) -> None:
    case = made_case(tmp_path)
    here = About(at=NOON, hosts=("edge.pirate.example",))
    known = facts(case, here, needs=["verdict"])
    assert [row["host"] for row in known["verdict.list"].value] == ["edge.pirate.example"]  # type: ignore[union-attr,index]
    with pytest.raises(InputError, match=r"no verdict proves a stream of other\.example"):
        facts(case, About(at=NOON, hosts=("other.example",)), needs=["verdict"])


def test_a_target_that_a_referral_does_not_have_is_refused(tmp_path: Path) -> None:
    case = made_case(tmp_path, "edge.pirate.example")
    with pytest.raises(InputError, match=r"has no target 'other\.example'"):
        facts(case, About(at=NOON, hosts=("other.example",)), needs=["referral"])


def test_a_form_is_for_a_kind_of_order(tmp_path: Path) -> None:
    case = made_case(tmp_path, "edge.pirate.example")
    with pytest.raises(InputError, match="this case has no referral for GB under a standing order"):
        facts(case, needs=["referral"], orders=["standing"])
    referral = str(facts(case, needs=["referral"])["referral.id"].value)
    with pytest.raises(
        InputError, match=r"is for a standing order, and referral .* which is no such order"
    ):
        facts(case, About(at=NOON, referral=referral), needs=["referral"], orders=["standing"])


def test_a_form_of_an_operation_is_not_filled_from_a_watch(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is of an operation, and this is the case of a watch"):
        facts(made_case(tmp_path), needs=["operation"])
