"""Make a dossier of a closed case that was verified: choose, write the bag, sign it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cautery import __version__
from cautery.errors import InputError, SourceError
from cautery.evidence.bag import (
    AUTHORITIES,
    COSIGNERS,
    CUSTODY,
    SIGNATURE,
    SIGNER,
    STAMP,
    STAMP_SIGNATURE,
    UNSTAMPED,
    BagWriter,
    Copied,
    Instead,
)
from cautery.evidence.manifest import MANIFEST, MAX_MANIFEST_BYTES, NOTE, VAULT, parse_sums
from cautery.evidence.note import MAX_NOTE_BYTES
from cautery.evidence.outside.proof_file import MAX_PROOF_BYTES, PROOF
from cautery.evidence.ports import CaseStore
from cautery.model.evidence import digest_of
from cautery.projections.decoys import Decoys
from cautery.projections.without_decoys import refuse_unrevealed
from cautery.workflows.case.verify import Verified
from cautery.workflows.dossier.accused import Accused
from cautery.workflows.dossier.audiences import SCORED, SHOWN, Audience
from cautery.workflows.dossier.case_graph import GRAPH, ONTOLOGY, Graph, graph_files
from cautery.workflows.dossier.defence import Defence, defence_of, received_file
from cautery.workflows.dossier.encrypted import encrypted_of
from cautery.workflows.dossier.extract import Extract, extract_of
from cautery.workflows.dossier.opened import Opened
from cautery.workflows.dossier.schedule import (
    SCHEDULE,
    ScheduleCount,
    counts_of,
    schedule_bytes,
)
from cautery.workflows.dossier.shown_ledger import ShownLedger
from cautery.workflows.dossier.verify_page import VERIFY, verify_page

RATES = "error_rates.toml"
_RERUN, _SOUND, _WALK, _INCLUSION = "rerun.py", "sound_again.py", "walk.py", "inclusion.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What was written.

    Parameters
    ----------
    audience : Audience
        For whom.
    case : str
        The case's id.
    digest : str
        SHA-256 of the tag manifest, which covers everything in the bag.
    records, exhibits : int
        How many of each are in it.
    withheld : mapping of str to int
        By kind, how many records are held back.
    exhibits_withheld : int
        How many exhibits are held back.
    openings : mapping of int to str
        The salt of each record that is held back; it stays with the case.
    stamped : bool
        Whether a time-stamping authority saw the tag manifest.
    opened, lost : int
        Of how many encrypted exhibits the bag has opened copies, and how many of those asked for
        nobody can open any more.
    not_stamped : str
        Why none did, although authorities were asked; empty: one did, or none was asked.
    other_hosts : mapping of str to int
        Because of which hosts how many records are held back that are about a host asked for.
    mentioning : tuple of int
        Records that are held back although they are about no decoy: they mention one.
    unused : tuple of ScheduleCount
        Of a dossier for the defence, how many things are not in it, by kind and reason.
    """

    audience: Audience
    case: str
    digest: str
    records: int
    exhibits: int
    withheld: Mapping[str, int]
    exhibits_withheld: int
    openings: Mapping[int, str]
    stamped: bool = False
    opened: int = 0
    lost: int = 0
    not_stamped: str = ""
    other_hosts: Mapping[str, int] = field(default_factory=dict)
    mentioning: tuple[int, ...] = ()
    unused: tuple[ScheduleCount, ...] = ()


