"""Records of proofs from outside: what the log of the organisation took, and who vouched for it."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.model.evidence import ExhibitId
from cautery.model.message import Message
from cautery.model.records.dated import Dated


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A leaf of an organisation's log: what the key of a case signed.

    Parameters
    ----------
    note : str
        A checkpoint of the case, or the note of its manifest, with its signature.
    previous : int
        Number of records that the log had last taken of this case; 0: none.
    proof : tuple of str
        Consistency proof from ``previous`` to the note's size (RFC 9162, 2.1.4.1), base64.
    """

    note: str
    previous: int
    proof: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRestored:
    """A leaf of an organisation's log: two people took a case back, and it goes on from there.

    Parameters
    ----------
    note : str
        A checkpoint of the case, or the note of its manifest, after the restoration.
    previous : int
        Number of records that the log had last taken; those after the copy are given up.
    base : int
        Number of records of the newest note of the case that still counts.
    proof : tuple of str
        Consistency proof from ``base`` to the note's size (RFC 9162, 2.1.4.1), base64.
    record : str
        Leaf of the record of the restoration, which two approvers signed.
    index : int
        Number of that record.
    path : tuple of str
        That it is in the case (RFC 9162, 2.1.3.1), base64.
    opened : str
        The case's first leaf, which names the approvers.
    opened_path : tuple of str
        That it is in the case, base64.
    """

    note: str
    previous: int
    base: int
    proof: tuple[str, ...]
    record: str
    index: int
    path: tuple[str, ...]
    opened: str
    opened_path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StampReceived:
    """A time-stamping authority's answer over the checkpoint of a log (RFC 3161).

    Parameters
    ----------
    authority : str
        Name of the authority in the log's settings.
    nonce : str
        The nonce that was sent, decimal.
    exhibit : ExhibitId
        The answer as it came, DER.
    exhibits : tuple of ExhibitId
        What says that its certificates were not revoked: OCSP answers and lists, DER.
    """

    authority: str
    nonce: str
    exhibit: ExhibitId
    exhibits: tuple[ExhibitId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofMissing:
    """An authority or a co-signer gave no proof in this turn.

    Parameters
    ----------
    by : str
        Name of the authority or co-signer.
    why : Message
        The reason.
    """

    by: str
    why: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideProof(Dated):
    """A checkpoint of this case stands in the organisation's log, and others vouch for that log.

    Parameters
    ----------
    at : datetime
        When it was recorded, in UTC, by this machine's clock.
    log : str
        Verifier key of the log.
    index : int
        Number of the log's leaf that holds the checkpoint of this case.
    leaf : str
        That leaf.
    path : tuple of str
        Inclusion proof of the leaf in the log's checkpoint (RFC 9162, 2.1.3.1), base64.
    checkpoint : str
        The log's checkpoint, with all co-signatures that came.
    stamps : tuple of StampReceived
        Time-stamps over the checkpoint's text.
    missing : tuple of ProofMissing
        Authorities and co-signers that gave nothing, and why.
    """

    log: str
    index: int
    leaf: str
    path: tuple[str, ...]
    checkpoint: str
    stamps: tuple[StampReceived, ...] = ()
    missing: tuple[ProofMissing, ...] = ()


KINDS: dict[str, type] = {
    "log.entry": LogEntry,
    "log.restored": LogRestored,
    "outside.proof": OutsideProof,
}
