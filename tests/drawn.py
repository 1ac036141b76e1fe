"""Cases on disk of drawn nights of blind tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.lab.drawn_nights import DrawnNight, NightRates, draw_night
from cautery.model.records import DecoyRevealed
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import open_case
from cautery.workflows.case.report import write_report

PLANNER = Ed25519PrivateKey.from_private_bytes(b"p" * 32)
USUAL = NightRates.even(0.1, 0.02, unseen=0.05, hit=0.05)


def drawn_case(
    path: Path,
    rates: NightRates = USUAL,
    *,
    seed: int = 1,
    revealed: bool = True,
    closed: bool = False,
    **options: Any,
) -> DrawnNight:
    """Write the records of a drawn night into a case, and return what truly happened."""
    night = draw_night(np.random.default_rng(seed), rates, key=PLANNER, **options)
    at = night.entries[-1].record.at
    store = FolderStore(KeyFolder(path.parent / "keys"), patience_s=0.1)
    case = open_case(path, store=store, clock=FixedClock(at))
    records = []
    for entry in night.entries:
        if revealed or not isinstance(entry.content, DecoyRevealed):
            body = dict(entry.record.body)
            if entry.record.kind == "case.opened":
                body["key"] = case.signer.key
            records.append((entry.record.kind, body, entry.record.at))
    case.ledger.append_all(records)
    if closed:
        case.write("report.html", write_report(case.ledger, case.vault, at=at).encode())
        close_case(case, at=at)
    else:
        case.leave()
    return night
