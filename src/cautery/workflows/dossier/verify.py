"""Verify a dossier: its bag, its signature, and the case or the extract in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from cautery.errors import EvidenceError, InputError, SourceError
from cautery.evidence.bag import (
    AUTHORITIES,
    CUSTODY,
    SIGNATURE,
    SIGNER,
    STAMP,
    STAMP_SIGNATURE,
    TAG_MANIFEST,
    UNSTAMPED,
    ExtractReader,
    SignedDocument,
)
from cautery.evidence.custody import MAX_CHAIN_BYTES, CustodyLine, read_chain, require_of_case
from cautery.evidence.manifest import CASE_KEY, MAX_MANIFEST_BYTES, VAULT, parse_sums
from cautery.evidence.note import MAX_NOTE_BYTES
from cautery.evidence.outside.proof import NOBODY, Trust
from cautery.evidence.outside.stamps import (
    MAX_ROOTS_BYTES,
    MAX_TOKEN_BYTES,
    check_stamp,
    read_roots,
)
from cautery.evidence.ports import CaseLedger, CaseStore, FileSeen
from cautery.model import Approver
from cautery.model.ports import Ledger
from cautery.model.times import iso
from cautery.workflows.case.outside import WITHIN
from cautery.workflows.case.verify import exhibit_at, is_outside, verify_case
from cautery.workflows.dossier.case_graph import GRAPH, MAX_GRAPH_BYTES, Graph, check_graph
from cautery.workflows.dossier.schedule import MAX_SCHEDULE_BYTES, SCHEDULE
from cautery.workflows.dossier.shown_ledger import ShownLedger
from cautery.workflows.dossier.verified import VerifiedBag
from cautery.workflows.dossier.verify_extract import check_extract

BAGIT, INFO, PAYLOAD = "bagit.txt", "bag-info.txt", "manifest-sha256.txt"
_OXUM = re.compile(r"(?m)^Payload-Oxum: ([0-9]{1,18})\.([0-9]{1,9})$")
_UNSTAMPED = re.compile(rf"(?m)^{': '.join(UNSTAMPED)}$")
_WHOLE, EXTRACT, _OPENED = "data/case", "data/extract", "data/opened"
_LINE = re.compile(r"([0-9a-f]{64}) {1,2}([^ ].*)")
_UNLISTED = frozenset((TAG_MANIFEST, SIGNATURE, STAMP, STAMP_SIGNATURE))
_DOCUMENT, _CUSTODY = "data/dossier.pdf", f"data/{CUSTODY}"
_SCHEDULE = f"data/{SCHEDULE}"
_GRAPH = f"data/{GRAPH}"
_FOR_DEFENCE = re.compile(r"(?m)^External-Description: .* for: defence$")
_LABEL = re.compile(r"(?m)^(Cautery-[A-Za-z-]{1,40}): (.{1,200})$")
_MOST_DOCUMENT = 256 << 20


def is_bag(path: Path, *, store: CaseStore) -> bool:
    """Tell whether a folder is a bag rather than a case."""
    return store.exists(path, BAGIT)


def verify_bag(
    path: Path,
    *,
    store: CaseStore,
    extracts: ExtractReader,
    public_key: Path | None = None,
    signer: Path | None = None,
    signers: Sequence[Approver] | None = None,
    now: datetime | None = None,
    trust: Trust = NOBODY,
    within: timedelta = WITHIN,
    documents: Callable[[bytes], SignedDocument] | None = None,
    log: CaseLedger | None = None,
    graph: Graph | None = None,
) -> VerifiedBag:
    """Re-check a dossier: signature, every file, then the case or the extract.

    Parameters
    ----------
    public_key : Path, optional
        The case's key, had from elsewhere.
    signer : Path, optional
        The key of the person who signed the bag, had from elsewhere.
    signers, trust, within, log
        As :func:`~cautery.workflows.case.verify.verify_case` has them, for the case in the bag;
        ``trust`` also for the time-stamp of the bag and the closing of an extract.
    documents : callable, optional
        Checks the signatures of a PDF; it raises ``EvidenceError`` or ``SourceError``. ``None``:
        they are not checked.
    graph : callable, optional
        Writes for case tools what some records say; ``None``: the bag's is not computed again.

    Raises
    ------
    EvidenceError
        Naming the first thing that is wrong.
    InputError
        If something is asked for that an extract cannot show.
    """
    for name, why in (
        (TAG_MANIFEST, "BagIt calls such a bag valid, but nobody has signed what is in it"),
        (SIGNATURE, "nobody has signed this bag"),
    ):
        if not store.exists(path, name):
            raise EvidenceError(f"{path / name}: missing: {why}")
    listed = store.read(path, TAG_MANIFEST, limit=MAX_MANIFEST_BYTES)
    key = _key(path, signer, store)
    _signed(path, SIGNATURE, listed, key, store, of="the tag manifest")
    files = {file.name: file for file in store.files(path)}
    tags = _sums(path, TAG_MANIFEST, listed)
    for name in (PAYLOAD, INFO):
        if name not in tags:
            raise EvidenceError(f"{path / name}: not in the tag manifest, so nobody has signed it")
    payload = _sums(path, PAYLOAD, store.read(path, PAYLOAD, limit=MAX_MANIFEST_BYTES))
    for name in sorted(files.keys() - tags.keys() - payload.keys() - _UNLISTED):
        raise EvidenceError(f"{path / name}: in no manifest: it was added after the bag was signed")
    for name, digest in tags.items():
        _check(path, files.get(name), name, digest, store, most=MAX_MANIFEST_BYTES)
    _check_size(path, files, payload, store)
    for name, digest in payload.items():
        _check(path, files.get(name), name, digest, store)
    if AUTHORITIES in tags and not _UNSTAMPED.search(_info(path, store)):
        stamped = _stamped(path, listed, files=files, key=key, store=store, trust=trust)
    else:
        stamped = ""
        states = "says that it is not stamped" if AUTHORITIES in tags else "names no authority"
        for name in sorted({STAMP, STAMP_SIGNATURE} & files.keys()):
            raise EvidenceError(f"{path / name}: this bag {states}: it was added")
    document = ""
    if _DOCUMENT in payload:
        document = _checked_document(path, store, documents)
    chain = _checked_custody(path, store) if _CUSTODY in payload else ()
    custody = _custody_words(chain) if _CUSTODY in payload else ""
    opened = _vault_below(payload, _OPENED)
    for name, digest in opened.items():
        exhibit_at(path / _OPENED, name, digest)
    signer_known = signer is not None and is_outside(signer, path, own=(SIGNER,))
    keys = (f"{_WHOLE}/{CASE_KEY}", f"{EXTRACT}/case.pub")
    key_known = public_key is not None and is_outside(public_key, path, own=keys)
    if store.exists(path / _WHOLE, "ledger.sqlite"):
        whole = verify_case(
            path / _WHOLE,
            store=store,
            public_key=public_key,
            signers=signers,
            now=now,
            trust=trust,
            within=within,
            log=log,
        )
        try:
            require_of_case(chain, whole.case)
        except EvidenceError as error:
            raise EvidenceError(f"{path / _CUSTODY}: {error}") from error
        computed = ""
        if graph is not None and _GRAPH in payload:
            ledger = store.ledger(path / _WHOLE, read_only=True)
            try:
                computed = _checked_graph(path, store, graph, shown=ledger, case=whole.case)
            finally:
                ledger.close()
        if not key_known:
            whole = replace(
                whole, authentic=False, statement="consistent with the key in the dossier"
            )
        return VerifiedBag(
            path=str(path),
            files=len(files),
            signer_known=signer_known,
            key_known=key_known,
            case=whole,
            opened=len(opened),
            stamped=stamped,
            document=document,
            custody=custody,
            graph=computed,
        )
    if signers is not None or log is not None:
        raise InputError(
            f"{path}: an extract holds neither its mandate nor the proofs of its records",
            hint="Omit --signers and --log, or ask for the whole case.",
        )
    schedule = None
    if _SCHEDULE in payload:
        schedule = store.read(path, _SCHEDULE, limit=MAX_SCHEDULE_BYTES)
    elif _FOR_DEFENCE.search(_info(path, store)):
        raise EvidenceError(
            f"{path / _SCHEDULE}: missing: a dossier for the defence lists all that is not in it"
        )
    extract = check_extract(
        path / EXTRACT,
        store,
        extracts,
        exhibits=_vault_below(payload, EXTRACT),
        public_key=public_key,
        trust=trust,
        schedule=schedule,
        stated=dict(_LABEL.findall(_info(path, store))),
    )
    computed = ""
    if graph is not None and _GRAPH in payload:
        entries = extracts.entries(path / EXTRACT / "ledger.sqlite")
        shown = ShownLedger((index, leaf) for index, leaf, _ in entries)
        computed = _checked_graph(path, store, graph, shown=shown, case=extract.case)
    return VerifiedBag(
        path=str(path),
        files=len(files),
        signer_known=signer_known,
        key_known=key_known,
        case=None,
        extract=extract,
        opened=len(opened),
        stamped=stamped,
        document=document,
        custody=custody,
        graph=computed,
    )


def _checked_graph(path: Path, store: CaseStore, graph: Graph, *, shown: Ledger, case: str) -> str:
    return check_graph(
        path / _GRAPH,
        store.read(path, _GRAPH, limit=MAX_GRAPH_BYTES),
        _info(path, store),
        shown=shown,
        case=case,
        graph=graph,
    )


def _signed(
    path: Path, name: str, data: bytes, key: Ed25519PublicKey, store: CaseStore, *, of: str
) -> None:
    try:
        key.verify(store.read(path, name, limit=64), data)
    except InvalidSignature as error:
        raise EvidenceError(f"{path / name}: the signature does not match {of}") from error


def _stamped(
    path: Path,
    listed: bytes,
    *,
    files: Mapping[str, FileSeen],
    key: Ed25519PublicKey,
    store: CaseStore,
    trust: Trust,
) -> str:
    """Check the time-stamp of a bag that names authorities; return what it says."""
    for name in (STAMP, STAMP_SIGNATURE):
        if name not in files:
            raise EvidenceError(f"{path / name}: missing, although the bag names an authority")
    answer = store.read(path, STAMP, limit=MAX_TOKEN_BYTES)
    _signed(path, STAMP_SIGNATURE, answer, key, store, of="the time-stamp")
    try:
        roots = trust.roots or read_roots(store.read(path, AUTHORITIES, limit=MAX_ROOTS_BYTES))
        stamp = check_stamp(
            answer, message=listed, nonce=None, roots=roots, policies=trust.stamp_policies
        )
    except (EvidenceError, InputError) as error:
        raise EvidenceError(f"{path / STAMP}: {error}") from error
    whose = "a trusted authority" if trust.roots else "an authority that the bag itself names"
    # A bag has no place for an answer of the authority's issuer.
    return (
        f"not after {iso(stamp.not_after)}, says {stamp.signer}: {whose}; whether its certificate "
        "was revoked is not checked"
    )


def _checked_document(
    path: Path, store: CaseStore, documents: Callable[[bytes], SignedDocument] | None
) -> str:
    if documents is None:
        return "its signatures are not checked here: the signature of the bag covers it"
    try:
        return documents(store.read(path, _DOCUMENT, limit=_MOST_DOCUMENT)).words
    except (EvidenceError, SourceError) as error:
        raise EvidenceError(f"{path / _DOCUMENT}: {error}") from error


def _checked_custody(path: Path, store: CaseStore) -> tuple[CustodyLine, ...]:
    try:
        return read_chain(store.read(path, _CUSTODY, limit=MAX_CHAIN_BYTES))
    except EvidenceError as error:
        raise EvidenceError(f"{path / _CUSTODY}: {error}") from error


def _custody_words(chain: Sequence[CustodyLine]) -> str:
    people = len({line.by for line in chain})
    return f"acts: {len(chain)}, people: {people}; each line follows the one before it"


def _key(path: Path, signer: Path | None, store: CaseStore) -> Ed25519PublicKey:
    if signer is not None:
        return Ed25519PublicKey.from_public_bytes(store.public_key(signer, name="signer").public)
    try:
        key = load_pem_public_key(store.read(path, SIGNER, limit=MAX_NOTE_BYTES))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise EvidenceError(f"{path / SIGNER}: not a public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise EvidenceError(f"{path / SIGNER}: not an Ed25519 key")
    return key


def _sums(path: Path, name: str, text: bytes) -> dict[str, str]:
    """Read a BagIt manifest: lines of a digest, a space or two, and a path, in any order."""
    try:
        pairs = (_LINE.fullmatch(line) for line in text.decode().split("\n")[:-1])
        listed = sorted((pair[2], pair[1]) if pair else ("", "") for pair in pairs)
        return parse_sums("".join(f"{digest}  {name}\n" for name, digest in listed).encode())
    except (EvidenceError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path / name}: {error}") from error


def _vault_below(payload: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return the files of a vault in the payload: names below a folder, and digests."""
    return {
        name.removeprefix(f"{folder}/"): digest
        for name, digest in payload.items()
        if name.startswith(f"{folder}/{VAULT}/")
    }


