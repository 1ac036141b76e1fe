"""The chain of custody of a case, receipts, and the check of what was handed over."""

from __future__ import annotations

import base64
import getpass
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from cautery import wiring
from cautery.act import public_key
from cautery.adapters._key_files import private_bytes
from cautery.adapters.bag_folder import ExtractFile
from cautery.adapters.pdf_signatures import can_check_documents, checked_document
from cautery.adapters.person_keys import load_approver
from cautery.errors import ApprovalError, EvidenceError, InputError
from cautery.evidence.bag import TAG_MANIFEST, SignedDocument
from cautery.evidence.custody import CustodyAct, CustodyLine, read_line, stated
from cautery.evidence.manifest import MAX_MANIFEST_BYTES, NOTE
from cautery.evidence.outside.proof import NOBODY, Trust
from cautery.evidence.ports import CaseLedger
from cautery.model import Approver
from cautery.model.evidence import digest_of
from cautery.packed import small_file
from cautery.wiring.case_graphs import case_graph
from cautery.wiring.cases import reading, reading_store
from cautery.workflows.case.outside import WITHIN
from cautery.workflows.case.referral import mandate_of
from cautery.workflows.dossier.opening import (
    MAX_OPENING_BYTES,
    MAX_OPENINGS_BYTES,
    Opening,
    check_opening,
    opened,
)
from cautery.workflows.dossier.verified import VerifiedBag
from cautery.workflows.dossier.verify import EXTRACT, is_bag, verify_bag
from cautery.workflows.dossier.verify_extract import signed_manifest

_GIVEN = frozenset((CustodyAct.COPIED, CustodyAct.HANDED_OVER))
"""Acts for which there can be a receipt."""


def note_opening(
    case: Path, *, what: str, digest: str, by: str | None, why: str, copied: bool
) -> None:
    """Write into the chain of custody that an exhibit was opened, or copied out of the case.

    Parameters
    ----------
    by : str or None
        Who opens it; ``None``: whoever is logged in.

    Raises
    ------
    CauteryError
        If it cannot be written.
    """
    act = CustodyAct.COPIED if copied else CustodyAct.OPENED
    now, number = wiring.clock().now(), reading_store().id_of(case)
    reading_store().add_to_custody(
        case,
        lambda chain: stated(
            at=now, act=act, by=by or login(), why=why, what=what, digest=digest,
            previous=chain[-1].id if chain else "", case=number,
        ),
    )  # fmt: skip


def chain_of(case: Path) -> tuple[CustodyLine, ...]:
    """Return the chain of custody of a case.

    Raises
    ------
    EvidenceError
        If it is broken.
    """
    return reading_store().custody(case)


def people_of(case: Path) -> Mapping[str, tuple[str, ...]]:
    """Return by key, base64, who the mandate of a case says holds it: name and role.

    They are its approvers and the people who signed it. A receiver is nobody whom a mandate names,
    so whose key signed a receipt has to be asked elsewhere.
    """
    people: dict[str, dict[str, None]] = {}
    try:
        with reading(case) as opened:
            mandate = mandate_of(opened.ledger)
    except InputError:  # no case of a mandate, such as an operation's
        return {}
    for approver in mandate.approvers:
        try:
            raw = public_key(approver).public_bytes_raw()
        except ApprovalError:
            continue
        words = f"{approver.name} ({approver.role}), approver"
        people.setdefault(base64.b64encode(raw).decode(), {})[words] = None
    for signature in mandate.signatures:
        words = f"{signature.name} ({signature.role}), signer of the mandate"
        people.setdefault(signature.public_key, {})[words] = None
    return {key: tuple(names) for key, names in people.items()}


def opened_at(case: Path) -> datetime | None:
    """Return when the first record of a case was made; ``None``: there is none, or no case."""
    try:
        with reading(case) as opened:
            first = next(iter(opened.ledger.read()), None)
    except InputError:
        return None
    return None if first is None else first.record.at


def receipt(bag: Path, *, by: str, key: Path, why: str) -> CustodyLine:
    """Return a receipt for a dossier, signed by its receiver, after the dossier was verified.

    Raises
    ------
    EvidenceError
        If the dossier is not as it was signed.
    """
    person = load_approver(key)
    now = wiring.clock().now()
    verify_bag(
        bag,
        store=reading_store(),
        extracts=ExtractFile(),
        now=now,
        documents=_documents(),
        graph=case_graph,
    )
    listed = reading_store().read(bag, TAG_MANIFEST, limit=MAX_MANIFEST_BYTES)
    return stated(
        at=now, act=CustodyAct.RECEIVED, by=by, why=why, what="dossier", digest=digest_of(listed),
        key=person,
    )  # fmt: skip


