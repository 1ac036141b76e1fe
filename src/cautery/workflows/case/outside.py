"""The proofs from outside that a case carries: read, checked, and turned into brackets in time."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from cautery.errors import EvidenceError
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.brackets import Moment, brackets
from cautery.evidence.outside.policy import CosignerPolicy
from cautery.evidence.outside.proof import (
    Checked,
    Clocks,
    Covered,
    ProofGiven,
    StampGiven,
    Trust,
    check_proof,
    covered_by,
)
from cautery.evidence.outside.proof_file import MAX_PROOF_BYTES, MOST_STAMPS
from cautery.evidence.outside.revocation import Revocations
from cautery.evidence.ports import CaseLedger
from cautery.model import ExhibitId
from cautery.model.records import Entry, OutsideProof, kinds_of
from cautery.model.times import iso
from cautery.workflows.case.times_proven import TimesProven

WITHIN = timedelta(seconds=3600)
"""Longest time that a record may have waited for its first proof, unless the checker says more."""
SKEW = timedelta(seconds=120)
"""As far as a machine's clock may be from those who vouch. Judgement: NTP keeps it within one."""

MOST_ANSWERS_BYTES = 256 << 20
"""Of different answers on revocation, of all proofs. Judgement: a year of a watch has 100 MB."""
Read = Callable[[ExhibitId], bytes]


@dataclass(slots=True)
class _Adding:
    moments: list[Moment] = field(default_factory=list)
    stamps: int = 0
    cosignatures: int = 0
    unjudged: int = 0
    agreed: int = 0
    unanswered: int = 0
    qualified: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def sizes_of_proofs(ledger: CaseLedger, case: NoteVerifier) -> frozenset[int]:
    """Return the sizes of the case at which its proofs state a root."""
    sizes = set()
    for entry in ledger.read(kinds=kinds_of(OutsideProof)):
        if isinstance(entry.content, OutsideProof):
            try:
                sizes.add(covered_by(entry.content.leaf.encode(), case).size)
            except EvidenceError:
                continue  # it is named where the proof is checked
    return frozenset(sizes)


def times_proven(
    entries: Iterable[Entry],
    *,
    case: NoteVerifier,
    trust: Trust,
    read: Read,
    roots: Mapping[int, bytes],
    closing: ProofGiven | None = None,
) -> TimesProven:
    """Check the proofs in a case's records, in order, and that of its closing.

    Parameters
    ----------
    entries : iterable of Entry
        Records of the kind ``outside.proof``.
    read : callable
        Returns the bytes of an exhibit; it raises ``EvidenceError``.
    roots : mapping of int to bytes
        The case's own roots by size, of the sizes that its proofs state.
    closing : ProofGiven or None
        What lies beside the closed case.
    """
    clocks, adding, proofs, missing = Clocks(), _Adding(), 0, 0
    exhibits = read if trust.roots else _unread
    revocations, answers = Revocations(), _Answers(exhibits)
    for entry in entries:
        content = entry.content
        if not isinstance(content, OutsideProof):
            continue
        proofs += 1
        missing += len(content.missing)
        where = f"record {entry.index}"
        try:
            _require_own(covered_by(content.leaf.encode(), case), roots, record=entry.index)
            proof = given_in(content, exhibits, answers=answers)
            checked = check_proof(proof, case=case, trust=trust, revocations=revocations)
        except EvidenceError as error:
            adding.faults.append(f"{where}: {error}")
            continue
        _add(adding, checked, clocks, trust, record=entry.index, where=where)
    if closing is not None:
        checked = check_proof(closing, case=case, trust=trust)
        _require_own(checked.covered, roots, record=None)
        _add(adding, checked, clocks, trust, record=None, where="the proof of the closing")
    return TimesProven(
        moments=tuple(adding.moments),
        proofs=proofs + (closing is not None),
        stamps=adding.stamps,
        cosignatures=adding.cosignatures,
        unjudged=adding.unjudged,
        agreed=adding.agreed,
        faults=tuple(adding.faults),
        missing=missing,
        unanswered=adding.unanswered,
        qualified=dict(adding.qualified),
    )


def require_times(
    entries: Iterable[Entry], proven: TimesProven, size: int, *, within: timedelta
) -> None:
    """Raise unless each record's own time agrees with its bracket.

    Raises
    ------
    EvidenceError
        Naming the first record whose time those who vouch contradict, or for which nobody vouches.
    """
    bounds = brackets(size, proven.moments)
    for entry in entries:
        bracket, at = bounds[entry.index], entry.record.at
        if bracket.not_after is None:
            raise EvidenceError(
                f"record {entry.index}: no outside proof covers it, so nobody says when it was"
            )
        if at > bracket.not_after + SKEW:
            raise EvidenceError(
                f"record {entry.index} has the time {iso(at)}, but others saw it by "
                f"{iso(bracket.not_after)}"
            )
        if bracket.not_before is not None and at < bracket.not_before - SKEW:
            raise EvidenceError(
                f"record {entry.index} has the time {iso(at)}, but it was made after "
                f"{iso(bracket.not_before)}: it is back-dated, or the machine's clock was wrong"
            )
        if bracket.not_after - at > within:
            raise EvidenceError(
                f"record {entry.index} has the time {iso(at)}, but nobody saw it before "
                f"{iso(bracket.not_after)}: it is back-dated, or it waited long for its proof",
                hint="To accept proofs that came later: --within SECONDS.",
            )


