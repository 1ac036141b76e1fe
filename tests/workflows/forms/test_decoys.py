"""A paper leaves without decoys, and not at all while nobody may know which they are."""

from __future__ import annotations

import base64
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.form_case import NOW, SPAN, made_case, mandate_in

from cautery.act import terms_digest
from cautery.adapters.case_folder import FolderStore
from cautery.errors import InputError, UnaskedError, UnrevealedError
from cautery.evidence.decoys import openings_of, root_of, signed
from cautery.model import DecoysPolicy, ExhibitId, OwnLocation, Regime, digest_of
from cautery.model.decoys import Decoy, DecoyKind, DecoyLeaf, RevealedBy, SealedPlan
from cautery.model.forms import Fact, Need
from cautery.model.ledger import append
from cautery.model.records import DecoyRevealed, DecoysPlanned
from cautery.workflows.forms.catalogue import form_named
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.of_watch import facts_of_watch, hosts_of_papers

KEY = Ed25519PrivateKey.from_private_bytes(b"p" * 32)
POLICY = DecoysPolicy(
    sealed=OwnLocation("/night/sealed.json"),
    keeper="https://keeper.example/",
    planner=base64.b64encode(KEY.public_key().public_bytes_raw()).decode(),
    own=("own.example", "192.0.2.0/24"),
)
DECOY = Decoy(
    kind=DecoyKind.OWN_STREAM,
    url="http://tv1.own.example:8080/d/1/live.m3u8",
    addresses=("192.0.2.2",),
    offered_as="Derby LIVE HD",
    event="match",
    disguise="none",
    delay_s=20.0,
    appears_at=NOW,
    vanishes_at=NOW + timedelta(hours=1),
)
LEAF = DecoyLeaf(salt="1" * 64, decoy=DECOY)
FORM = form_named("it/piracy-shield")
ONLY_VERDICTS = replace(FORM, needs=(Need.VERDICT,), ticket=False)


def planned() -> SealedPlan:
    public = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
    mandate = mandate_in("IT", {}, regime=Regime.GDPR, decoys=POLICY)
    plan = SealedPlan(
        night="derby-1",
        root=root_of([LEAF], night="derby-1"),
        count=1,
        window=SPAN,
        planner="P. Lan",
        public_key=public,
        mandate=terms_digest(mandate),
        made_at=SPAN.start,
    )
    return signed(plan, KEY)


def case_of(folder: Path, *targets: str, revealed: bool) -> Path:
    case = made_case(folder, *targets, territory="IT", decoys=POLICY)
    sealed = planned()
    exhibit = ExhibitId(digest_of(b"plan"))
    with closing(FolderStore().ledger(case, read_only=False)) as ledger:
        plan = DecoysPlanned(at=NOW, sealed=sealed, exhibit=exhibit, key="0" * 16)
        append(ledger, plan, at=datetime.now(UTC))
        if revealed:
            (opening,) = openings_of([LEAF], [0], night="derby-1")
            opened = DecoyRevealed(
                at=NOW,
                night="derby-1",
                root=sealed.root,
                how=next(iter(RevealedBy)),
                opening=opening,
            )
            append(ledger, opened, at=datetime.now(UTC))
    return case


def facts(case: Path, form: object = FORM, *, leaves: bool = True) -> dict[str, Fact]:
    assert isinstance(form, type(FORM))
    with closing(FolderStore().ledger(case, read_only=True)) as ledger:
        return facts_of_watch(ledger, form, About(at=NOW, leaves=leaves))


def test_nothing_leaves_before_the_keeper_has_answered_and_a_check_is_no_leaving(
    tmp_path: Path,
) -> None:
    case = case_of(tmp_path, "tv1.own.example", "edge.pirate.example", revealed=False)
    with pytest.raises(UnaskedError):
        facts(case)
    with pytest.raises(UnrevealedError, match="1 of 1 decoys of this case are not revealed yet"):
        facts(case, ONLY_VERDICTS)
    assert len(facts(case, leaves=False)["referral.names"].value) == 2  # type: ignore[arg-type]


def test_a_paper_of_a_referral_has_no_target_that_was_opened_as_a_decoy(tmp_path: Path) -> None:
    case = case_of(tmp_path, "tv1.own.example", "192.0.2.2", "edge.pirate.example", revealed=True)
    known = facts(case)
    assert known["referral.names"].value == ("edge.pirate.example",)
    assert known["referral.ipv4"].value == ()


def test_papers_for_each_target_are_of_no_decoy_and_wait_for_the_keeper(tmp_path: Path) -> None:
    for revealed in (False, True):
        folder = tmp_path / str(revealed)
        folder.mkdir()
        case = case_of(folder, "tv1.own.example", "edge.pirate.example", revealed=revealed)
        form = replace(FORM, per_target=True)
        with closing(FolderStore().ledger(case, read_only=True)) as ledger:
            if revealed:
                assert hosts_of_papers(ledger, form, About(at=NOW)) == ("edge.pirate.example",)
            else:
                with pytest.raises(UnaskedError):
                    hosts_of_papers(ledger, form, About(at=NOW))


def test_a_referral_of_decoys_alone_becomes_no_paper(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="or was opened as a decoy"):
        facts(case_of(tmp_path, "tv1.own.example", revealed=True))
