"""All that a case is, checked: what a copy of it must be, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import EvidenceError, InputError
from cautery.evidence.all_records import Records, records_of
from cautery.evidence.case_key import case_verifier
from cautery.evidence.manifest import LEDGER, NOTE, VAULT
from cautery.evidence.ports import CasePlace
from cautery.model import Regime
from cautery.model.records import CaseOpened, OperationOpened
from cautery.workflows.case.roots import check_roots
from cautery.workflows.case.verify import verify_case


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All that a case is.

    Parameters
    ----------
    records : Records
        Of its ledger.
    files : mapping of str to str
        SHA-256 of each file, hex.
    authentic : bool
        Closed, and as a key from elsewhere signed it.
    """

    records: Records
    files: Mapping[str, str]
    authentic: bool


def whole_of(place: CasePlace, public_key: Path | None = None, *, with_keys: bool = True) -> Whole:
    """Check a case as far as one of its state can be checked, and return all that it is.

    Parameters
    ----------
    public_key : Path, optional
        Of a closed case, had from elsewhere.
    with_keys : bool
        An open case must also hold the root that its key signed last, which the folder of keys
        knows; an older copy does not.

    Raises
    ------
    EvidenceError
        Naming what is wrong.
    """
    store, path, authentic = place.store, place.at, False
    if store.exists(path, NOTE):
        authentic = verify_case(path, store=store, public_key=public_key).authentic
    ledger = place.ledger()
    try:
        if not store.exists(path, NOTE):
            last = store.keys(path).signer.last() if with_keys else None
            check_roots(path / LEDGER, ledger, case_verifier(store, path), last)
        records = records_of(ledger, path)
    finally:
        ledger.close()
    files = {}
    for file in place.files():
        files[file.name] = store.digest(path, file.name, size=file.size)
        if file.name.startswith(f"{VAULT}/") and not file.name.endswith(f"/{files[file.name]}"):
            raise EvidenceError(
                f"{path / file.name}: a file in the vault whose name is not its digest"
            )
    return Whole(records=records, files=files, authentic=authentic)


def regime_of(place: CasePlace) -> Regime:
    """Return under which regime a case was begun.

    Raises
    ------
    InputError
        If its first record opens no case.
    """
    ledger = place.ledger()
    try:
        first = next(iter(ledger.read()), None)
    finally:
        ledger.close()
    match None if first is None else first.content:
        case CaseOpened(mandate=mandate):
            return mandate.regime
        case OperationOpened(operation=operation):
            return operation.regime
    raise InputError(
        f"{place.path}: its first record opens no case, so nothing says under which regime it is"
    )
