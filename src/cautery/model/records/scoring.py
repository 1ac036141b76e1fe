"""The record of where a probe was scored, so that its scores can be computed again elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cautery.errors import InputError
from cautery.model.evidence import Digest, ExhibitId
from cautery.model.records.dated import Dated


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPiece:
    """One part of the media that was decoded, in the order in which the parts were joined.

    Parameters
    ----------
    payload : Digest
        SHA-256 of the answer's body that the part comes from; a web archive of the case holds it.
    byte_range : str or None
        ``LENGTH@OFFSET`` within that body (RFC 8216, 4.3.2.2); ``None``: all of it.
    key : Digest or None
        SHA-256 of the key that undoes the part's AES-128 in CBC mode; ``None``: it is in the clear.
    iv : str or None
        The initialisation vector, 32 hex digits; ``None``: it is in the clear.
    """

    payload: Digest
    byte_range: str | None = None
    key: Digest | None = None
    iv: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePlace:
    """Where a probe's pictures lie in a reference: in time, and on its picture.

    Parameters
    ----------
    origin_s : float
        Reference time of the probe's start, seconds.
    speed : float
        Seconds of the reference for each second of the probe.
    placed : tuple of float
        Scale and shift across, then scale and shift down, of the probe's picture on the
        reference's; a negative scale across is a mirror, one down turns it upside down.
    negative : bool
        Dark and light are exchanged.
    """

    origin_s: float
    speed: float
    placed: tuple[float, ...]
    negative: bool = False

    def __post_init__(self) -> None:
        if len(self.placed) != 4:
            raise InputError("a placement has two scales and two shifts")


@dataclass(frozen=True, slots=True, kw_only=True)
class SensePlace:
    """Where one sense was scored, and with which fingerprints; it holds no score.

    Parameters
    ----------
    kind : str
        ``sound`` or ``picture``.
    reference : str
        Id of the reference.
    family : str
        What it counts for: its event as ``event:ID``, or itself.
    searched : int
        Number of references that were searched; more than the published error rates were measured
        with lower the likelihood ratio.
    tempo : float
        Tempo of the sound, over the reference's.
    pitch : float
        Pitch of the sound, over the reference's.
    phase : int
        Frame of the probe at which its first code word lies on the reference's grid, 0 to 3.
    shared_s : tuple of int
        Seconds of the probe that other references share for no longer than an advert lasts; they
        do not count.
    sample : str
        Name of the array of code words that chance is measured with.
    places : tuple of PicturePlace
        Of pictures: where they settled, the same corrected by the small pictures, then the places
        at which the probe played backwards says what chance reaches.
    trial : str
        Which of the published error rates say what the score is worth; empty: those of the kind.
    """

    kind: str
    reference: str
    family: str
    searched: int = 1
    tempo: float = 1.0
    pitch: float = 1.0
    phase: int = 0
    shared_s: tuple[int, ...] = ()
    sample: str = ""
    places: tuple[PicturePlace, ...] = ()
    trial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBasis(Dated):
    """What the scores of one probe rest on, recorded with the verdict that rests on the probe.

    With it anybody can compute the scores again from the sealed media, without a search.

    Parameters
    ----------
    at : datetime
        When the probe was made, in UTC.
    url : str
        The stream, redacted.
    media_start_s : float
        First media time of the probe, epoch seconds, as in the observation of its ``probe.done``.
    media : tuple of MediaPiece
        The parts of the media that were decoded.
    sound : tuple of MediaPiece
        The parts of a sound track that is served apart; empty: there is none.
    first_sample : int
        First sample of the decoded sound, at 8 kHz, that belongs to the probe.
    samples : int
        Number of the probe's samples.
    first_picture : int
        First small picture that belongs to the probe.
    pictures : int
        Number of the probe's small pictures; 0: its pictures were not looked at.
    senses : tuple of SensePlace
        Where each sense was scored.
    exhibit : ExhibitId
        The reference's fingerprints at these places, as a NumPy archive (``.npz``); the arrays of
        sense ``k`` have names that begin with ``k.``.
    """

    url: str
    media_start_s: float
    media: tuple[MediaPiece, ...]
    sound: tuple[MediaPiece, ...] = ()
    first_sample: int = 0
    samples: int = 0
    first_picture: int = 0
    pictures: int = 0
    senses: tuple[SensePlace, ...]
    exhibit: ExhibitId


KINDS: Mapping[str, type] = {"score.basis": ScoreBasis}