def file_receipt(case: Path, raw: bytes) -> CustodyLine:
    """File a receipt that the receiver sent back, if it is for something that was handed over.

    Raises
    ------
    EvidenceError
        If it is no signed receipt.
    InputError
        If nothing with its digest was handed over, or it is filed already.
    """
    line = read_line(raw.strip())
    if line.act is not CustodyAct.RECEIVED or not line.signature:
        raise EvidenceError("not a receipt that its receiver signed")

    number = reading_store().id_of(case)

    def follow(chain: tuple[CustodyLine, ...]) -> CustodyLine:
        given = [x for x in chain if x.act in _GIVEN and x.digest == line.digest]
        if not given:
            raise InputError("nothing with this digest was handed over from this case")
        whole = line.text().decode()
        if any(x.what == whole for x in chain):
            raise InputError("this receipt is filed already")
        return stated(
            at=wiring.clock().now(), act=CustodyAct.RECEIVED, by=line.by, why=line.why, what=whole,
            digest=line.digest, previous=chain[-1].id if chain else "", case=number,
        )  # fmt: skip

    reading_store().add_to_custody(case, follow)
    return line


def reveal(
    case: Path,
    openings: Path,
    out: Path,
    *,
    record: int,
    by: str,
    key: Path,
    to: str,
    why: str,
) -> CustodyLine:
    """Write what opens a withheld record, and into the chain of custody who was given it and why.

    Raises
    ------
    CauteryError
        As the workflow says, or if either cannot be written.
    """
    person = load_approver(key)
    now = wiring.clock().now()
    stated(at=now, act=CustodyAct.HANDED_OVER, by=by, to=to, why=why, what="", digest="")
    reading_store().custody(case)
    salts = private_bytes(openings, most=MAX_OPENINGS_BYTES)
    opening = opened(case, salts, record=record, store=reading_store())
    lines: list[CustodyLine] = []
    number = reading_store().id_of(case)

    def follow(chain: tuple[CustodyLine, ...]) -> CustodyLine:
        lines.append(
            stated(
                at=now, act=CustodyAct.HANDED_OVER, by=by, to=to, why=why,
                what=f"record {record}, withheld by the dossier {opening.dossier}",
                digest=digest_of(opening.to_bytes()),
                previous=chain[-1].id if chain else "", key=person, case=number,
            )
        )  # fmt: skip
        return lines[-1]

    reading_store().add_to_custody(
        case, follow
    )  # first: nothing is handed over before its line is written
    wiring.write_secret(out, (opening.to_bytes(),))
    return lines[-1]


def check_opened(bag: Path, opening: Path, *, public_key: Path | None) -> Opening:
    """Check a record that was opened against the dossier that withholds it, and its case.

    Parameters
    ----------
    public_key : Path or None
        The case's key, had from elsewhere; ``None``: the one in the bag.

    Raises
    ------
    EvidenceError
        If it is not that record, or does not stand in the case.
    """
    raw = small_file(opening, most=MAX_OPENING_BYTES, of="an opening")
    store = reading_store()
    extract = bag / EXTRACT
    if not store.exists(extract, NOTE):
        raise EvidenceError(f"{bag}: this dossier holds the whole case and withholds nothing")
    _, manifest = signed_manifest(extract, store, public_key=public_key)
    return check_opening(bag, raw, store=store, extracts=ExtractFile(), manifest=manifest)


def verify(
    bag: Path,
    *,
    public_key: Path | None,
    signer: Path | None,
    signers: Sequence[Approver] | None = None,
    trust: Trust = NOBODY,
    within: timedelta = WITHIN,
    log: CaseLedger | None = None,
) -> VerifiedBag | None:
    """Verify a dossier; ``None``: the folder is no bag.

    Raises
    ------
    EvidenceError
        Naming the first thing that is wrong.
    InputError
        If something is asked for that an extract cannot show.
    """
    store = reading_store()
    if not is_bag(bag, store=store):
        return None
    return verify_bag(
        bag,
        store=store,
        extracts=ExtractFile(),
        public_key=public_key,
        signer=signer,
        signers=signers,
        now=wiring.clock().now(),
        trust=trust,
        within=within,
        documents=_documents(),
        log=log,
        graph=case_graph,
    )


def _documents() -> Callable[[bytes], SignedDocument] | None:
    """Return what checks the signatures of a document, if the library for it is installed."""
    if not can_check_documents():
        return None
    return partial(checked_document, without_seccomp=wiring.without_seccomp())


def login() -> str:
    """Return who is logged in on this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user on this machine
        return "unknown"