def make_dossier(
    case: Path,
    out: Path,
    *,
    audience: Audience,
    hosts: frozenset[str] = frozenset(),
    accused: Accused | None = None,
    verified: Verified,
    store: CaseStore,
    writer: BagWriter,
    by: str,
    key: Ed25519PrivateKey,
    at: datetime,
    salt: Callable[[int], bytes],
    document: Callable[[Extract | None, Defence | None], Mapping[str, bytes]] | None = None,
    graph: Graph | None = None,
    clips: Mapping[str, bytes] | None = None,
    opened: Opened | None = None,
    custody: bytes = b"",
    stamp: Callable[[bytes], bytes] | None = None,
    must_stamp: bool = True,
    trusted: Mapping[str, bytes] | None = None,
    note: Callable[[str, Mapping[int, str]], None] = lambda _digest, _openings: None,
) -> Dossier:
    """Make a dossier.

    Parameters
    ----------
    out : Path
        The bag's folder; nothing may be there.
    hosts : frozenset of str
        Hosts that an extract is about; empty: all.
    accused : Accused, optional
        For the defence, whom it is about.
    verified : Verified
        What was checked of the case.
    store : CaseStore
        Reads the case as it was verified (:func:`cautery.workflows.dossier.as_verified`).
    by : str
        Who hands it over.
    key : Ed25519PrivateKey
        Signs the tag manifest, in the name of ``by``.
    at : datetime
        Now, UTC.
    salt : callable
        Returns so many random bytes.
    document : callable, optional
        Makes the document for people, with the files that it names; ``None``: there is none.
    graph : callable, optional
        Writes for case tools what the records that are shown say. While decoys are not revealed
        there is no such file: it would name them as streams of pirates.
    clips : mapping of str to bytes, optional
        Playable proofs, by name; a court alone is handed them.
    opened : Opened, optional
        Opened copies of encrypted exhibits; a court alone is handed them.
    custody : bytes
        The chain of custody as it is now; a court alone is handed it. Empty: there is none.
    stamp : callable, optional
        Returns a time-stamp (RFC 3161) over some bytes; ``None``: the bag is not stamped.
    must_stamp : bool
        Make no dossier if no authority answers; else the bag says that it is not stamped.
    trusted : mapping of str to bytes, optional
        ``authorities.pem`` and ``cosigners.policy``, by name: whom the organisation trusts for
        times.
    note : callable
        Told the digest of the tag manifest, and the salts of what is held back, when the bag is
        whole and before it is there: if it fails, there is no bag.

    Raises
    ------
    EvidenceError
        If what is copied is not as it was signed.
    InputError
        If hosts are named for a court, copies were opened for anybody else, or
        something is at ``out``.
    SourceError
        If no authority answers and the bag must be stamped.
    UnrevealedError
        If it is for anybody but a court or the defence, and decoys of the case are not revealed.
    StorageError
        If the bag cannot be written.
    """
    if (audience is Audience.DEFENCE) != (accused is not None):
        raise InputError(
            "a dossier for the defence is about an accused, and no other is",
            hint="Give --host or --person with --for defence.",
        )
    if audience is Audience.COURT and hosts:
        raise InputError("a court is given the whole case", hint="Omit --host.")
    decoys = _decoys_of(case, store)
    # Whoever judges all of it may have to do so before anybody reveals them: the document says so.
    if audience not in (Audience.COURT, Audience.DEFENCE):
        refuse_unrevealed(decoys, what=f"a dossier for {audience}")
    if audience is not Audience.COURT and opened is not None:
        raise InputError("opened copies are for a court alone", hint="Omit --open.")
    digests = parse_sums(store.read(case, MANIFEST, limit=MAX_MANIFEST_BYTES))
    dossier_files: dict[str, bytes] = {RATES: _packaged("cautery.identify", RATES)}
    trusted = dict(trusted or {})
    if stamp is not None and AUTHORITIES not in trusted:
        raise InputError("a bag is stamped only where the authority's root certificate is known")
    tags = {SIGNER: _pem(key), _WALK: _ours(_WALK), **trusted}
    proven = store.exists(case, PROOF)
    shown_on_page = {
        "stamp": stamp is not None,
        "custody": bool(custody),
        "times": proven and bool(trusted),
        "times-of-authorities": proven and AUTHORITIES in trusted,
        "times-of-cosigners": proven and COSIGNERS in trusted,
    }
    if proven or (audience is not Audience.COURT and SHOWN[audience].proofs):
        tags[_INCLUSION] = _ours(_INCLUSION)
    extract = defence = None
    if decoys.secret:
        graph = None
    if audience is Audience.COURT:
        dossier_files |= _graph_of_case(graph, case, verified.case, store)
        copied = [_whole(case, name, digest) for name, digest in sorted(digests.items())]
        beside = (MANIFEST, NOTE, *((PROOF,) if proven else ()))
        copied += [_as_read(case, name, store) for name in beside]
        encrypted = encrypted_of(case, None, store=store)
        page = "verify_case.md"
        dossier_files |= clips or {}
        dossier_files |= opened.files if opened is not None else {}
        dossier_files |= {CUSTODY: custody} if custody else {}
    else:
        rule = SHOWN[audience]
        ledger = store.ledger(case, read_only=True)
        try:
            if accused is None:
                extract = extract_of(ledger.leaves(), rule, hosts=hosts, salt=salt, decoys=decoys)
            else:
                extract, defence = defence_of(
                    ledger.leaves, accused, files=digests, salt=salt, decoys=decoys
                )
        finally:
            ledger.close()
        copied = _exhibits(case, extract, digests)
        leaves = ((index, leaf) for index, _, leaf, _ in extract.shown)
        dossier_files |= graph_files(graph, ShownLedger(leaves), verified.case, ontology=_ontology)
        if defence is not None:
            dossier_files[SCHEDULE] = schedule_bytes(defence.lines)
            dossier_files |= {CUSTODY: custody} if custody else {}
            dossier_files |= received_file(defence.accused)
        dossier_files["extract/ledger.sqlite"] = writer.table(extract.statements())
        dossier_files["extract/manifest.note"] = store.read(case, NOTE, limit=MAX_NOTE_BYTES)
        dossier_files["extract/case.pub"] = store.read(case, "keys/case.pub", limit=MAX_NOTE_BYTES)
        if proven:
            dossier_files[f"extract/{PROOF}"] = store.read(case, PROOF, limit=MAX_PROOF_BYTES)
        media = rule.exhibits and any(kind in SCORED for _, kind, *_ in extract.shown)
        shown_on_page |= {
            "proofs": rule.proofs,
            "media": media,
            "schedule": defence is not None,
        }
        encrypted = encrypted_of(case, extract.exhibits | extract.encrypted, store=store)
        page = "verify_extract.md"
    shown_on_page |= {"graph": GRAPH in dossier_files}
    shown_on_page |= {"encrypted": bool(encrypted.exhibits), "opened": opened is not None}
    if audience is Audience.COURT or shown_on_page["media"]:
        tags |= {name: _ours(name) for name in (_RERUN, _SOUND)}
    if document is not None:
        dossier_files |= document(extract, defence)
    places = {"encrypted": encrypted.lines()}
    tags[VERIFY] = verify_page(page, shown_on_page, places)
    unstamped = dict((UNSTAMPED,))
    openings = {} if extract is None else extract.openings
    signed: list[bytes] = []
    failed: list[str] = []

    # The writer calls this again after it has put the page and the info of an unstamped bag in
    # place, since both change the tag manifest.
    def seals(listed: bytes) -> Mapping[str, bytes] | None:
        signed.append(listed)
        files = {SIGNATURE: key.sign(listed)}
        if stamp is not None and not failed:
            try:
                files[STAMP] = stamp(listed)
            except SourceError as error:
                if must_stamp:
                    raise
                failed.append(str(error))
                return None
            # An authority's answer has bytes that its own signature does not cover (ADR 0048).
            files[STAMP_SIGNATURE] = key.sign(files[STAMP])
        return files

    exhibits = sum(f"/{VAULT}/" in file.name for file in copied)
    all_exhibits = sum(name.startswith(f"{VAULT}/") for name in digests)
    withheld = dict(extract.counts) if extract is not None else {}
    writer.write(
        out,
        copied=copied,
        made=dossier_files,
        tags=tags,
        info={
            "External-Identifier": verified.case,
            "External-Description": f"Cautery dossier of case {verified.case} for: {audience}",
            "Bagging-Date": f"{at:%Y-%m-%d}",
            "Bag-Software-Agent": f"Cautery {__version__}",
            "Contact-Name": by,
            "Cautery-Records-Withheld": str(sum(withheld.values())),
            "Cautery-Exhibits-Withheld": str(all_exhibits - exhibits),
            **({} if stamp is not None else unstamped),
        },
        beside=seals,
        instead=Instead(
            tags={VERIFY: verify_page(page, shown_on_page | {"stamp": False}, places)},
            info=unstamped,
        ),
        before=lambda: note(digest_of(signed[-1]), openings),
    )
    return Dossier(
        audience=audience,
        case=verified.case,
        digest=digest_of(signed[-1]),
        records=verified.records if extract is None else len(extract.shown),
        exhibits=exhibits,
        withheld=withheld,
        exhibits_withheld=all_exhibits - exhibits,
        openings=openings,
        stamped=stamp is not None and not failed,
        not_stamped="".join(failed),
        other_hosts={} if extract is None else extract.others,
        mentioning=() if extract is None else extract.mentioning,
        unused=() if defence is None else counts_of(defence.lines),
        opened=opened.exhibits if opened is not None else 0,
        lost=opened.lost if opened is not None else 0,
    )


