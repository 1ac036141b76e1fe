"""Cases and their keys: opened, read, signed for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cautery import wiring
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_places import CasePlaces
from cautery.adapters.keys_file import KeyFolder, default_folder
from cautery.adapters.signer import SignerProcess
from cautery.errors import InputError
from cautery.evidence.case_names import is_on_server, no_case
from cautery.evidence.manifest import LEDGER, MANIFEST, NOTE
from cautery.evidence.ports import CaseLedger
from cautery.messages import tr, tr_n
from cautery.model import Regime, SupplyGraph
from cautery.model.ledger import contents
from cautery.model.records import WatchStarted, kinds_of
from cautery.pages.supply_map.view import Met
from cautery.projections.decoys import Decoys
from cautery.projections.without_decoys import without_decoys
from cautery.wiring.server import server_store
from cautery.workflows.case.open import Case, open_case, refuse_closed
from cautery.workflows.case.referral import mandate_of
from cautery.workflows.case.roots import keep_to_roots
from cautery.workflows.supply.picture import met_in


def keys(folder: Path | None) -> KeyFolder:
    """Return the folder of keys: the given one, ``$CAUTERY_KEYS``, or the default."""
    return KeyFolder(default_folder() if folder is None else folder, SignerProcess)


def store(keys_dir: Path | None = None) -> CasePlaces:
    """Return where cases lie, with the keys to write them."""
    folder = keys(keys_dir)
    return CasePlaces(FolderStore(folder), lambda: server_store(folder))


def reading_store() -> CasePlaces:
    """Return where cases lie, without any key: to verify one."""
    return CasePlaces(FolderStore(), lambda: server_store(None))


def may_be_case(path: Path) -> bool:
    """Tell whether what a person named is a case, where it could be a file as well."""
    return is_on_server(path) or path.is_dir()


@contextmanager
def reading(path: Path) -> Iterator[Case]:
    """Open a case to read it, without keys, and let go of it at the end.

    Raises
    ------
    InputError
        If there is none.
    """
    case = open_case(path, store=reading_store(), clock=wiring.clock(), read_only=True)
    try:
        yield case
    finally:
        case.leave()


@contextmanager
def reading_signed(path: Path) -> Iterator[Case]:
    """Open a case to read what may leave it: nothing that contradicts its signed roots.

    Raises
    ------
    CauteryError
        As :func:`reading` and :func:`~cautery.workflows.case.roots.keep_to_roots`.
    """
    with reading(path) as case:
        keep_to_roots(path, case.ledger, case.store)
        yield case


@contextmanager
def writing(
    path: Path, *, keys_dir: Path | None = None, regime: Regime | None = None
) -> Iterator[Case]:
    """Open a case to go on with it, or begin it, and let go of it at the end.

    Parameters
    ----------
    regime : Regime or None
        Of the mandate under which it may begin.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    case = open_case(path, store=store(keys_dir), clock=wiring.clock(), regime=regime)
    try:
        yield case
    finally:
        case.leave()


@contextmanager
def adding_to(path: Path) -> Iterator[CaseLedger]:
    """Open the ledger of a case that another process may be watching, to add to it without keys.

    Raises
    ------
    InputError
        If there is no such case, or it is closed.
    StorageError
        If another process is closing it.
    """
    shelf = reading_store()
    if not shelf.exists(path, LEDGER):
        raise no_case(path)
    shelf.hold(path, alone=False)
    try:
        refuse_closed(path, shelf)
        if shelf.exists(path, MANIFEST):  # one more record, and its closing could not be finished
            raise InputError(
                f"{path}: the closing of this case was cut short",
                hint="Finish it first: cautery close CASE.",
            )
        ledger = shelf.ledger(path, read_only=False)
        try:
            yield ledger
        finally:
            ledger.close()
    finally:
        shelf.release(path)


def left_open_since(path: Path) -> datetime | None:
    """Return when the window of a watch's case ended that is not closed; ``None``: it is none.

    A case that another process holds is at work, and is none either; nor is one that waits for its
    decoys to be revealed, which the planner does.

    Raises
    ------
    CauteryError
        If it cannot be read.
    """
    shelf = reading_store()
    if shelf.exists(path, NOTE) or not shelf.exists(path, LEDGER):
        return None
    shelf.hold(path, alone=False)
    try:
        if shelf.shares(path):
            return None
        ledger = shelf.ledger(path, read_only=True)
        try:
            if next(iter(ledger.read(kinds=kinds_of(WatchStarted))), None) is None:
                return None
            if Decoys().read_on(ledger).secret:
                return None
            ended = mandate_of(ledger).window.end
        finally:
            ledger.close()
    finally:
        shelf.release(path)
    return ended if ended <= wiring.clock().now() else None


def mapped(case_path: Path) -> SupplyGraph:
    """Return the newest supply graph of a case, as its watch drew it.

    Raises
    ------
    InputError
        If there is no such case, or it has no map.
    """
    graph, _, _ = mapped_and_met(case_path)
    return graph


def mapped_and_met(case_path: Path) -> tuple[SupplyGraph, dict[str, Met], str]:
    """Return the newest supply graph of a case, when its hosts were met, and whence it is.

    Decoys that are revealed are not in it.

    Raises
    ------
    InputError
        As :func:`mapped`.
    """
    with reading(case_path) as case:
        newest = deque(contents(without_decoys(case.ledger), SupplyGraph), maxlen=1)
        if not newest:
            raise InputError(f"{case_path}: nothing is mapped in this case")
        entry, graph = newest[0]
        source = tr(
            "As a watch saw it until %(time)s UTC: record %(record)s of the case; networks and "
            "roles are hypotheses",
            time=f"{entry.record.at:%Y-%m-%d %H:%M}",
            record=str(entry.index),
        )
        if hidden := Decoys().read_on(case.ledger).unopened:
            source += "; " + tr_n(
                "%(count)s decoy is not revealed, so a host may be our own",
                "%(count)s decoys are not revealed, so hosts may be our own",
                hidden,
            )
        return graph, met_in(case.ledger), source
