"""Write a case's ``report.html`` from its ledger, its exhibits and the stills at hand."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from cautery.errors import StorageError
from cautery.model import Checkpoint, ExhibitId
from cautery.model.ports import Ledger, Vault
from cautery.pages.case_report import render
from cautery.projections.blind_account import account_in
from cautery.projections.decoys import Decoys
from cautery.projections.told import told_in
from cautery.projections.without_decoys import without_decoys
from cautery.workflows.case.grown import grown_in
from cautery.workflows.case.report_times import ReportTimes
from cautery.workflows.case.report_view import report_view
from cautery.workflows.case.told import told_view


def write_report(
    ledger: Ledger,
    vault: Vault,
    *,
    at: datetime,
    frames: Mapping[ExhibitId, bytes] | None = None,
    checkpoints: Sequence[Checkpoint] = (),
    times: ReportTimes | None = None,
) -> str:
    """Return the whole page, ready to be written; decoys that are revealed are not in it.

    Parameters
    ----------
    ledger, vault
        The case; only read.
    at : datetime
        When the report is made, UTC.
    frames : mapping, optional
        Stills (PNG) that are already in memory; the others are read from the vault.
    checkpoints : sequence of Checkpoint
        Signed tree heads to show.
    times : ReportTimes or None
        What others say of its times; ``None``: nobody was asked.

    Raises
    ------
    EvidenceError
        If the ledger opens no case.
    """
    inlined = frames or {}

    def read(exhibit: ExhibitId) -> bytes:
        return inlined[exhibit] if exhibit in inlined else vault.read(exhibit)

    view = report_view(
        without_decoys(ledger).read(),
        read,
        at=at,
        checkpoints=checkpoints,
        times=times,
        blind=account_in(ledger),
        grown=grown_in(ledger, today=at.date()),
        told=told_view(told_in(ledger)),
        unrevealed=Decoys().read_on(ledger).unopened,
    )
    return render(view)


def write_report_file(
    case: Path,
    ledger: Ledger,
    vault: Vault,
    *,
    at: datetime,
    checkpoints: Sequence[Checkpoint] = (),
) -> Path:
    """Write ``report.html`` into a case's folder, whole or not at all, and return its path.

    Raises
    ------
    StorageError
        If it cannot be written; an earlier report then stays as it was.
    EvidenceError
        As :func:`write_report`.
    """
    page = write_report(ledger, vault, at=at, checkpoints=checkpoints).encode()
    path, draft = case / "report.html", case / ".report.html.part"
    try:
        try:
            with draft.open("wb") as out:
                out.write(page)
                out.flush()
                # Its bytes first, then its name: after a power cut there is the old report or all
                # of the new.
                os.fsync(out.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    return path