def _info(path: Path, store: CaseStore) -> str:
    return store.read(path, INFO, limit=MAX_NOTE_BYTES).decode("utf-8", "replace")


def _check_size(
    path: Path, files: Mapping[str, FileSeen], payload: Collection[str], store: CaseStore
) -> None:
    """Compare the bytes of the payload with what was signed, before they are read.

    A file that was blown up, with holes say, would else be read for hours.
    """
    stated = _OXUM.search(_info(path, store))
    if stated is None:
        raise EvidenceError(f"{path / INFO}: it does not state a Payload-Oxum")
    size = sum(files[name].size for name in payload if name in files)
    if (size, len(payload)) != (int(stated[1]), int(stated[2])):
        raise EvidenceError(
            f"{path}: the payload has {len(payload)} files with {size} bytes, but {stated[2]} with "
            f"{stated[1]} were signed"
        )


def _check(
    path: Path,
    file: FileSeen | None,
    name: str,
    digest: str,
    store: CaseStore,
    *,
    most: int | None = None,
) -> None:
    if file is None:
        raise EvidenceError(f"{path / name}: missing")
    if most is not None and file.size > most:
        raise EvidenceError(f"{path / name}: {file.size} bytes, more than a tag file has")
    if store.digest(path, name, size=file.size) != digest:
        raise EvidenceError(f"{path / name}: changed: its digest differs from the signed digest")
