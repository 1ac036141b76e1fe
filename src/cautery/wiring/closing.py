"""Cases that are ended, or taken back, by a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cautery import wiring
from cautery.adapters.person_keys import load_approver
from cautery.errors import InputError
from cautery.evidence.manifest import LEDGER
from cautery.wiring.cases import reading_store, store, writing
from cautery.workflows.case.manifest import finish_cut_closing
from cautery.workflows.case.open import refuse_closed
from cautery.workflows.case.restore import Restored, restore_case
from cautery.workflows.watch.finishing import REPORT, finish_killed_watch


def close(case_path: Path, *, keys_dir: Path | None = None) -> Path:
    """Close the case of a watch that no longer runs; return where the report lies.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    refuse_closed(case_path, reading_store())
    if not reading_store().exists(case_path, LEDGER):
        raise InputError(f"{case_path}: no case")
    if finish_cut_closing(case_path, store=store(keys_dir)):
        return case_path / REPORT
    with writing(case_path, keys_dir=keys_dir) as case:
        finish_killed_watch(case)
    return case_path / REPORT


def restore(
    case_path: Path, *, why: str, people: Sequence[tuple[str, Path]], keys_dir: Path | None = None
) -> Restored:
    """Go on with an older copy of a case, by the keys of two people.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    signing = [(name, load_approver(key)) for name, key in people]
    return restore_case(
        case_path, store=store(keys_dir), clock=wiring.clock(), why=why, people=signing
    )
