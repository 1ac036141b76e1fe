"""Verify the extract in a dossier: its records, what is withheld, and who saw its case closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import EvidenceError, InputError
from cautery.evidence.bag import ExtractReader
from cautery.evidence.exhibits import exhibits_named_by, exhibits_shown_by
from cautery.evidence.manifest import Manifest, open_manifest
from cautery.evidence.merkle import leaf_hash, verify_inclusion
from cautery.evidence.note import MAX_NOTE_BYTES, NoteVerifier
from cautery.evidence.outside.proof import Checked, Trust, check_proof
from cautery.evidence.outside.proof_file import MAX_PROOF_BYTES, PROOF, parse_proof_file
from cautery.evidence.ports import CaseStore
from cautery.json_text import parsed_json
from cautery.model import ExhibitId
from cautery.model.times import iso
from cautery.workflows.case.outside import require_cosigned
from cautery.workflows.case.verify import exhibit_at
from cautery.workflows.dossier.schedule import SCHEDULE, CheckedSchedule, check_schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedExtract:
    """What was checked of an extract.

    Parameters
    ----------
    case : str
        Id of the case, by the note that its key signed.
    records, withheld : int
        How many are shown, and held back.
    proven : bool
        Whether each of these records has its way to the signed root.
    exhibits, absent : int
        How many exhibits that these records name lie beside them, and how many do not.
    times : str
        What others say of when the case was closed.
    schedule : CheckedSchedule or None
        What was counted again of the schedule of unused material; ``None``: the bag has none.
    """

    case: str
    records: int
    withheld: int
    proven: bool
    exhibits: int
    absent: int
    times: str
    schedule: CheckedSchedule | None = None


def check_extract(
    path: Path,
    store: CaseStore,
    extracts: ExtractReader,
    *,
    exhibits: Mapping[str, str],
    public_key: Path | None,
    trust: Trust,
    schedule: bytes | None = None,
    stated: Mapping[str, str] | None = None,
) -> CheckedExtract:
    """Check an extract against the note that the case's key signed.

    Parameters
    ----------
    exhibits : mapping of str to str
        The files of its vault by their names below ``path``: the digest of each, in hex.
    schedule : bytes, optional
        The schedule of unused material of a bag for the defence.
    stated : mapping of str to str, optional
        What ``bag-info.txt`` says, by label.

    Raises
    ------
    EvidenceError
        Naming the first thing that is wrong.
    """
    verifier, manifest = signed_manifest(path, store, public_key=public_key)
    held = {ExhibitId(exhibit_at(path, name, digest)) for name, digest in exhibits.items()}
    named: set[ExhibitId] = set()
    shown: set[int] = set()
    proofs = 0
    pathless: int | None = None
    for index, leaf, proof in extracts.entries(path / "ledger.sqlite"):
        shown.add(index)
        named |= _named_in(leaf, references=schedule is not None)
        if proof or manifest.records == 1:
            proofs += 1
            verify_inclusion(
                leaf_hash(leaf), index=index, size=manifest.records, proof=proof, root=manifest.root
            )
        elif pathless is None:
            pathless = index
        if proofs and pathless is not None:  # an extract for the public has none at all
            raise EvidenceError(f"{path}: record {pathless}: its way to the signed root is missing")
    withheld: list[int] = []
    last = -1
    for index in extracts.withheld(path / "ledger.sqlite"):
        if index <= last or index in shown:
            raise EvidenceError(f"{path}: record {index} is withheld twice, or shown as well")
        withheld.append(index)
        last = index
    highest = max(last, max(shown, default=-1))
    if len(shown) + len(withheld) != manifest.records or highest >= manifest.records:
        raise EvidenceError(
            f"{path}: {len(shown)} records and {len(withheld)} withheld ones are not the "
            f"{manifest.records} that were signed"
        )
    for exhibit in sorted(held - named):
        raise EvidenceError(f"{path}: no record here names the exhibit {exhibit}: it was added")
    counted = None
    if schedule is not None:
        try:
            counted = check_schedule(
                schedule,
                withheld=withheld,
                in_bag=held,
                named=named,
                files=manifest.files,
                stated=stated or {},
            )
        except EvidenceError as error:
            raise EvidenceError(f"{path.parent / SCHEDULE}: {error}") from error
    return CheckedExtract(
        case=manifest.case,
        records=len(shown),
        withheld=len(withheld),
        proven=bool(shown) and proofs == len(shown),
        exhibits=len(held),
        absent=len(named - held),
        times=_closing(path, store, verifier, manifest, trust),
        schedule=counted,
    )


def _named_in(leaf: bytes, *, references: bool) -> set[ExhibitId]:
    """Return the exhibits that a record names; media of a reference only where they are given."""
    named_by = exhibits_named_by if references else exhibits_shown_by
    try:
        return set(named_by(parsed_json(leaf)["body"]))
    except (ValueError, RecursionError, KeyError, TypeError):
        return set()


def signed_manifest(
    path: Path, store: CaseStore, *, public_key: Path | None
) -> tuple[NoteVerifier, Manifest]:
    """Return the key of an extract's case, and the manifest that it signed.

    Raises
    ------
    EvidenceError
        If the key has not signed it.
    """
    note = store.read(path, "manifest.note", limit=MAX_NOTE_BYTES)
    try:
        if public_key is None:
            raw = store.read(path, "case.pub", limit=MAX_NOTE_BYTES)
            verifier = NoteVerifier.parse(raw.decode())
        else:
            verifier = store.public_key(public_key, name=note.split(b" ")[-2].decode())
        return verifier, open_manifest(note, verifier)
    except (InputError, UnicodeDecodeError, IndexError) as error:
        raise EvidenceError(f"{path}: {error}") from error


def _closing(
    path: Path, store: CaseStore, verifier: NoteVerifier, manifest: Manifest, trust: Trust
) -> str:
    """Check what others say of the closing."""
    if not store.exists(path, PROOF):
        if trust.policy is not None:
            raise EvidenceError(f"{path / PROOF}: missing: no co-signer has seen this case closed")
        return ""
    try:
        file = parse_proof_file(store.read(path, PROOF, limit=MAX_PROOF_BYTES))
        checked = check_proof(file.proof, case=verifier, trust=trust)
        _require(checked, manifest, trust)
    except EvidenceError as error:
        raise EvidenceError(f"{path / PROOF}: {error}") from error
    after = checked.moment(trust, record=None).not_after
    if after is None:
        return f"it stands in the log {checked.log.name}; nobody is named whom to trust for a time"
    # The proofs of a case's records are not in an extract, so none of their times is compared.
    return f"closed not after {iso(after)}, as others vouch; each earlier time in it is a claim"


def _require(checked: Checked, manifest: Manifest, trust: Trust) -> None:
    if checked.covered.manifest != manifest:
        raise EvidenceError("it proves another closing than that of this case")
    if trust.policy is not None:
        require_cosigned(checked, trust.policy)
    for fault in checked.faults:
        raise EvidenceError(fault)