def _exhibits(case: Path, extract: Extract, digests: Mapping[str, str]) -> list[Copied]:
    """Return the exhibits that go with an extract: those that lie in the open."""
    copied = []
    for exhibit in sorted(extract.exhibits):
        digits = exhibit.removeprefix("sha256:")
        name = f"{VAULT}/{digits[:2]}/{digits}"
        if name in digests:
            copied.append(Copied(name=f"extract/{name}", source=case / name, sha256=digests[name]))
    return copied


def _graph_of_case(
    graph: Graph | None, case: Path, number: str, store: CaseStore
) -> Mapping[str, bytes]:
    ledger = store.ledger(case, read_only=True)
    try:
        return graph_files(graph, ledger, number, ontology=_ontology)
    finally:
        ledger.close()


def _ontology() -> bytes:
    return _packaged("cautery.exchange.case", f"ontology/{ONTOLOGY}")


def _decoys_of(case: Path, store: CaseStore) -> Decoys:
    ledger = store.ledger(case, read_only=True)
    try:
        return Decoys().read_on(ledger)
    finally:
        ledger.close()


def _whole(case: Path, name: str, digest: str) -> Copied:
    return Copied(name=f"case/{name}", source=case / name, sha256=digest)


def _as_read(case: Path, name: str, store: CaseStore) -> Copied:
    """Return one of the files that the manifest cannot list; it was verified just now."""
    data = store.read(case, name, limit=MAX_MANIFEST_BYTES)
    return _whole(case, name, hashlib.sha256(data).hexdigest())


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _ours(name: str) -> bytes:
    return _packaged("cautery.workflows.dossier", f"in_bag/{name}")


def _packaged(package: str, name: str) -> bytes:
    return files(package).joinpath(name).read_bytes()
