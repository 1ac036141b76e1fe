"""A dossier has the blind tests among its error rates, with N and bound, and names no decoy."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.drawn import drawn_case

from cautery.adapters.case_folder import FolderStore
from cautery.evidence.case_key import case_verifier
from cautery.evidence.manifest import MANIFEST, NOTE, Manifest, open_manifest
from cautery.evidence.note import MAX_NOTE_BYTES
from cautery.lab.drawn_nights import NightRates
from cautery.messages import in_language
from cautery.model.evidence import digest_of
from cautery.pages.dossier.render import dossier_typst
from cautery.pages.dossier.view import DossierView
from cautery.wiring.blind import nights_of
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.document import document_view

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)


def signed_manifest(path: Path) -> tuple[str, Manifest]:
    store = FolderStore()
    note = store.read(path, NOTE, limit=MAX_NOTE_BYTES)
    manifest = open_manifest(note, case_verifier(store, path))
    return f"case {manifest.case}", manifest


def view_of(path: Path, *others: Path) -> DossierView:
    nights = [one.night for one in nights_of(others, own_case=path).counted]
    view, _ = document_view(
        path, None, audience=Audience.COURT, store=FolderStore(), at=NOON, blind=nights
    )
    return view


def test_the_rates_of_the_night_stand_in_the_document(tmp_path: Path) -> None:
    drawn_case(tmp_path / "md1", NightRates.even(0.0, 0.0), own=40, look_alikes=40, closed=True)
    view = view_of(tmp_path / "md1")
    rows = {rate.what: rate for rate in view.blind}
    accused = rows["innocent look-alikes accused"]
    assert accused.counted == "0 of 40; at 95 % confidence at most 7.2 %"
    _, manifest = signed_manifest(tmp_path / "md1")
    assert accused.source.startswith("1 night (matchday-1)")
    assert view.blind_nights == (f"matchday-1: case {manifest.case}, manifest {manifest.digest}",)
    assert f"case {manifest.case}, manifest {manifest.digest}" in dossier_typst(view, ())
    assert manifest.digest == digest_of((tmp_path / "md1" / MANIFEST).read_bytes())
    source = dossier_typst(view, ())
    assert "Measured blind, on this organisation's own feeds" in source
    assert "DERBY LIVE" not in source


def test_nights_of_other_cases_count_as_clusters(tmp_path: Path) -> None:
    for number in range(5):
        drawn_case(tmp_path / f"md{number}", seed=number, number=number, closed=True)
    view = view_of(tmp_path / "md0", *(tmp_path / f"md{number}" for number in range(1, 5)))
    missed = view.blind[1]
    assert "95 % interval" in missed.counted
    assert "5 nights" in missed.source
    for number in range(5):
        case, manifest = signed_manifest(tmp_path / f"md{number}")
        assert f"{case}, manifest {manifest.digest}" in view.blind_nights[number]
    assert "each a cluster" in missed.source


def test_made_up_cases_that_nobody_closed_count_for_nothing(tmp_path: Path) -> None:
    drawn_case(tmp_path / "md0", NightRates.even(0.6, 0.5), closed=True)
    for number in range(1, 4):
        drawn_case(tmp_path / f"md{number}", NightRates.even(0.0, 0.0), seed=number, number=number)
    alone = view_of(tmp_path / "md0").blind
    assert view_of(tmp_path / "md0", *(tmp_path / f"md{n}" for n in range(1, 4))).blind == alone


def test_a_night_that_is_not_revealed_gives_no_rate(tmp_path: Path) -> None:
    drawn_case(tmp_path / "md1", revealed=False, closed=True)
    assert view_of(tmp_path / "md1").blind == ()


def test_the_rates_speak_the_language_of_the_document(tmp_path: Path) -> None:
    drawn_case(tmp_path / "md1", closed=True)
    with in_language("it"):
        rates = view_of(tmp_path / "md1").blind
    assert rates[0].what == "sosia innocenti accusati"
    assert "al massimo" in rates[0].counted
