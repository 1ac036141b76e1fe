"""A case with decoys is followed once they are revealed, and without them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.following import LINKS, NOW, PANEL, SHOP, StruckCase, struck_case
from tests.workflows.forms.test_decoys import DECOY, KEY, POLICY

from cautery.act import terms_digest
from cautery.adapters.case_folder import FolderStore
from cautery.errors import UnrevealedError
from cautery.evidence.decoys import openings_of, root_of, signed
from cautery.model import ExhibitId, Window, digest_of
from cautery.model.decoys import DecoyLeaf, RevealedBy, SealedPlan
from cautery.model.ledger import append, contents
from cautery.model.records import CaseOpened, DecoyRevealed, DecoysPlanned
from cautery.wiring import following as wired

OWN = "tv1.own.example"


def with_decoy(folder: Path, *, revealed: bool) -> StruckCase:
    """Make a case in which a decoy's stream was proven, and its certificate was seen."""
    struck = struck_case(
        folder,
        links=[*LINKS, (OWN, "certificate", "d" * 64)],
        hosts=(OWN, PANEL, SHOP),
        decoys=POLICY,
    )
    span = Window(start=NOW - timedelta(days=21), end=NOW - timedelta(days=19))
    leaf = DecoyLeaf(
        salt="1" * 64, decoy=replace(DECOY, appears_at=span.start, vanishes_at=span.end)
    )
    with closing(FolderStore().ledger(struck.path, read_only=False)) as ledger:
        ((_, opened),) = contents(ledger, CaseOpened)
        plan = signed(
            SealedPlan(
                night="derby-1",
                root=root_of([leaf], night="derby-1"),
                count=1,
                window=span,
                planner="P. Lan",
                public_key=base64.b64encode(KEY.public_key().public_bytes_raw()).decode(),
                mandate=terms_digest(opened.mandate),
                made_at=span.start,
            ),
            KEY,
        )
        exhibit = ExhibitId(digest_of(b"plan"))
        records: list[object] = [
            DecoysPlanned(at=span.start, sealed=plan, exhibit=exhibit, key="0" * 16)
        ]
        if revealed:
            (opening,) = openings_of([leaf], [0], night="derby-1")
            how = next(iter(RevealedBy))
            records.append(
                DecoyRevealed(at=NOW, night="derby-1", root=plan.root, how=how, opening=opening)
            )
        for record in records:
            append(ledger, record, at=datetime.now(UTC))
    return struck


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    return lambda folder: monkeypatch.setenv("CAUTERY_KEYS", str(folder / "keys"))


def test_a_case_is_not_followed_before_its_decoys_are_revealed(
    tmp_path: Path, keys: Callable[[Path], None]
) -> None:
    keys(tmp_path)
    struck = with_decoy(tmp_path, revealed=False)
    with pytest.raises(UnrevealedError, match="1 of 1 decoys of this case are not revealed yet"):
        wired.follow(struck.path, struck.into, mandate_file=struck.mandate(), sources=())
    assert not struck.into.exists()


def test_a_case_is_followed_without_its_decoys(
    tmp_path: Path, keys: Callable[[Path], None]
) -> None:
    keys(tmp_path)
    struck = with_decoy(tmp_path, revealed=True)
    run = wired.follow(struck.path, struck.into, mandate_file=struck.mandate(), sources=())
    assert OWN not in run.struck.traits.members
    assert SHOP in run.struck.traits.members
    values = {trait.value for trait in run.struck.traits.traits}
    assert not values & {"d" * 64, "own", "tv1.own"}
    assert "c" * 64 in values


@pytest.mark.parametrize("revealed", [False, True])
def test_a_watch_brings_nothing_of_its_decoys(
    tmp_path: Path,
    keys: Callable[[Path], None],
    revealed: bool,  # noqa: FBT001
) -> None:
    (tmp_path / "watch").mkdir()
    keys(tmp_path / "watch")
    watch = with_decoy(tmp_path / "watch", revealed=revealed)
    keys(tmp_path)
    struck = struck_case(tmp_path)

    def follow() -> wired.Followed:
        return wired.follow(
            struck.path, struck.into, mandate_file=struck.mandate(), sources=[watch.path]
        )

    if not revealed:
        with pytest.raises(UnrevealedError):
            follow()
        return
    run = follow()
    assert run.intake is not None
    entities = {trait.entity for trait in run.intake.traits}
    assert OWN not in entities
    assert SHOP in entities
