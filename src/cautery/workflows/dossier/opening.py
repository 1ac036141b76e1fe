"""Open a record that an extract withholds, and check that it is the one that was withheld."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cautery.canonical import canonical
from cautery.errors import EvidenceError, InputError
from cautery.evidence.bag import TAG_MANIFEST, ExtractReader
from cautery.evidence.leaf import MAX_LEAF_BYTES
from cautery.evidence.manifest import MAX_MANIFEST_BYTES, Manifest
from cautery.evidence.merkle import inclusion_proof, leaf_hash, verify_inclusion
from cautery.evidence.ports import CaseStore
from cautery.json_text import parsed_json
from cautery.model.evidence import digest_of
from cautery.workflows.dossier.extract import SALT_BYTES, commitment
from cautery.workflows.dossier.schedule import (
    MAX_SCHEDULE_BYTES,
    SCHEDULE,
    Item,
    read_schedule,
)

MAX_OPENING_BYTES = 2 * MAX_LEAF_BYTES
MAX_OPENINGS_BYTES = 256 << 20
"""Salts of a case of a million records take 80 MB."""
_Salt = Annotated[str, Field(pattern=rf"^[0-9a-f]{{{2 * SALT_BYTES}}}$")]
_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
_Step = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _Openings(_Shape):
    dossier: _Digest
    salts: dict[Annotated[int, Field(ge=0)], _Salt]


class _Opening(_Shape):
    dossier: _Digest
    record: Annotated[int, Field(ge=0)]
    salt: _Salt
    leaf: str
    path: Annotated[list[_Step], Field(max_length=64)] = []


def _of_few(members: Any) -> Any:
    """Return the members of an opening; a million more would each be a fault that is kept."""
    if isinstance(members, dict) and len(members) > len(_Opening.model_fields):
        raise ValueError("more members than an opening has")
    return members


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A withheld record with what opens it.

    Parameters
    ----------
    dossier : str
        Digest of the tag manifest of the dossier that withholds it.
    record : int
        Its number in the case's ledger.
    salt : str
        In hex.
    leaf : str
        The record as it stands in the ledger.
    path : tuple of str
        Its way to the root that the case's key signed (RFC 9162, section 2.1.3.1), in hex; empty in
        openings of earlier versions: then the record is what the signer of the bag committed to,
        and no more.
    """

    dossier: str
    record: int
    salt: str
    leaf: str
    path: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the bytes of the file that its reader is given."""
        return canonical(
            {
                "dossier": self.dossier,
                "record": self.record,
                "salt": self.salt,
                "leaf": self.leaf,
                "path": list(self.path),
            }
        )


def opened(case: Path, openings: bytes, *, record: int, store: CaseStore) -> Opening:
    """Return what opens one record.

    Parameters
    ----------
    openings : bytes
        The file of salts that was written beside the dossier.
    record : int
        Number of the record in the case.

    Raises
    ------
    InputError
        If the file is none, or the dossier does not withhold this record.
    EvidenceError
        If the case has no such record.
    """
    try:
        known = _Openings.model_validate_json(openings)
    except ValidationError as error:
        raise InputError("not the salts of a dossier: give OUT.openings.json") from error
    salt = known.salts.get(record)
    if salt is None:
        raise InputError(f"record {record} is not withheld by this dossier")
    ledger = store.ledger(case, read_only=True)
    try:
        leaves = [leaf for _, _, leaf in ledger.leaves()]
    finally:
        ledger.close()
    if record >= len(leaves):
        raise EvidenceError(f"{case}: it has no record {record}")
    path = inclusion_proof([leaf_hash(leaf) for leaf in leaves], record)
    return Opening(
        dossier=known.dossier,
        record=record,
        salt=salt,
        leaf=leaves[record].decode(),
        path=tuple(step.hex() for step in path),
    )


def check_opening(
    bag: Path, raw: bytes, *, store: CaseStore, extracts: ExtractReader, manifest: Manifest
) -> Opening:
    """Check that a record is the one that a dossier withholds, and stands in the case; return it.

    Who signed the bag made its commitments, so they alone do not tie a record to the case.

    Parameters
    ----------
    bag : Path
        A dossier that was verified before.
    raw : bytes
        The opening that its sender gave.
    manifest : Manifest
        Of the case, as its key signed it.

    Raises
    ------
    EvidenceError
        If it is for another dossier, or the record is not the one that was withheld.
    """
    try:
        shape = _Opening.model_validate(_of_few(parsed_json(raw)))
        given = Opening(**shape.model_dump(exclude={"path"}), path=tuple(shape.path))
        leaf = given.leaf.encode()
    except ValueError as error:  # a ValidationError among them
        raise EvidenceError("not an opening of a withheld record") from error
    listed = store.read(bag, TAG_MANIFEST, limit=MAX_MANIFEST_BYTES)
    if digest_of(listed) != given.dossier:
        raise EvidenceError("the opening is for another dossier")
    promised = extracts.commitment(bag / "data" / "extract" / "ledger.sqlite", given.record)
    if promised is None:
        raise EvidenceError(f"this dossier does not withhold record {given.record}")
    if commitment(bytes.fromhex(given.salt), leaf) != promised:
        raise EvidenceError(f"record {given.record} is not the one that was withheld")
    if given.path or manifest.records == 1:
        verify_inclusion(
            leaf_hash(leaf),
            index=given.record,
            size=manifest.records,
            proof=[bytes.fromhex(step) for step in given.path],
            root=manifest.root,
        )
    _require_listed_so(bag, given, store)
    return given


def _require_listed_so(bag: Path, given: Opening, store: CaseStore) -> None:
    """Refuse a record that the schedule of its bag lists as another kind."""
    if not store.exists(bag, f"data/{SCHEDULE}"):
        return
    kind = str(parsed_json(given.leaf).get("kind"))
    lines = read_schedule(store.read(bag, f"data/{SCHEDULE}", limit=MAX_SCHEDULE_BYTES))
    kinds = {line.number: line.what for line in lines if line.item is Item.RECORD}
    if kinds.get(str(given.record)) != kind:
        raise EvidenceError(
            f"record {given.record} is {kind}, but the schedule lists it as "
            f"{kinds.get(str(given.record), 'nothing')}"
        )
