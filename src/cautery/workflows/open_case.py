"""Open a case to go on with it, or begin one: keys first, then folder, ledger and vault."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import CASE_KEY, LEDGER, MANIFEST, NOTE
from cautery.evidence.note import NoteSigner, NoteVerifier
from cautery.evidence.ports import CaseKeys, CaseLedger, CaseStore, CaseVault
from cautery.model import Pseudonyms
from cautery.model.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An open case.

    Parameters
    ----------
    path : Path
        Its folder.
    ledger, vault
        Records and exhibits.
    clock : Clock
        What its times come from.
    store : CaseStore
        Where it lies.
    keys : CaseKeys or None
        Its secrets; ``None`` when it is only read.
    """

    path: Path
    ledger: CaseLedger
    vault: CaseVault
    clock: Clock
    store: CaseStore
    keys: CaseKeys | None

    @property
    def id(self) -> str:
        """The case's id, 16 hex digits."""
        return self._secrets.case

    @property
    def signer(self) -> NoteSigner:
        """Signs checkpoints and the manifest."""
        return self._secrets.signer

    @property
    def verifier(self) -> NoteVerifier:
        """The public half of :attr:`signer`: what ``cautery verify --public-key`` takes."""
        return self.signer.verifier

    @property
    def pseudonyms(self) -> Pseudonyms:
        """What stands for credentials and personal values in this case."""
        return self._secrets.pseudonyms

    def make_room(self) -> None:
        """Give back the room kept for the end: call it before the report is written."""
        self.store.make_room(self.path)

    def leave(self) -> None:
        """Let go of the case without closing it; it can be opened again."""
        self.ledger.close()
        self.store.release(self.path)

    @property
    def _secrets(self) -> CaseKeys:
        if self.keys is None:
            raise InputError(f"{self.path} was opened to be read only")
        return self.keys


def open_case(path: Path, *, store: CaseStore, clock: Clock, read_only: bool = False) -> Case:
    """Open the case at ``path``; begin it if there is none.

    Raises
    ------
    InputError
        If it is closed, its keys are not at hand, the folder holds something else, or there is
        no case to read.
    StorageError
        If it cannot be written, or another process is closing it.
    EvidenceError
        If it is damaged.
    """
    if read_only:
        if not store.exists(path, LEDGER):
            raise InputError(
                f"{path}: no case{'' if path.is_dir() else ' (no such folder)'}",
                hint="Give the folder that `--case` named when it was begun.",
            )
        ledger, vault = store.ledger(path, read_only=True), store.vault(path, None)
        return Case(path=path, ledger=ledger, vault=vault, clock=clock, store=store, keys=None)
    refuse_closed(path, store)
    if store.exists(path, CASE_KEY):
        keys = store.keys(path)
    elif store.exists(path, LEDGER):
        raise EvidenceError(f"{path / CASE_KEY}: missing from a case that has records")
    else:
        keys = store.begin(path)
    store.hold(path, alone=False)
    with contextlib.ExitStack() as undo:
        undo.callback(store.release, path)
        refuse_closed(path, store)  # it may have been closed while we waited
        store.remove(path, MANIFEST)  # a closing that was cut short
        ledger, vault = store.ledger(path, read_only=False), store.vault(path, keys)
        undo.pop_all()
    return Case(path=path, ledger=ledger, vault=vault, clock=clock, store=store, keys=keys)


def refuse_closed(path: Path, store: CaseStore) -> None:
    """Raise if the case is closed: one more record would make its manifest a lie.

    Raises
    ------
    InputError
        If there is a signed manifest.
    """
    if store.exists(path, NOTE):
        raise InputError(
            f"{path}: this case is closed", hint="Name a new folder to begin another case."
        )
