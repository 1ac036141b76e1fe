"""Read sealed material or destroy its key; each time a person and a reason are recorded.

Directive (EU) 2016/680, art. 25: consultation and erasure are logged with reason, moment and name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cautery.errors import InputError
from cautery.evidence.ports import CaseVault
from cautery.model.ledger import append
from cautery.model.records import MaterialConsulted, MaterialKeysErased, MaterialTaken
from cautery.model.records.seized import ConsultedPart
from cautery.workflows.case import tables
from cautery.workflows.case.open import Case
from cautery.workflows.seized.original import original_bytes, read_cover
from cautery.workflows.seized.records import CUSTOMERS, subject_of, taken_by_id


def account_names(case: Case, id: str, *, by: str, why: str) -> list[dict[str, Any]]:
    """Return the accounts' names of one seizure, with their LED category.

    Raises
    ------
    InputError
        If there is no such material, it names no account, or who and why are not said.
    ErasedError
        If the key was destroyed.
    EvidenceError
        If what was sealed is no table.
    """
    dump = taken_by_id(case.ledger, id)
    if dump.accounts is None:
        raise InputError(f"seized material {id} does not name an account")
    _log(case, dump, ConsultedPart.ACCOUNT_NAMES, by=by, why=why)
    raw = case.vault.open(dump.accounts.exhibit, subject=subject_of(id))
    return tables.frame_in(raw).to_dicts()


def write_original(
    case: Case, id: str, write: Callable[[Iterator[bytes]], None], *, by: str, why: str
) -> tuple[str, str]:
    """Give the original's bytes to ``write``; return its name and SHA-256.

    Raises
    ------
    InputError
        If there is no such material, or who and why are not said.
    ErasedError
        If the key was destroyed.
    """
    dump = taken_by_id(case.ledger, id)
    name, sha256 = read_cover(case.vault, dump.cover, id)
    _log(case, dump, ConsultedPart.ORIGINAL, by=by, why=why)
    write(original_bytes(case.vault, dump.exhibits, id, sha256=sha256))
    return name, sha256


def erase(case: Case, id: str | None, *, by: str, why: str) -> int:
    """Destroy the key of one original and its accounts' names, or that of all customers' hashes.

    Parameters
    ----------
    id : str or None
        Of the material; ``None``: the key under which the case's customers are hashed. What is
        taken later has other hashes.

    Raises
    ------
    InputError
        If there is no such material, or who and why are not said.
    StorageError
        If a key could not be destroyed.
    """
    if id is not None:
        taken_by_id(case.ledger, id)
    _said(by, why)
    subject = CUSTOMERS if id is None else subject_of(id)
    destroyed = case.vault.erase(subject)
    erasure = MaterialKeysErased(subject=subject, keys=destroyed, by=by, why=why)
    append(case.ledger, erasure, at=case.clock.now())
    return destroyed


def erase_in_closed_case(vault: CaseVault, id: str | None) -> int:
    """Destroy a key after the case was closed: that takes no record, the key's mark says it."""
    return vault.erase(CUSTOMERS if id is None else subject_of(id))


def _log(case: Case, dump: MaterialTaken, what: ConsultedPart, *, by: str, why: str) -> None:
    _said(by, why)
    now = case.clock.now()
    consulted = MaterialConsulted(seized=dump.id, what=what, by=by, why=why, at=now)
    append(case.ledger, consulted, at=now)


def _said(by: str, why: str) -> None:
    if not by.strip() or not why.strip():
        raise InputError(
            "give your name and the reason (Directive (EU) 2016/680, art. 25)",
            hint="--by NAME --why TEXT",
        )
