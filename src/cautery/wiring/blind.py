"""The blind test of a case, read without any key, and those of other cases that may count with it.

Anybody can write a case. So the night of another case counts only if the case is closed and as it
was signed, by one of the keys that a person had from elsewhere if some are given, and if it is of
the same organisation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cautery import wiring
from cautery.adapters.case_still import still
from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import NOTE, open_manifest
from cautery.evidence.note import MAX_NOTE_BYTES, NoteVerifier
from cautery.evidence.ports import CaseLedger
from cautery.model.blind import LeftOut, NightAccount, Uncounted
from cautery.model.ledger import contents
from cautery.model.records import CaseOpened
from cautery.projections.blind_account import account_in
from cautery.wiring import cases
from cautery.wiring.moving import as_folder
from cautery.workflows.case.verify import Verified, is_outside
from cautery.workflows.dossier.as_verified import as_verified


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNight:
    """The blind test of one case.

    Parameters
    ----------
    case : str
        The name of its folder.
    lab : bool
        Whether it is of the lab.
    who : str
        Whose mandate it stands under.
    night : NightAccount
    """

    case: str
    lab: bool
    who: str
    night: NightAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNights:
    """The blind tests of several cases.

    Parameters
    ----------
    counted : tuple of CaseNight
        Those whose cases are closed, whole and of one organisation.
    left_out : tuple of LeftOut
        The others.
    """

    counted: tuple[CaseNight, ...]
    left_out: tuple[LeftOut, ...]


def night_of(path: Path) -> CaseNight:
    """Return what the decoys of a case come to, open or closed; nothing of it is verified.

    Raises
    ------
    InputError
        If there is no such case, or no decoys are planned in it.
    """
    with cases.reading(path) as case:
        return _night(path, case.ledger)


def nights_of(
    paths: Iterable[Path], *, own_case: Path | None = None, public_keys: Sequence[Path] = ()
) -> CaseNights:
    """Return what the decoys of closed cases come to; those that cannot be counted are named.

    Parameters
    ----------
    own_case : Path or None
        The case of whose organisation the others must be; ``None``: the first that is whole.
    public_keys : sequence of Path
        Keys of cases, had from elsewhere: then one of them must have signed each case. Without,
        a case need only be whole by its own key.

    Raises
    ------
    InputError
        If there is no such case, no decoys are planned in it, or a key cannot be read.
    """
    counted: list[CaseNight] = []
    left_out: list[LeftOut] = []
    folders = tuple(paths)
    like = None if own_case is None or not folders else _holder(own_case)
    for path in folders:
        try:
            tested, verified = _verified(path)
        except EvidenceError as error:
            night_of(path)  # a folder without decoys is no mishap of a case: it is told at once
            left_out.append(LeftOut(case=str(path), why=Uncounted.BROKEN, fault=str(error)))
            continue
        holder = tested.lab, tested.who
        if public_keys and not _is_by(verified, path, public_keys):
            left_out.append(LeftOut(case=str(path), why=Uncounted.STRANGE_KEY))
        elif like is not None and holder != like:
            why = Uncounted.OTHER_HOLDER if holder[1] != like[1] else Uncounted.LAB
            left_out.append(LeftOut(case=str(path), why=why))
        else:
            like = holder
            counted.append(tested)
    return CaseNights(counted=tuple(counted), left_out=tuple(left_out))


def _verified(path: Path) -> tuple[CaseNight, Verified]:
    """Return the blind test of a closed case, counted from the very records that were verified."""
    store, now = cases.reading_store(), wiring.clock().now()
    with (
        as_folder(path) as folder,
        as_verified(folder, store=store, still=still, now=now) as (verified, seen),
    ):
        note = seen.read(folder, NOTE, limit=MAX_NOTE_BYTES)
        manifest = open_manifest(note, NoteVerifier.parse(verified.signer))
        ledger = seen.ledger(folder, read_only=True)
        try:
            tested = _night(path, ledger)
        finally:
            ledger.close()
    night = replace(tested.night, case=manifest.case, manifest=manifest.digest)
    return replace(tested, night=night), verified


def _night(path: Path, ledger: CaseLedger) -> CaseNight:
    night, (lab, who) = account_in(ledger), _holder_in(ledger)
    if night is None:
        raise InputError(
            f"{path}: no decoys are planned in this case",
            hint="Name the sealed plan in the mandate before the watch: [decoys] sealed = ...",
        )
    return CaseNight(case=path.name, lab=lab, who=who, night=night)


def _holder(path: Path) -> tuple[bool, str]:
    with cases.reading(path) as case:
        return _holder_in(case.ledger)


def _holder_in(ledger: CaseLedger) -> tuple[bool, str]:
    """Return whether a case is of the lab, and whose mandate it stands under."""
    opened = next(contents(ledger, CaseOpened), None)
    if opened is None:
        return False, ""
    return opened[1].lab or opened[1].mandate.lab, opened[1].mandate.who


def _is_by(verified: Verified, path: Path, keys: Sequence[Path]) -> bool:
    """Tell whether one of some keys, which lie outside a case, has signed it."""
    store, name = cases.reading_store(), NoteVerifier.parse(verified.signer).name
    return any(
        is_outside(key, path) and str(store.public_key(key, name=name)) == verified.signer
        for key in keys
    )
