"""Open a case to go on with it, or begin one: keys first, then folder, ledger and vault."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cautery.errors import EvidenceError, InputError, SignerError, StorageError
from cautery.evidence.case_names import no_case
from cautery.evidence.lease import Lease
from cautery.evidence.manifest import CASE_KEY, LEDGER, MANIFEST, NOTE
from cautery.evidence.merkle import Frontier
from cautery.evidence.note import NoteVerifier
from cautery.evidence.ports import CaseKeys, CaseLedger, CaseStore, CaseVault
from cautery.model import Pseudonyms, Regime, digest_of
from cautery.model.ledger import append
from cautery.model.ports import Clock, Signer
from cautery.model.records import CaseReopened, RootOfRecords
from cautery.workflows.case.manifest import finish_closing
from cautery.workflows.case.roots import check_roots


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
    lease : Lease or None
        Under which this process drives it; ``None``: it does not.
    written : dict of str to str
        Digests, 64 hex digits, of the files that :meth:`write` wrote, by name: of the bytes as
        they were in memory, whatever lies on the disk by now.
    """

    path: Path
    ledger: CaseLedger
    vault: CaseVault
    clock: Clock
    store: CaseStore
    keys: CaseKeys | None
    lease: Lease | None = None
    written: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The case's id, 16 hex digits."""
        return self._secrets.case

    @property
    def signer(self) -> Signer:
        """Signs checkpoints and the manifest."""
        return self._secrets.signer

    @property
    def verifier(self) -> NoteVerifier:
        """The public half of :attr:`signer`: what ``cautery verify --public-key`` takes."""
        return self._secrets.verifier

    @property
    def pseudonyms(self) -> Pseudonyms:
        """What stands for credentials and personal values in this case."""
        return self._secrets.pseudonyms

    def write(self, name: str, content: bytes) -> None:
        """Write a file into the case; it is closed with these bytes or not at all.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        self.store.write(self.path, name, content)
        self.written[name] = digest_of(content)[7:]

    def make_room(self) -> None:
        """Give back the room kept for the end: call it before the report is written."""
        self.store.make_room(self.path)

    def checkpoint(self) -> None:
        """Sign what stands in the ledger, if a record came since the last root.

        Raises
        ------
        EvidenceError
            If it does not go on from the last root.
        StorageError, SignerError
            If it cannot be written or signed.
        """
        last = self.signer.last()
        if last is None or self.ledger.size() != last.size:
            self.ledger.checkpoint(self.signer, at=self.clock.now())

    def leave(self) -> None:
        """Sign what was added, and let go of the case without closing it; it can be opened again.

        Raises
        ------
        EvidenceError
            If the ledger does not go on from the last root.
        """
        try:
            if self.keys is not None:
                # On a full disk the next opening says which records no root covers.
                with contextlib.suppress(StorageError, SignerError):
                    self.checkpoint()
        finally:
            self.ledger.close()
            if self.lease is not None:
                self.lease.release()
            self.store.release(self.path)

    @property
    def _secrets(self) -> CaseKeys:
        if self.keys is None:
            raise InputError(f"{self.path} was opened read-only")
        return self.keys


def open_case(
    path: Path,
    *,
    store: CaseStore,
    clock: Clock,
    read_only: bool = False,
    regime: Regime | None = None,
    drive: Callable[[Path], Lease] | None = None,
    known: Frontier | None = None,
) -> Case:
    """Open the case at ``path``; begin it if there is none.

    Parameters
    ----------
    regime : Regime or None
        Of the mandate or operation that it is opened under; ``None``: it stands already.
    drive : callable or None
        Takes the lease on it, once it stands; ``None``: this process does not drive it, as who
        approves something does not.
    known : Frontier or None
        As for :func:`~cautery.workflows.case.roots.check_roots`.

    Raises
    ------
    InputError
        If it is closed, its keys are not at hand, the folder holds something else, or there is
        no case to read.
    StorageError
        If it cannot be written, or another process is closing it.
    LeaseError
        If another process drives it.
    EvidenceError
        If it is damaged, or was closed and is not as it was then.
    """
    if read_only:
        if not store.exists(path, LEDGER):
            raise no_case(path)
        ledger, vault = store.ledger(path, read_only=True), store.vault(path, None)
        return Case(path=path, ledger=ledger, vault=vault, clock=clock, store=store, keys=None)
    store.allow(path, regime)
    refuse_closed(path, store)
    if store.exists(path, CASE_KEY):
        keys = store.keys(path)
    elif store.exists(path, LEDGER):
        raise EvidenceError(f"{path / CASE_KEY}: missing, although the case has records")
    else:
        keys = store.begin(path)
    store.hold(path, alone=False)
    with contextlib.ExitStack() as undo:
        undo.callback(store.release, path)
        refuse_closed(path, store)  # it may have been closed while we waited
        if finish_closing(path, store=store, signer=keys.signer) is not None:
            raise InputError(
                f"{path}: this case is closed; the last write of the closing was missing and has "
                "now been made",
                hint="To begin another case, name a new folder.",
            )
        lease = None
        if drive is not None:
            lease = drive(path)
            undo.callback(lease.release)
        store.remove(path, MANIFEST)  # a closing that was cut short
        ledger, vault = store.ledger(path, read_only=False), store.vault(path, keys)
        undo.callback(ledger.close)
        case = Case(
            path=path, ledger=ledger, vault=vault, clock=clock, store=store, keys=keys, lease=lease
        )
        _go_on(case, known)
        undo.pop_all()
    return case


def _go_on(case: Case, known: Frontier | None) -> None:
    """Check what stands in the case, and record which records no signed root covered.

    While another process holds the case its newest records are always unsigned for a moment; in a
    case that nobody holds, somebody killed left them, approved something, or put them there.
    """
    last = case.signer.last()
    roots = check_roots(case.path, case.ledger, case.verifier, last, known=known)
    case.ledger.keep_to(roots.covered)
    case.ledger.set_right(since=roots.signed, now=case.clock.now)
    if not roots.size or case.store.shares(case.path):
        return
    signed = None if roots.longest is None else roots.longest.size
    reopened = CaseReopened(
        records=roots.size,
        unsigned=roots.unsigned,
        checkpoint=signed,
        root=None if last is None else RootOfRecords(size=last.size, root=last.root.hex()),
    )
    if roots.unsigned or last is None or (signed or 0) < last.size:
        try:
            append(case.ledger, reopened, at=case.clock.now())
        except StorageError:
            # A full disk: the space that is reserved for the end of the case is needed now.
            case.make_room()
            append(case.ledger, reopened, at=case.clock.now())
        case.ledger.checkpoint(case.signer, at=case.clock.now())


def refuse_closed(path: Path, store: CaseStore, *, otherwise: str | None = None) -> None:
    """Raise if the case is closed: one more record would make its manifest a lie.

    Parameters
    ----------
    otherwise : str or None
        What a person can do about it; ``None``: take a new case.

    Raises
    ------
    InputError
        If there is a signed manifest.
    """
    if store.exists(path, NOTE):
        raise InputError(
            f"{path}: this case is closed",
            hint=otherwise or "To begin another case, name a new folder.",
        )
