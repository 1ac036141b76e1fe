"""A proof from outside: a case's checkpoint in a log, and who vouched for that log, and when.

Whoever can append to an open case can append any record, and can write any file beside a closed
one. So a proof says nothing by itself: each part is checked against the case's key, the log's key,
and the authorities and co-signers that the checker trusts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509

from cautery.errors import EvidenceError, InputError
from cautery.evidence.leaf import record_of
from cautery.evidence.manifest import Manifest, open_manifest
from cautery.evidence.merkle import leaf_hash, verify_inclusion
from cautery.evidence.note import NoteVerifier, open_checkpoint
from cautery.evidence.outside.brackets import Moment
from cautery.evidence.outside.cosignatures import Cosigned, open_cosigned
from cautery.evidence.outside.policy import CosignerPolicy
from cautery.evidence.outside.revocation import Revocations
from cautery.evidence.outside.stamps import Stamp, check_stamp
from cautery.evidence.outside.trusted_list import TrustedList
from cautery.model.records import LogEntry
from cautery.model.times import iso

_BACKWARDS = timedelta(seconds=1)
"""Co-signers state whole seconds, and tokens may round. Judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StampGiven:
    """A time-stamp that comes with a proof, not yet checked."""

    authority: str
    answer: bytes
    nonce: int | None
    revocation: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofGiven:
    """A proof as it was read, not yet checked.

    Parameters
    ----------
    log : str
        Verifier key of the log.
    index : int
        Of the leaf in the log.
    leaf : bytes
        The log's record of the case's note.
    path : tuple of bytes
        Inclusion proof.
    checkpoint : str
        Of the log, with co-signatures.
    """

    log: str
    index: int
    leaf: bytes
    path: tuple[bytes, ...]
    checkpoint: str
    stamps: tuple[StampGiven, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom a checker believes; with nothing given, nobody.

    Parameters
    ----------
    policy : CosignerPolicy or None
        Which co-signers, and how many are enough.
    roots : tuple of Certificate
        Of time-stamping authorities.
    stamp_policies : frozenset of str
        The policies of which a time-stamp must have one, dotted OIDs; empty: any.
    lists : tuple of TrustedList
        Trusted lists of the EU, which say what service is a qualified one.
    """

    policy: CosignerPolicy | None = None
    roots: tuple[x509.Certificate, ...] = ()
    stamp_policies: frozenset[str] = frozenset()
    lists: tuple[TrustedList, ...] = ()

    def qualified(self, stamp: Stamp) -> str | None:
        """Return the qualified service that made a time-stamp; ``None``: no list names it."""
        services = (
            (trusted_list, trusted_list.service_of(stamp.path, stamp.at))
            for trusted_list in self.lists
        )
        return next(
            (f"{name} ({trusted_list.territory})" for trusted_list, name in services if name), None
        )


NOBODY = Trust()
"""No authority and no co-signer is named: nothing outside the case vouches for its times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What of a case a leaf of a log states: its first ``size`` records have this root.

    Parameters
    ----------
    manifest : Manifest or None
        Where the leaf holds the note of a closed case.
    """

    size: int
    root: bytes
    manifest: Manifest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A proof of which log, leaf and path hold.

    Parameters
    ----------
    covered : Covered
        Of the case.
    log : NoteVerifier
        The log.
    cosigned : Cosigned
        Its checkpoint, with the co-signatures that count.
    stamps : tuple of (str, Stamp)
        By the authority's name, the time-stamps that hold.
    unknown_stamps : int
        Time-stamps that could not be judged, since no authority is trusted.
    faults : tuple of str
        What was given and does not hold.
    """

    covered: Covered
    log: NoteVerifier
    cosigned: Cosigned
    stamps: tuple[tuple[str, Stamp], ...]
    unknown_stamps: int
    faults: tuple[str, ...]

    def moment(self, trust: Trust, *, record: int | None) -> Moment:
        """Return what this proof says of the times of records.

        Parameters
        ----------
        record : int or None
            Number of the record that carries it; ``None``: it lies beside the case.
        """
        earliest = [stamp.not_before for _, stamp in self.stamps]
        latest = [stamp.not_after for _, stamp in self.stamps]
        if trust.policy is not None:
            before = trust.policy.not_before(self.cosigned.times)
            after = trust.policy.not_after(self.cosigned.times)
            earliest += [] if before is None else [before]
            # A co-signer states a whole second that has begun.
            latest += [] if after is None else [after + timedelta(seconds=1)]
        return Moment(
            record=record,
            covers=self.covered.size,
            not_before=max(earliest, default=None),
            not_after=min(latest, default=None),
        )


def check_proof(
    given: ProofGiven,
    *,
    case: NoteVerifier,
    trust: Trust,
    revocations: Revocations | None = None,
) -> Checked:
    """Check that a log holds a note of this case, and who vouches for that log.

    Parameters
    ----------
    revocations : Revocations or None
        What judges answers on revocation, and has judged those of other proofs.

    Raises
    ------
    EvidenceError
        If the leaf, the path or the log's signature does not hold, or the policy does not know the
        log. A time-stamp or a co-signature that does not hold is a fault of the result.
    """
    covered = covered_by(given.leaf, case)
    try:
        log = NoteVerifier.parse(given.log)
    except InputError as error:
        raise EvidenceError(f"the key of the log: {error}") from error
    if trust.policy is None:
        cosigned = open_cosigned(given.checkpoint, log)
    else:
        cosigned = trust.policy.open(given.checkpoint, log)
    checkpoint = cosigned.checkpoint
    verify_inclusion(
        leaf_hash(given.leaf),
        index=given.index,
        size=checkpoint.size,
        proof=given.path,
        root=checkpoint.root,
    )
    text = stamped_text(given.checkpoint)
    stamps, faults = [], list(cosigned.faults)
    if trust.roots:
        different: dict[bytes, StampGiven] = {}
        for stamp in given.stamps:
            different.setdefault(stamp.answer, stamp)
        for stamp in different.values():
            try:
                proven = check_stamp(
                    stamp.answer,
                    message=text,
                    nonce=stamp.nonce,
                    roots=trust.roots,
                    policies=trust.stamp_policies,
                    revocation=stamp.revocation,
                    revocations=revocations,
                )
            except EvidenceError as error:
                faults.append(f"{stamp.authority}: {error}")
            else:
                stamps.append((stamp.authority, proven))
    return Checked(
        covered=covered,
        log=log,
        cosigned=cosigned,
        stamps=tuple(stamps),
        unknown_stamps=0 if trust.roots else len(given.stamps),
        faults=tuple(faults),
    )


def covered_by(leaf: bytes, case: NoteVerifier) -> Covered:
    """Return what of a case a leaf of a log states.

    Raises
    ------
    EvidenceError
        If it is no such leaf, or the case's key has not signed its note.
    """
    entry = record_of(leaf).content
    if not isinstance(entry, LogEntry):
        raise EvidenceError("the leaf of the log holds no note of a case")
    return covered_in(entry.note, case)


def covered_in(note: str, case: NoteVerifier) -> Covered:
    """Return what of a case a note states: its checkpoint, or the note of its manifest.

    Raises
    ------
    EvidenceError
        If it is neither, or not signed by the case's key.
    """
    if note.startswith(f"{case.name}\n"):
        checkpoint = open_checkpoint(note, case)
        return Covered(size=checkpoint.size, root=checkpoint.root)
    manifest = open_manifest(note.encode("utf-8", "surrogatepass"), case)
    return Covered(size=manifest.records, root=manifest.root, manifest=manifest)


def stamped_text(checkpoint: str) -> bytes:
    """Return what is time-stamped of a log's checkpoint: origin, size and root, no signature."""
    text, _, _ = checkpoint.rpartition("\n\n")
    return f"{text}\n".encode("utf-8", "surrogatepass")


@dataclass(slots=True)
class Clocks:
    """Finds clocks that run backwards, and logs that do, over the proofs of a case in order."""

    _authorities: dict[str, datetime] = field(default_factory=dict)
    _cosigners: dict[bytes, datetime] = field(default_factory=dict)
    _roots: dict[NoteVerifier, tuple[int, bytes]] = field(default_factory=dict)
    _signed: dict[tuple[NoteVerifier, bytes], tuple[int, bytes]] = field(default_factory=dict)

    def faults(self, checked: Checked) -> Sequence[str]:
        """Return what is wrong with a proof, compared with those before it."""
        faults = []
        size, root = self._roots.get(checked.log, (0, b""))
        now = checked.cosigned.checkpoint
        if now.size < size or (now.size == size and now.root != root):
            faults.append(
                f"the log {checked.log.name} had {size} leaves in an earlier proof, and has other "
                f"{now.size} in this one"
            )
        self._roots[checked.log] = max((size, root), (now.size, now.root))
        for name, stamp in checked.stamps:
            last = self._authorities.get(stamp.key, stamp.at)
            if stamp.not_after + _BACKWARDS < last:
                faults.append(
                    f"the clock of {name} ran backwards: {iso(stamp.at)} after {iso(last)}"
                )
            self._authorities[stamp.key] = max(last, stamp.at)
        for key, at in checked.cosigned.times.items():
            signed = self._signed.get((checked.log, key), (0, b""))
            if now.size == signed[0] and now.root != signed[1]:
                faults.append(
                    f"the co-signer with the key {key.hex()[:16]} signed two roots of {now.size} "
                    f"leaves of the log {checked.log.name}: it cannot be trusted"
                )
            self._signed[checked.log, key] = max(signed, (now.size, now.root))
            last = self._cosigners.get(key, at)
            if at + _BACKWARDS < last:
                faults.append(
                    f"the clock of a co-signer ran backwards: {iso(at)} after {iso(last)}"
                )
            self._cosigners[key] = max(last, at)
        return faults
