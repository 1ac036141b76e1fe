"""Own media are a plain HLS playlist with its files, all read at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cautery.adapters import own_media
from cautery.adapters.own_media import own_pieces, require_media
from cautery.errors import InputError
from cautery.model.decoys import OwnPiece

HEAD = "#EXTM3U\n#EXT-X-VERSION:3\n"


def written(folder: Path, text: str, *names: str) -> Path:
    for name in names:
        (folder / name).write_bytes(name.encode())
    path = folder / "own.m3u8"
    path.write_text(text)
    return path


def test_segments_are_read_in_order_with_their_beginnings(tmp_path: Path) -> None:
    text = (
        HEAD + "#EXTINF:2.5,\na.ts\n#EXT-X-DISCONTINUITY\n"
        '#EXT-X-MAP:URI="init.mp4"\n#EXTINF:2\nb.m4s\n#EXT-X-ENDLIST\n'
    )
    path = written(tmp_path, text, "a.ts", "b.m4s", "init.mp4")
    assert own_pieces(path) == (
        OwnPiece(2.5, media=b"a.ts"),
        OwnPiece(2.0, media=b"init.mp4b.m4s"),
    )
    require_media(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must be an HLS playlist"),
        (HEAD, "names no segments"),
        (HEAD + "a.ts\n", "without its length"),
        (HEAD + "#EXTINF:2,\nmissing.ts\n", "cannot be read"),
        (HEAD + "#EXTINF:2,\na.ts\n#EXT-X-KEY:METHOD=AES-128\n", "plain media playlist"),
        (HEAD + "#EXT-X-STREAM-INF:BANDWIDTH=1\nx.m3u8\n", "plain media playlist"),
        (HEAD + "#EXT-X-BYTERANGE:5\n#EXTINF:2,\na.ts\n", "plain media playlist"),
        (HEAD + "#EXTINF:2,\n.\n", "cannot be read"),
    ],
)
def test_what_is_no_plain_playlist_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        own_pieces(written(tmp_path, text, "a.ts"))


def test_no_media_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        require_media(tmp_path / "none.m3u8")
    (tmp_path / "bytes.m3u8").write_bytes(b"#EXTM3U\xff")
    with pytest.raises(InputError, match="cannot be read"):
        require_media(tmp_path / "bytes.m3u8")


def test_more_than_memory_holds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_media, "MOST_BYTES", 5)
    path = written(tmp_path, HEAD + "#EXTINF:2,\na.ts\n#EXTINF:2,\nb.ts\n", "a.ts", "b.ts")
    with pytest.raises(InputError, match="more than 5 bytes"):
        own_pieces(path)
