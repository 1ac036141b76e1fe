"""Fetch the newest media of a stream, whatever its shape.

HLS with or without a master playlist, AES-128 as any player may (keys served in clear), fMP4, and
a plain transport stream or file over HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from cautery.errors import LimitError, SourceError
from cautery.formats.hls import MasterPlaylist, MediaPlaylist, Segment, choose_variant
from cautery.formats.jobs import playlist_in
from cautery.model import Digest, Limits, Response, digest_of, host_of
from cautery.model.ports import Fetcher, Readers
from cautery.model.records.scoring import MediaPiece
from cautery.workflows.media.places import MediaPart, MediaPlace, places_of
from cautery.workflows.media.segments import cut, decrypt, vector_of

PLAYLIST = Limits(max_bytes=2_000_000, total_s=8.0)
SEGMENT = Limits(max_bytes=16_000_000, total_s=12.0)
STREAMED = Limits(max_bytes=24_000_000, total_s=6.0, partial=True)
"""Of a file: at 4 Mbit/s it holds the 36 s without which no film is claimed. Of a plain stream: a
server sends some 10 s at once, then goes on live, and 6 s more are enough."""
KEY = Limits(max_bytes=64, total_s=5.0)
"""An AES-128 key has 16 bytes (RFC 8216, 5); what is longer is an error page."""
MOST_SEGMENTS = 400
"""Two minutes of parts of a third of a second; a playlist may say that each lasts 0 s."""
MOST_BYTES = 64 << 20
"""Of all segments of one look: more is not decoded (:mod:`cautery.adapters.decoder`)."""
_HEAD_BYTES = 1024
ENDED_TIMES = 4
"""A film is looked at once, in several places, since it can be had at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Media bytes in the clear, ready to decode.

    Parameters
    ----------
    data : bytes
        Initialisation section (if any) and segments, joined.
    sound : bytes or None
        The same seconds of a sound track that is served apart, if it is.
    available_s : float
        Epoch seconds at which the first of the media was at the stream's live edge, by the
        playlist's durations; of a plain stream, when its last byte came; of a file or an ended
        playlist, the media's place in it.
    live : bool
        Whether more is coming.
    hops : tuple of str
        URLs passed through by redirects, the one that was asked for first.
    address : str
        Which address served the media.
    asked_at : str
        Which address answered the first request; empty: a proxy asked it.
    way, sound_way : tuple of str
        URLs passed through to the playlists of ``data`` and ``sound``: these hops, then those of
        each further playlist; empty: there is no playlist.
    places, sound_places : tuple of MediaPlace
        Where ``data`` and ``sound`` lie, once for each host.
    pieces, sound_pieces : tuple of MediaPiece
        From which answers ``data`` and ``sound`` were joined.
    """

    data: bytes
    sound: bytes | None
    available_s: float
    at: datetime
    live: bool
    target_s: float
    hops: tuple[str, ...]
    address: str
    asked_at: str = ""
    way: tuple[str, ...] = ()
    sound_way: tuple[str, ...] = ()
    places: tuple[MediaPlace, ...] = ()
    sound_places: tuple[MediaPlace, ...] = ()
    pieces: tuple[MediaPiece, ...] = ()
    sound_pieces: tuple[MediaPiece, ...] = ()


async def fetch_newest(url: str, *, fetcher: Fetcher, readers: Readers, seconds: float) -> Fetched:
    """Fetch the newest ``seconds`` of the stream at ``url``.

    Raises
    ------
    SourceError
        If there is no media, or the media is under DRM, which is recorded and never circumvented.
    """
    first = await fetcher.fetch(url, limits=STREAMED)
    if first.status != 200:
        raise SourceError(f"{host_of(url)} answers {first.status}")
    if is_playlist(first):
        if first.truncated:
            raise LimitError(f"{host_of(url)}: the playlist is too large")
        return await _from_playlist(first, fetcher=fetcher, readers=readers, seconds=seconds)
    # Whoever states a length serves a file, however little of it our limits let us take.
    live = first.truncated and not (first.header("content-length") or "").strip().isdigit()
    return Fetched(
        data=first.body,
        sound=None,
        available_s=first.answered_at.timestamp() if live else 0.0,
        at=first.asked_at,
        live=live,
        target_s=0.0,
        hops=first.hops,
        address=first.address,
        asked_at=_asked_at(first),
        places=places_of(
            [MediaPart(hops=first.hops, size=len(first.body), answered=len(first.body))]
        ),
        pieces=(MediaPiece(payload=digest_of(first.body)),),
    )


async def read_media_playlist(
    url: str, *, fetcher: Fetcher, readers: Readers, first: Response | None = None
) -> tuple[tuple[Response, ...], MediaPlaylist, str | None]:
    """Read the media playlist at ``url``, through a master playlist if there is one.

    Returns
    -------
    tuple
        The answers met, the media playlist (its answer comes last), and the URL of the sound's
        own playlist if it is served apart.

    Raises
    ------
    SourceError
        If there is none.
    """
    answer = first or await _body(fetcher, url, PLAYLIST)
    playlist = await playlist_in(answer.body, base=answer.url, readers=readers)
    if isinstance(playlist, MediaPlaylist):
        return (answer,), playlist, None
    assert isinstance(playlist, MasterPlaylist)
    choice = choose_variant(playlist)
    below = await _body(fetcher, choice.variant.url, PLAYLIST)
    media = await playlist_in(below.body, base=below.url, readers=readers)
    if not isinstance(media, MediaPlaylist):
        raise SourceError("a master playlist that leads to another master playlist")
    return (answer, below), media, None if choice.sound is None else choice.sound.url


async def _from_playlist(
    first: Response, *, fetcher: Fetcher, readers: Readers, seconds: float
) -> Fetched:
    answers, playlist, sound_url = await read_media_playlist(
        first.url, fetcher=fetcher, readers=readers, first=first
    )
    _refuse_drm(playlist)
    segments, available_s = newest(playlist, seconds, edge_s=answers[-1].answered_at.timestamp())
    joined = await join_segments(segments, fetcher=fetcher)
    way = tuple(hop for answer in answers for hop in answer.hops)
    sound, sound_way = None, way[: len(first.hops)]
    if sound_url is not None:
        beside, tracks, _ = await read_media_playlist(sound_url, fetcher=fetcher, readers=readers)
        _refuse_drm(tracks)
        same, _ = newest(tracks, seconds, edge_s=beside[-1].answered_at.timestamp())
        sound = await join_segments(same, fetcher=fetcher)
        sound_way += tuple(hop for answer in beside for hop in answer.hops)
    return Fetched(
        data=joined.data,
        sound=None if sound is None else sound.data,
        available_s=available_s + joined.lost_s,
        at=answers[-1].asked_at,
        live=not playlist.ended,
        target_s=playlist.target_s or max(segment.duration_s for segment in segments),
        hops=first.hops,
        address=answers[-1].address,
        asked_at=_asked_at(first),
        way=way,
        sound_way=() if sound is None else sound_way,
        places=joined.places,
        sound_places=() if sound is None else sound.places,
        pieces=joined.pieces,
        sound_pieces=() if sound is None else sound.pieces,
    )


def _asked_at(first: Response) -> str:
    return first.exchanges[0].address if first.exchanges and first.vantage is None else ""


def _refuse_drm(playlist: MediaPlaylist) -> None:
    if playlist.drm:
        raise SourceError(f"under DRM ({', '.join(playlist.drm)}): recorded, not circumvented")


def newest(
    playlist: MediaPlaylist, seconds: float, *, edge_s: float
) -> tuple[tuple[Segment, ...], float]:
    """Choose the last segments that hold ``seconds``, and when the first became available.

    A live playlist's last segment is taken to be complete just now. Of one that has ended four
    times as much is taken, from its second third, where a film is more itself than in its opening
    titles, or from so far before as it takes; what is returned then is the place in the film.
    """
    segments = playlist.segments
    if playlist.ended:
        start, left_s = len(segments) // 3, 0.0
        for at in range(len(segments) - 1, -1, -1):
            left_s += segments[at].duration_s
            if left_s >= ENDED_TIMES * seconds or at == 0:
                start = min(start, at)
                break
        batch, total_s = [], 0.0
        for segment in segments[start : start + MOST_SEGMENTS]:
            batch.append(segment)
            total_s += segment.duration_s
            if total_s >= ENDED_TIMES * seconds:
                break
        return tuple(batch), sum(segment.duration_s for segment in segments[:start])
    batch, total_s = [], 0.0
    for segment in reversed(segments[-MOST_SEGMENTS:]):
        batch.append(segment)
        total_s += segment.duration_s
        if total_s >= seconds:
            break
    batch.reverse()
    return tuple(batch), edge_s - total_s


@dataclass(frozen=True, slots=True)
class Joined:
    """Segments joined in the clear.

    Parameters
    ----------
    data : bytes
        The media.
    lost_s : float
        Seconds that were lost before its first segment.
    pieces : tuple of MediaPiece
        From which answers it was joined.
    places : tuple of MediaPlace
        Which hosts gave it.
    """

    data: bytes
    lost_s: float
    pieces: tuple[MediaPiece, ...]
    places: tuple[MediaPlace, ...]


async def fetch_segments(segments: tuple[Segment, ...], *, fetcher: Fetcher) -> tuple[bytes, float]:
    """Do as :func:`join_segments` does; return the media and the seconds lost before them."""
    joined = await join_segments(segments, fetcher=fetcher)
    return joined.data, joined.lost_s


async def join_segments(segments: tuple[Segment, ...], *, fetcher: Fetcher) -> Joined:
    """Fetch segments in order and join them in the clear.

    A segment that has just left the playlist, or stalls, is left out; if none is left, the last
    error is raised.

    Raises
    ------
    SourceError
        If no segment could be had.
    """
    if not segments:
        raise SourceError("a playlist without segments")
    bodies: dict[str, Response] = {}
    parts: list[bytes] = []
    pieces: list[MediaPiece] = []
    given: list[MediaPart] = []
    failed: SourceError | None = None
    mapped: str | None = None

    def took(url: str, part: bytes) -> None:
        answer = bodies[url]
        given.append(MediaPart(hops=answer.hops, size=len(part), answered=len(answer.body)))

    async def piece(url: str, byte_range: str | None) -> bytes:
        if url not in bodies:
            bodies.clear()  # ranges of one file follow one another; two files are not held at once
            bodies[url] = await _body(fetcher, url, SEGMENT)
        return cut(bodies[url].body, byte_range)

    def origin(url: str, byte_range: str | None) -> MediaPiece:
        if url not in digests:
            digests.clear()
            digests[url] = digest_of(bodies[url].body)
        return MediaPiece(payload=digests[url], byte_range=byte_range)

    digests: dict[str, Digest] = {}
    keys: dict[str, bytes] = {}
    has_segment, lost_s, left = False, 0.0, MOST_BYTES
    for segment in segments:
        if left <= 0:
            break  # what there is is more than any player would hold
        try:
            if segment.map_url is not None and segment.map_url != mapped:
                parts.append(await piece(segment.map_url, segment.map_byte_range))
                pieces.append(origin(segment.map_url, segment.map_byte_range))
                took(segment.map_url, parts[-1])
                mapped = segment.map_url
                left -= len(parts[-1])
            body = await piece(segment.url, segment.byte_range)
            part = origin(segment.url, segment.byte_range)
            if segment.key is not None and segment.key.url is not None:
                url = segment.key.url
                if url not in keys:
                    keys[url] = (await _body(fetcher, url, KEY)).body
                body = decrypt(body, key=keys[url], segment=segment)
                part = replace(part, key=digest_of(keys[url]), iv=vector_of(segment).hex())
            parts.append(body)
            pieces.append(part)
            took(segment.url, body)
            left -= len(body)
            has_segment = True
        except SourceError as error:
            failed = error
            lost_s += 0.0 if has_segment else segment.duration_s
    if not has_segment:
        raise failed or SourceError("a playlist without segments")
    return Joined(b"".join(parts), lost_s, tuple(pieces), places_of(given))


async def _body(fetcher: Fetcher, url: str, limits: Limits) -> Response:
    answer = await fetcher.fetch(url, limits=limits)
    if answer.status not in (200, 206):
        raise SourceError(
            f"the server answered {answer.status} to the request for a segment or key"
        )
    return answer


def media(answer: Response) -> tuple[str, bool]:
    """Tell playlists and refusals, which may carry credentials, from media, which do not."""
    if is_playlist(answer):
        return "playlist", True
    if answer.status not in (200, 206):
        return "refusal", True
    return "segment", False


def is_playlist(answer: Response) -> bool:
    """Tell whether an answer is an HLS playlist."""
    head = answer.body[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"#EXTM3U")
