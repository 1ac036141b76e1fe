from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence import EMPTY_ROOT, Frontier, leaf_hash
from cautery.messages import message, say
from cautery.model import Decision, Entry, Finding, Record, to_json
from cautery.pages.case_report import render
from cautery.workflows.case.report import write_report, write_report_file
from cautery.workflows.case.report_view import report_view

SYNTHETIC = Path(__file__).parents[2] / "pages" / "case_report" / "synthetic.py"


def _synthetic() -> ModuleType:
    spec = importlib.util.spec_from_file_location("report_synthetic", SYNTHETIC)
    assert spec
    assert spec.loader
    if spec.name not in sys.modules:
        sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[spec.name])
    return sys.modules[spec.name]


made = _synthetic()


@pytest.fixture(scope="module")
def case() -> Any:
    return made.whole_case(streams=24)


@pytest.fixture(scope="module")
def view(case: Any) -> Any:
    return report_view(case.ledger.read(), case.vault.read, at=case.now)


def test_the_six_figures_are_counted_from_the_records(view: Any) -> None:
    figures = view.figures
    assert (figures.checked, figures.proven, figures.undecided, figures.refused) == (24, 8, 2, 3)


def test_bystanders_spared_count_each_name_once_and_the_nameless_of_one_target(view: Any) -> None:
    assert view.figures.spared == 42 + 1 + 3


def test_exposure_ends_at_the_first_dark_probe(view: Any) -> None:
    dark = next(one for one in view.streams if one.dark_at)
    assert dark.exposed_s == (dark.dark_at - dark.first_seen).total_seconds()


def test_exposure_without_a_dark_probe_runs_to_the_last_record(case: Any, view: Any) -> None:
    lit = next(
        one for one in view.streams if one.verdict.finding is Finding.PROVEN and not one.dark_at
    )
    assert lit.exposed_s == (case.now - lit.first_seen).total_seconds()


def test_the_minutes_between_a_kill_and_the_resumption_are_unobserved(view: Any) -> None:
    assert 95 + 40 <= view.unobserved_s < 95 + 45


def test_the_mandate_sealed_before_a_resumption_does_not_hide_the_gap() -> None:
    case = made.opened()
    case.now += timedelta(seconds=300)
    case.seal(b"mandate", "mandate")
    case.note("watch.resumed", {"why": "window open", "at": case.now})
    view = report_view(case.ledger.read(), case.vault.read, at=case.now)
    assert view.observed_s == 0


def test_the_strongest_proven_stream_stands_first_and_on_page_one(view: Any) -> None:
    proven = [one.verdict.log10_lr for one in view.streams if one.verdict.finding is Finding.PROVEN]
    assert (proven[0], view.hero.number) == (max(proven), 1)


def test_the_block_that_would_hurt_most_bystanders_stands_on_top(view: Any) -> None:
    barred = [one for one in view.guards if one.decision is not Decision.ALLOW]
    hit = [max(one.collateral.low, len(one.collateral.names)) for one in barred]
    assert list(view.guards[: len(barred)]) == barred
    assert hit == sorted(hit, reverse=True)
    assert hit[0] > 0
    assert "st-anna-hospital.example" in view.guards[0].collateral.names


def test_the_tree_head_is_that_of_the_ledger(case: Any, view: Any) -> None:
    leaves = [leaf_hash(one.leaf) for one in case.ledger.entries]
    assert view.ledger.root == Frontier().extend(leaves).root().hex() != EMPTY_ROOT.hex()


def test_approvals_follow_the_referral_that_they_sign(view: Any) -> None:
    assert [one.approver for one in view.referrals[0].approvals] == ["A. Legal", "B. Desk"]


def test_a_still_with_a_broken_seal_is_said_in_its_place_and_does_not_stop_the_page() -> None:
    case = made.whole_case(streams=18)
    case.vault.kept.clear()
    page = write_report(case.ledger, case.vault, at=case.now)
    assert "no longer" in page or "sealed as" in page
    assert "data:image/jpeg" not in page


def test_a_still_whose_id_is_none_does_not_stop_the_page() -> None:
    case = made.whole_case(streams=18)

    def read(exhibit: str) -> bytes:
        raise InputError("'not an id' is not an exhibit's id")

    view = report_view(case.ledger.read(), read, at=case.now)
    assert "not an exhibit&#39;s id" in render(view)


def test_frames_in_memory_are_used_before_the_vault() -> None:
    case = made.whole_case(streams=18)
    frames = dict(case.vault.kept)
    case.vault.kept.clear()
    assert "data:image/jpeg" in write_report(case.ledger, case.vault, at=case.now, frames=frames)


def test_a_case_without_streams_still_has_a_page() -> None:
    case = made.opened()
    assert "No stream was proven" in write_report(case.ledger, case.vault, at=case.now)


def test_a_ledger_without_a_case_is_refused() -> None:
    with pytest.raises(EvidenceError, match=r"case\.opened"):
        write_report(made.MemoryLedger(), made.MemoryVault(), at=made.START)