def require_cosigned(checked: Checked, policy: CosignerPolicy) -> None:
    """Raise unless enough co-signers signed the log's checkpoint over a proof.

    Raises
    ------
    EvidenceError
        Saying who did not.
    """
    if not policy.enough(checked.cosigned.times.keys()):
        absent = [
            cosigner.name
            for cosigner in policy.cosigners
            if cosigner.key.public not in checked.cosigned.times
        ]
        raise EvidenceError(
            f"the policy asks for {policy.words}; no valid co-signature of {', '.join(absent)}"
        )


class _Answers:
    """Answers on revocation, each read once for all proofs."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._held: dict[ExhibitId, bytes] = {}
        self._bytes = 0

    def __call__(self, exhibit: ExhibitId) -> bytes:
        """Return an answer.

        Raises
        ------
        EvidenceError
            If it cannot be read, or all are more than the proofs of a case need.
        """
        if exhibit not in self._held:
            if self._bytes > MOST_ANSWERS_BYTES:
                raise EvidenceError(f"more than {MOST_ANSWERS_BYTES >> 20} MB of answers")
            self._held[exhibit] = self._read(exhibit)
            self._bytes += len(self._held[exhibit])
        return self._held[exhibit]


def given_in(content: OutsideProof, read: Read, *, answers: Read | None = None) -> ProofGiven:
    """Return the proof in a record, with the bytes of its exhibits.

    Parameters
    ----------
    answers : callable or None
        Returns the bytes of an answer on revocation; ``None``: as ``read`` does.

    Raises
    ------
    EvidenceError
        If one of its parts is not what it should be, or they are more than a proof file may hold.
    """
    most = max((len(stamp.exhibits) for stamp in content.stamps), default=0)
    if max(len(content.stamps), most) > MOST_STAMPS:
        raise EvidenceError(f"more than {MOST_STAMPS} time-stamps, or answers on one of them")
    held: dict[ExhibitId, bytes] = {}

    def once(exhibit: ExhibitId, read: Read = read) -> bytes:
        if exhibit not in held:
            held[exhibit] = read(exhibit)
            if sum(map(len, held.values())) > MAX_PROOF_BYTES:
                raise EvidenceError(f"more than {MAX_PROOF_BYTES} bytes of proofs")
        return held[exhibit]

    try:
        return ProofGiven(
            log=content.log,
            index=content.index,
            leaf=content.leaf.encode(),
            path=tuple(base64.b64decode(step, validate=True) for step in content.path),
            checkpoint=content.checkpoint,
            stamps=tuple(
                StampGiven(
                    authority=stamp.authority,
                    answer=once(stamp.exhibit),
                    nonce=int(stamp.nonce) if stamp.nonce else None,
                    revocation=tuple(once(each, answers or read) for each in stamp.exhibits),
                )
                for stamp in content.stamps
            ),
        )
    except (binascii.Error, ValueError) as error:
        raise EvidenceError(f"the proof cannot be read: {str(error)[:200]}") from error


def _unread(_: ExhibitId) -> bytes:
    """Stand for an exhibit where nobody is named whose time-stamps would be judged."""
    return b""


def _add(
    adding: _Adding,
    checked: Checked,
    clocks: Clocks,
    trust: Trust,
    *,
    record: int | None,
    where: str,
) -> None:
    adding.unjudged += checked.unknown_stamps + checked.cosigned.unknown
    adding.faults += [f"{where}: {fault}" for fault in checked.faults]
    backwards = clocks.faults(checked)
    adding.faults += [f"{where}: {fault}" for fault in backwards]
    if backwards:  # of a proof whose clocks contradict an earlier one, no time is taken
        return
    adding.stamps += len(checked.stamps)
    adding.unanswered += sum(not stamp.revocation_known for _, stamp in checked.stamps)
    services = (trust.qualified(stamp) for _, stamp in checked.stamps)
    adding.qualified.update(service for service in services if service is not None)
    adding.cosignatures += len(checked.cosigned.times)
    if trust.policy is not None and trust.policy.enough(checked.cosigned.times.keys()):
        adding.agreed += 1
    adding.moments.append(checked.moment(trust, record=record))


def _require_own(covered: Covered, roots: Mapping[int, bytes], *, record: int | None) -> None:
    size = covered.size
    if roots.get(size) != covered.root:
        raise EvidenceError(f"it proves {size} records that are not the first {size} of this case")
    # A record lies behind all that it proves: one that proves itself was put in later.
    if record is not None and size > record:
        raise EvidenceError(f"record {record} cannot prove {size} records")
