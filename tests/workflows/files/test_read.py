"""A file in any known format, packed or not, read without knowing which."""

import gzip
import io
import json
import lzma
import sys
from pathlib import Path

import pytest

from cautery.errors import InputError, SourceError
from cautery.formats import READERS
from cautery.messages import say
from cautery.packed import zstd
from cautery.workflows.files.read import read_file, schema

SAMPLES = Path(__file__).parents[2] / "formats" / "assets" / "samples"
PACK = {
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
    "": bytes,
}


@pytest.mark.parametrize("ending", PACK)
def test_a_packed_file_says_what_the_plain_one_says(tmp_path, ending):
    path = tmp_path / f"guide{ending}"
    path.write_bytes(PACK[ending]((SAMPLES / "xmltv").read_bytes()))
    channel, programme, _ = read_file(path)
    assert (channel["id"], programme["starts_at"][:16]) == ("arena1.fr", "2026-11-24T19:45")


@pytest.mark.parametrize("kind", ["m3u", "stalker", "har", "xtream"])
def test_no_secret_of_a_line_is_shown(kind):
    said = json.dumps(
        [one if isinstance(one, dict) else one.quoted for one in read_file(SAMPLES / kind)]
    )
    assert not any(secret in said for secret in ("/u/p/", "t0p", "00:1A:79"))
    assert len(said) > 50


def test_an_archive_is_refused_with_what_it_is(tmp_path):
    path = tmp_path / "list.zip"
    path.write_bytes(b"PK\x03\x04" + b"\0" * 100)
    with pytest.raises(SourceError, match="a ZIP archive"):
        list(read_file(path))


def test_a_bomb_of_zeros_is_refused_at_its_beginning(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"\0" * 50_000_000))
    with pytest.raises(SourceError, match="NUL bytes"):
        list(read_file(path))


def test_a_packed_file_that_is_cut_off_keeps_what_stood_before(tmp_path):
    lines = "".join(
        f"#EXTINF:-1,Channel {n}\nhttp://p{n * 7919}.example/{n}\n" for n in range(60_000)
    )
    whole = gzip.compress(b"#EXTM3U\n" + lines.encode())
    (tmp_path / "list.m3u.gz").write_bytes(whole[: len(whole) // 2])
    found = []

    def read():
        for one in read_file(tmp_path / "list.m3u.gz"):
            found.append(one)  # noqa: PERF402 - what was found before the error counts

    with pytest.raises(InputError, match="not be read"):
        read()
    assert len(found) > 1000


def test_an_unknown_kind_is_the_callers_mistake(tmp_path):
    with pytest.raises(InputError, match="unknown reader"):
        list(read_file(SAMPLES / "m3u", kind="dvd"))


def test_stdin_says_what_the_file_says(monkeypatch):
    raw = (SAMPLES / "xmltv").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    assert list(read_file(Path("-"))) == list(read_file(SAMPLES / "xmltv"))


@pytest.mark.parametrize("kind", [kind for kind, one in READERS.items() if one.nouns])
def test_every_line_is_of_a_shape_that_the_schema_tells(kind):
    told = schema(kind)
    shapes = [told["$defs"][one["$ref"].rpartition("/")[2]] for one in told["$defs"][kind]["anyOf"]]
    for line in read_file(SAMPLES / kind, kind=kind):
        if isinstance(line, dict):
            assert any(set(line) == set(one["properties"]) for one in shapes), line
            assert any(set(one["required"]) <= set(line) for one in shapes)


def test_the_schema_of_everything_has_every_kind_and_no_loose_end():
    told = schema()
    assert {one.kind for one in READERS.values() if one.nouns} <= set(told["$defs"])
    referred = {part.split('"')[0] for part in json.dumps(told).split("#/$defs/")[1:]}
    assert referred <= set(told["$defs"])


def test_seized_material_has_no_schema_here():
    with pytest.raises(InputError, match="cannot show"):
        schema("panel_sql")


def shown(tmp_path, text, kind=None):
    """What is shown of a file, as text, warnings too."""
    path = tmp_path / "file"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [
        one if isinstance(one, dict) else {"warning": say(one.why), "quoted": one.quoted}
        for one in read_file(path, kind=kind)
    ]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("m3u", "#EXTM3U\n#EXTINF:-1,A\nhttp://e.example/1|Authorization=Bearer%20S3CRET&Cookie=S3CRET"),
        ("m3u", "#EXTM3U\n#KODIPROP:inputstream.adaptive.stream_headers=Authorization=S3CRET\n#EXTVLCOPT:http-cookie=S3CRET\n#EXTINF:-1,A\nhttp://e.example/1"),
        (
            "m3u",
            '#EXTM3U\n#KODIPROP:inputstream.adaptive.license_key=S3CRET\n#EXTHTTP:{"cookie":"S3CRET"}\n#EXTINF:-1,A\nhttp://e.example/1',
        ),
        ("m3u", "#EXTM3U\n#EXTINF:-1,A\nnot a URL ?username=S3CRET&password=S3CRET"),
        ("stalker", '{"js":{"cmd":"ffmpeg http://e.example/play?stream=7&play_token=S3CRET"}}'),
        ("stalker", '{"js":[{"name":"A","password":"S3CRET","mac":"00:1A:79:S3:CR:ET"}]}'),
        (
            "har",
            '{"log":{"entries":[{"request":{"url":"http://e.example/"},"response":{"status":302,"headers":[{"name":"Location","value":"/live/S3CRET/S3CRET/7.ts"}]}}]}}',
        ),
    ],
)  # fmt: skip
def test_a_secret_without_a_url_of_its_own_is_not_shown_either(tmp_path, kind, text):
    found = shown(tmp_path, text, kind)
    assert found
    assert "S3CRET" not in json.dumps(found)
    assert "00:1A:79" not in json.dumps(found)


def test_a_mac_in_a_title_or_a_quote_is_not_shown(tmp_path):
    text = "#EXTM3U\n#EXTINF:-1,Box 00:1A:79:12:34:5f\nhttp://e.example/1\n00-1a-79-12-34-5F"
    said = json.dumps(shown(tmp_path, text)).lower()
    assert "12:34" not in said
    assert "12-34" not in said


def test_an_hls_playlist_with_an_initialisation_vector_is_shown(tmp_path):
    text = (
        '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x0a\n'
        "#EXTINF:4,\na.ts\n"
    )
    [segment] = shown(tmp_path, text)
    assert segment["key"]["iv"] == "0" * 31 + "a"
