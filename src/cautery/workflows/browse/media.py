"""Sealed media that a browser plays in step: those of a stream, and those of its reference.

They are hostile bytes: nothing here decodes them. They are cut at the boxes of their container
alone, so that a player is told where its first part ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Literal
from weakref import WeakSet

from cautery.errors import AbsentError, EvidenceError, NotYetError
from cautery.evidence.ports import CaseVault
from cautery.messages import tr
from cautery.model import ExhibitId
from cautery.model.records import AlignmentShown, ProbeDone
from cautery.model.records.scoring import ScoreBasis
from cautery.pages.room.verdict import Player
from cautery.workflows.browse.kept import Cases, Kept, stream_of
from cautery.workflows.browse.streams import entries_of
from cautery.workflows.media.segments import MOST_BYTES, answers_in, joined_again

Side = Literal["suspect", "reference"]
_MOST_BYTES_SENT = 256 << 20
_PIECE = 1 << 16
_SYNC, _PACKET = 0x47, 188
_LONGEST_S = 600
_joining = Lock()
_being_sent: WeakSet[Media] = WeakSet()
"""Media that somebody still reads: they are held in memory, and count against all who ask."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Media:
    """Media of one side.

    Parameters
    ----------
    content : bytes
        As they were sealed, and joined as they were when they were compared.
    initial : int
        Bytes of the part that a player reads first (ISO 14496-12, ``moov``); 0: there is none.
    media_type : str
        By their first bytes, not by what a server said.
    """

    content: bytes
    initial: int
    media_type: str

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return len(self.content)

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """Yield a range of the content."""
        view = memoryview(self.content)
        for at in range(start, stop, _PIECE):
            yield view[at : min(at + _PIECE, stop)]

    def playlist(self, name: str) -> str:
        """Return the HLS playlist (RFC 8216) of media whose one part has a name."""
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{_LONGEST_S}"]
        if self.initial:
            lines.append(f'#EXT-X-MAP:URI="{name}",BYTERANGE="{self.initial}@0"')
        lines.append(f"#EXTINF:{_LONGEST_S},")
        if self.initial:
            rest = len(self.content) - self.initial
            lines.append(f"#EXT-X-BYTERANGE:{rest}@{self.initial}")
        return "\n".join([*lines, name, "#EXT-X-ENDLIST", ""])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """What the newest comparison of a stream rests on."""

    aligned: AlignmentShown
    basis: ScoreBasis
    archives: tuple[ExhibitId, ...]

    @property
    def speed(self) -> float:
        """Seconds of the reference for each second of the stream."""
        for sense in self.basis.senses:
            if sense.reference == self.aligned.reference:
                # Of a picture's places the first is rough and the second is the refined one.
                return sense.tempo if sense.kind == "sound" else sense.places[1].speed
        return 1.0


def player_of(case: Kept, url: str) -> tuple[Player | None, str]:
    """Return what can be played of a stream, or why nothing can."""
    compared = _compared(case, url)
    if compared is None:
        return None, tr("No comparison with a reference was recorded for this stream.")
    aligned = compared.aligned
    if (
        aligned.reference_media is None
        or aligned.reference_media_s is None
        or aligned.suspect_at_s is None
    ):
        return None, tr("The media of the reference were gone when the stream was compared.")
    return Player(
        suspect_s=aligned.suspect_at_s,
        reference_s=aligned.reference_media_s,
        speed=compared.speed,
        suspect=compared.archives,
        reference=aligned.reference_media,
    ), ""


def media_of(cases: Cases, id: str, number: int, side: Side) -> Media:
    """Return the sealed media of a stream, or of its reference; each seal is checked.

    Raises
    ------
    AbsentError
        If there is no such case or stream, or nothing of it was compared.
    CauteryError
        If they are encrypted, damaged or not all there.
    """
    with cases.case(id) as case:
        compared = _compared(case, stream_of(case, number).url)
        vault = case.vault
    if compared is None:
        raise AbsentError(tr("No comparison with a reference was recorded for this stream."))
    with _joining:
        if sum(media.size for media in _being_sent) > _MOST_BYTES_SENT:
            raise NotYetError(tr("So many media are being sent that there is no room for more."))
        content = (
            joined_again(compared.basis.media, answers_in(compared.archives, vault))
            if side == "suspect"
            else _reference(compared.aligned, vault)
        )
        media = Media(content=content, initial=_initial(content), media_type=_type(content))
        _being_sent.add(media)
    return media


def _compared(case: Kept, url: str) -> _Compared | None:
    """Return the newest comparison whose media were recorded."""
    archives: dict[str, tuple[ExhibitId, ...]] = {}
    basis: ScoreBasis | None = None
    compared: _Compared | None = None
    for entry in entries_of(case, url, AlignmentShown, ProbeDone, ScoreBasis):
        content = entry.content
        if isinstance(content, ProbeDone):
            archives[content.at.isoformat()] = content.exhibits
        elif isinstance(content, ScoreBasis):
            basis = content
        elif isinstance(content, AlignmentShown) and basis is not None:
            compared = _Compared(
                aligned=content,
                basis=basis,
                archives=archives.get(basis.at.isoformat(), ()),
            )
    return compared


def _reference(aligned: AlignmentShown, vault: CaseVault) -> bytes:
    if aligned.reference_media is None:
        raise AbsentError(tr("The media of the reference were gone when the stream was compared."))
    content = b"".join(vault.pieces(aligned.reference_media, start=0, stop=MOST_BYTES + 1))
    if len(content) > MOST_BYTES:
        raise EvidenceError(tr("These media are too large to be played here."))
    return content


def _type(content: bytes) -> str:
    if content[:1] == bytes((_SYNC,)) and content[_PACKET : _PACKET + 1] in (b"", bytes((_SYNC,))):
        return "video/mp2t"
    return "video/mp4" if content[4:8] in (b"ftyp", b"styp") else "application/octet-stream"


def _initial(content: bytes) -> int:
    """Return how many bytes of fragmented MP4 stand before its first fragment."""
    at = 0
    if content[4:8] != b"ftyp":
        return 0
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        if kind in (b"moof", b"styp", b"sidx", b"emsg", b"prft"):
            return at
        if size < 8:  # to the end of the file, or more than 4 GB: no fragment follows
            return 0
        at += size
    return 0
