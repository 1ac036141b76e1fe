"""Which media exist when: live edges, windows and their playlists. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cautery.lab.encode import Piece, Rendered
from cautery.lab.spec import ChannelSpec, Plan, StreamSpec, Timing


def span_of(plan: Plan, channel: ChannelSpec) -> tuple[float, float]:
    """Return from which to which media second a channel is rendered.

    What has no reference is needed near its live edge only.
    """
    timing = plan.timing
    if channel.role == "work":
        return 0.0, 120.0 if plan.size == "demo" else 40.0
    if channel.mandated:
        return 0.0, timing.end_s
    return timing.edge_s - timing.before_s - 22.0, timing.end_s


@dataclass(frozen=True, slots=True)
class Feed:
    """One live stream on the lab's clock.

    ``begin_s`` is the moment, in seconds after T0 (negative: before), at which its first segment
    began to be made: segment ``[a, b)`` of its media can be had from ``begin_s + b`` on.
    """

    media: Rendered
    begin_s: float
    window: int | None
    dvr_s: float | None = None
    dated: bool = False
    ended: bool = False

    def available(self, now_s: float) -> int:
        """Return how many segments exist at ``now_s`` after T0."""
        if self.ended:
            return len(self.media.pieces)
        count, at = 0, self.begin_s
        for piece in self.media.pieces:
            at += piece.seconds
            if at > now_s:
                break
            count += 1
        return count

    def shown(self, now_s: float) -> range:
        """Return the numbers of the segments that the playlist lists at ``now_s``."""
        count = self.available(now_s)
        if self.ended:
            return range(count)
        if self.window is not None:
            return range(max(0, count - self.window), count)
        first, passed_s = count, 0.0
        while first > 0 and passed_s < (self.dvr_s or 0.0):
            first -= 1
            passed_s += self.media.pieces[first].seconds
        return range(first, count)


def media_playlist(
    feed: Feed, now_s: float, *, t0: float, base: str = "", key_url: str | None = None
) -> str:
    """Return an RFC 8216 media playlist as it stands ``now_s`` after T0.

    Parameters
    ----------
    feed : Feed
        The stream.
    t0 : float
        T0 as epoch seconds, for ``EXT-X-PROGRAM-DATE-TIME``.
    base : str
        Put before each segment's file name.
    key_url : str or None
        Where the AES-128 key is served.
    """
    visible = feed.shown(now_s)
    target = max((round(piece.seconds) for piece in feed.media.pieces), default=2)
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", f"#EXT-X-TARGETDURATION:{max(target, 1)}"]
    lines.append(f"#EXT-X-MEDIA-SEQUENCE:{visible.start}")
    if feed.ended:
        lines.append("#EXT-X-PLAYLIST-TYPE:VOD")
    if key_url is not None:
        lines.append(f'#EXT-X-KEY:METHOD=AES-128,URI="{key_url}"')
    if feed.media.init is not None:
        lines.append(f'#EXT-X-MAP:URI="{base}{feed.media.init}"')
    at = t0 + feed.begin_s + sum(piece.seconds for piece in feed.media.pieces[: visible.start])
    for number in visible:
        piece: Piece = feed.media.pieces[number]
        if feed.dated:
            stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{stamp.replace('+00:00', 'Z')}")
        lines += [f"#EXTINF:{piece.seconds:.6f},", base + piece.file]
        at += piece.seconds
    if feed.ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def master_playlist(width: int, height: int) -> str:
    """Return a master playlist with the one variant there is."""
    return (
        "#EXTM3U\n#EXT-X-VERSION:6\n"
        f"#EXT-X-STREAM-INF:BANDWIDTH=700000,RESOLUTION={width}x{height},"
        'CODECS="avc1.42c015,mp4a.40.2"\nmedia.m3u8\n'
    )


def reference_feed(media: Rendered, timing: Timing) -> Feed:
    """Return a reference with its DVR window, its live edge at ``timing.edge_s`` at T0."""
    return Feed(media, -timing.edge_s, None, dvr_s=timing.edge_s, dated=True)


def suspect_feed(media: Rendered, stream: StreamSpec, timing: Timing) -> Feed:
    """Return a suspect's stream on the lab's clock."""
    return Feed(media, -timing.before_s, stream.window, ended=stream.delivery == "vod")