JUNK = [
    {"url": 7, "services": 5, "edges": "x"},
    {"id": "R-1"},
    {"mandate": 5, "override": [], "exhibit": "x", "approvals": {}},
    {"events": 3, "left_out": None, "at": [], "referral": {}, "intermediary": 0},
    {},
]
KINDS = """case.opened exhibit.sealed fixtures.changed source.read stream.appeared stream.vanished
probe.done verdict alignment guard.decided graph.mapped plan.made estimate error.rate failure
referral.drafted approval.given referral.published acknowledgement dark.probed entry.expired
budget.spent override.given guard.revalidated entry.withdrawn rollback.proposed canary.probed"""


@pytest.mark.parametrize("kind", KINDS.split())
def test_a_strangers_record_costs_itself_and_is_counted(kind: str) -> None:
    case = made.opened()
    for body in JUNK:
        case.note(kind, body)
    case.note("failure", {"what": "fetch", "where": "x", "error": "SourceError", "message": "gone"})
    view = report_view(case.ledger.read(), case.vault.read, at=case.now)
    assert len(view.failures) == 1
    assert sum(view.passed_over.values()) >= 1


URL = "http://p.example/0"
ALIGNED = {
    "url": URL, "reference": "r", "kind": "sound", "delay_s": 1.0, "lags_s": [0.0],
    "strength": [1.0], "suspect_still": "sha256:" + "0" * 64, "suspect_at_s": 1e308,
}  # fmt: skip
ODD = {
    "a title that is no text": ("stream.appeared", {"url": URL, "source": "s", "title": True}),
    "a title of many": ("stream.appeared", {"url": URL, "source": "s", "title": ["x"]}),
    "an exhibit that is no id": (
        "referral.published",
        {"referral": "R-1", "intermediary": "isp", "exhibit": 5},
    ),
    "an end without a time": ("watch.stopped", {}),
    "an end without a zone": ("watch.stopped", {"at": "2026-11-24T12:00:00"}),
    "an end before the start": ("watch.stopped", {"at": "0001-01-01T00:00:00Z"}),
    "an end off the calendar": ("watch.stopped", {"at": "0001-01-01T00:00:00+23:59"}),
    "a moment off the calendar": ("alignment", ALIGNED),
    "an endless pace": (
        "watch.pace",
        {
            "offered": float("inf"), "unseen": 0, "references_late_s": None,
            "probes_late_s": None, "references_silent": [], "why": None,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "body"), ODD.values(), ids=ODD)
def test_a_record_of_odd_values_costs_itself_and_is_counted(
    kind: str, body: dict[str, Any]
) -> None:
    case = made.opened()
    made.stream(case, 3, Finding.PROVEN, stills=False)
    record = Record(kind=kind, at=case.now, body=body)
    entries = list(case.ledger.read())
    entries.append(Entry(index=len(entries), record=record, leaf=b"odd"))
    view = report_view(entries, case.vault.read, at=case.now)
    assert render(view)
    assert view.passed_over == {message("ignored.misshapen", kind=kind): 1}
    assert len(view.streams) == 1


def test_an_end_of_another_shape_does_not_stop_the_watch() -> None:
    case = made.opened()
    case.note("watch.stopped", {})
    case.now += timedelta(seconds=60)
    case.note("failure", {"what": "fetch", "where": "x", "error": "SourceError", "message": "gone"})
    view = report_view(case.ledger.read(), case.vault.read, at=case.now)
    assert view.observed_s >= 60


def test_a_case_is_opened_by_its_first_record_alone(case: Any) -> None:
    taken_over = made.whole_case(streams=18)
    first = taken_over.ledger.entries[0].record.body
    theirs = {**first["mandate"], "id": "mine", "approvers": []}
    taken_over.note("case.opened", {**first, "mandate": theirs})
    view = report_view(taken_over.ledger.read(), taken_over.vault.read, at=taken_over.now)
    assert view.mandate.approvers
    second = message("ignored.second-opening", kind="case.opened")
    assert view.passed_over == {second: 1}
    assert say(second) == "case.opened in a case that was already open"


def test_a_second_referral_of_an_id_does_not_replace_the_first() -> None:
    case = made.whole_case(streams=18)
    (referral,) = report_view(case.ledger.read(), case.vault.read, at=case.now).referrals
    swapped = replace(referral.referral, statement="block the hospital")
    case.note("referral.drafted", swapped)
    (shown,) = report_view(case.ledger.read(), case.vault.read, at=case.now).referrals
    assert shown.referral == referral.referral
    assert len(shown.approvals) == 2


def test_an_approval_that_nobody_gave_is_not_shown() -> None:
    case = made.whole_case(streams=18)
    (referral,) = report_view(case.ledger.read(), case.vault.read, at=case.now).referrals
    forged = replace(referral.approvals[0], at=case.now, signature="c2ln")
    case.note("approval.given", {"referral": referral.referral.id, **to_json(forged)})
    view = report_view(case.ledger.read(), case.vault.read, at=case.now)
    assert view.referrals[0].approvals == referral.approvals


def test_an_override_that_nobody_signed_is_not_shown(view: Any) -> None:
    case = made.whole_case(streams=18)
    (override,) = report_view(case.ledger.read(), case.vault.read, at=case.now).safeguards.overrides
    case.note(
        "override.given",
        {"override": replace(override, target="hospital.example"), "approvals": []},
    )
    shown = report_view(case.ledger.read(), case.vault.read, at=case.now).safeguards.overrides
    assert shown == (override,)


def test_page_one_says_who_signed_the_mandate(case: Any) -> None:
    assert "LAB: unsigned: nobody has signed this mandate" in write_report(
        case.ledger, case.vault, at=case.now
    )


def test_kinds_that_the_report_does_not_know_are_counted() -> None:
    case = made.opened()
    case.note("something.new", {"any": 1})
    view = report_view(case.ledger.read(), case.vault.read, at=case.now)
    assert view.ledger.kinds["something.new"] == 1


def test_an_unknown_clock_is_among_what_we_do_not_know(view: Any) -> None:
    assert any(one.what.startswith("Clock offset") for one in view.unknowns)


def test_no_error_rate_is_itself_an_unknown() -> None:
    case = made.opened()
    view = report_view(case.ledger.read(), case.vault.read, at=case.now)
    assert any("Error rate" in one.what for one in view.unknowns)


def test_the_same_ledger_gives_the_same_page(case: Any) -> None:
    first = write_report(case.ledger, case.vault, at=case.now)
    assert first == write_report(case.ledger, case.vault, at=case.now)


def test_the_file_replaces_the_earlier_one_whole(case: Any, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("old")
    path = write_report_file(tmp_path, case.ledger, case.vault, at=case.now)
    assert path.read_text().endswith("</html>\n") or path.read_text().endswith("</html>")
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_that_is_not_there_is_a_storage_error(case: Any, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        write_report_file(tmp_path / "none", case.ledger, case.vault, at=case.now)


def test_a_stream_that_reappeared_is_exposed_beyond_its_first_vanishing() -> None:
    case = made.opened()
    url = made.stream(case, 3, Finding.PROVEN, stills=False)
    case.note("stream.vanished", {"url": url, "source": "s", "at": case.now})
    seen = {
        "url": url,
        "title": None,
        "source": "s",
        "host": "h.example",
        "at": case.now,
        "offer": None,
    }
    case.note("stream.appeared", seen)
    case.now += timedelta(seconds=60)
    case.note("watch.stopped", {"why": "interrupted", "at": case.now})
    (one,) = report_view(case.ledger.read(), case.vault.read, at=case.now).streams
    assert replace(one).exposed_s > 60


def late_case(**more: Any) -> Any:
    """A case whose watch offered 57 streams and looked at none."""
    case = made.opened()
    for number in range(57):
        url = f"http://p.example/{number}"
        body = {"url": url, "title": None, "source": "list", "host": "p.example", "at": case.now}
        case.note("stream.appeared", body)
    case.note(
        "probe.done",
        {
            "url": "http://p.example/0", "at": case.now, "observation": None,
            "failed": "not looked at: this machine was too slow for decoding",
            "hindered": "decoding", "exhibits": [],
        },
    )  # fmt: skip
    usual = {
        "at": case.now, "offered": 57, "unseen": 57, "unseen_by_right": {"event": 57},
        "late": True, "references_late_s": None, "references_silent": [], "probes_late_s": 60.0,
        "loop_late_s": 0.0, "why": "looks late by 60 s: they hang, 10 at decoding",
    }  # fmt: skip
    case.note("watch.pace", usual | more)
    return case


def test_what_nobody_looked_at_stands_first_among_what_we_do_not_know() -> None:
    case = late_case()
    view = report_view(case.ledger.read(), case.vault.read, at=case.now)
    assert view.unknowns[0].what == "57 streams of 57 offered: never probed"
    assert "10 at decoding" in view.unknowns[0].why
    assert (view.figures.checked, view.figures.offered) == (0, 57)
    assert view.figures.exposed_min is None


def test_how_late_a_watch_was_is_said_with_a_dash_for_what_was_not_measured() -> None:
    case = late_case()
    page = write_report(case.ledger, case.vault, at=case.now)
    assert "the references were – behind and the probes 1 min 00 s" in page  # noqa: RUF001 - the page's dash


def test_a_catch_up_at_the_end_does_not_hide_the_worst_moment() -> None:
    case = late_case()
    caught_up = {"unseen": 0, "late": False, "probes_late_s": 1.0, "why": None}
    case.note("watch.pace", case.ledger.entries[-1].record.body | caught_up)
    view = report_view(case.ledger.read(), case.vault.read, at=case.now)
    assert any("1 min 00 s" in one.why for one in view.unknowns)


def test_looks_that_were_put_off_and_silent_references_are_not_known() -> None:
    case = late_case(references_silent=["licensee-fr"])
    case.note(
        "work.shed",
        {
            "at": case.now, "until": case.now, "order": "", "why": "late",
            "looks": [{"right": "event", "look": "again", "count": 3}],
        },
    )  # fmt: skip
    said = [
        one.what for one in report_view(case.ledger.read(), case.vault.read, at=case.now).unknowns
    ]
    assert "Results of 3 looks that did not take place" in said
    assert "Content of 1 reference" in said
