"""HLS playlists, honest and hostile."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import CauteryError, LimitError, SourceError
from cautery.formats import MasterPlaylist, MediaPlaylist, choose_variant, read_hls
from cautery.formats._hls_lines import HlsLines

BASE = "https://e.example/live/list.m3u8?t=1"
MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="fr",LANGUAGE="fr",URI="fr.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",LANGUAGE="en",DEFAULT=YES,URI="en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=3000000,RESOLUTION=1280x720,CODECS="avc1.64001f,mp4a.40.2"
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360,CODECS="avc1.4d001e,mp4a.40.2",AUDIO="a"
/low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.2"
sound.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=320x180,CODECS="avc1.4d001e"
mute.m3u8
"""
MEDIA = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:100
#EXT-X-MAP:URI="init.mp4"
#EXT-X-KEY:METHOD=AES-128,URI="k.bin",IV=0x0000000000000000000000000000000A
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T21:00:00.000+01:00
#EXTINF:6.0,
a.ts
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=NONE
#EXTINF:5.5,
b.ts
"""


def read(text, base=BASE):
    return read_hls([text.encode()], base=base)


def test_a_master_gives_its_variants_with_absolute_urls():
    found = read(MASTER)
    assert isinstance(found, MasterPlaylist)
    assert [one.url for one in found.variants][:2] == [
        "https://e.example/live/high.m3u8", "https://e.example/low.m3u8",
    ]  # fmt: skip
    assert [(one.has_sound, one.has_pictures) for one in found.variants] == [
        (True, True), (True, True), (True, False), (False, True),
    ]  # fmt: skip


def test_the_lowest_variant_with_sound_and_pictures_is_chosen_with_its_default_sound():
    chosen = choose_variant(read(MASTER))
    assert (chosen.variant.bandwidth, chosen.sound.url) == (
        800_000,
        "https://e.example/live/en.m3u8",
    )


def test_sound_alone_is_enough_when_no_pictures_are_wanted():
    assert choose_variant(read(MASTER), pictures=False).variant.bandwidth == 128_000


def test_a_media_playlist_gives_its_segments():
    found = read(MEDIA)
    assert isinstance(found, MediaPlaylist)
    first, second = found.segments
    assert (first.url, first.sequence, first.duration_s) == (
        "https://e.example/live/a.ts",
        100,
        6.0,
    )
    assert (first.key.method, first.key.url) == ("AES-128", "https://e.example/live/k.bin")
    assert first.key.iv == bytes(15) + b"\x0a"
    assert first.map_url == "https://e.example/live/init.mp4"
    assert first.starts_at == datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
    assert (second.discontinuity, second.key, second.sequence) == (True, None, 101)
    assert (found.live, found.target_s, found.duration_s, found.drm) == (True, 6.0, 11.5, ())


def test_an_end_list_is_no_longer_live():
    assert not read(MEDIA + "#EXT-X-ENDLIST\n").live


@pytest.mark.parametrize(
    ("key", "drm"),
    [
        ('METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"', "FairPlay"),
        ('METHOD=SAMPLE-AES-CTR,URI="data:text/plain;base64,AA==",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"', "Widevine"),
        ('METHOD=SAMPLE-AES,URI="data:x",KEYFORMAT="com.microsoft.playready"', "PlayReady"),
        ('METHOD=SAMPLE-AES,URI="k.bin"', "SAMPLE-AES"),
        ('METHOD=AES-128,URI="x",KEYFORMAT="org.strange"', "unknown (org.strange)"),
    ],
)  # fmt: skip
def test_drm_is_recorded_as_such(key, drm):
    assert read(f"#EXTM3U\n#EXT-X-KEY:{key}\n#EXTINF:4,\na.ts\n").drm == (drm,)


@pytest.mark.parametrize(
    "text",
    [
        "", "<html>", "hello", "#EXTM3U\n#EXTINF:-4,\na.ts\n", "#EXTM3U\n#EXTINF:1e9,\na.ts\n",
        "#EXTM3U\n#EXTINF:nan,\na.ts\n", "#EXTM3U\n#EXTINF:inf,\na.ts\n", "#EXTM3U\n#EXTINF:x,\na.ts\n",
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:-1\n#EXTINF:1,\na.ts\n",
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:99999999999999999999\n#EXTINF:1,\na.ts\n",
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:" + "9" * 5000 + "\n#EXTINF:1,\na.ts\n",
        "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "#EXTM3U\n#EXTINF:1,\nhttp://[::1\n",
        '#EXTM3U\n#EXT-X-MAP:URI="file:///etc/passwd"\n#EXTINF:1,\na.ts\n',
        '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="gopher://x"\n#EXTINF:1,\na.ts\n',
        '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0xZZ\n#EXTINF:1,\na.ts\n',
        "#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:never\n#EXTINF:1,\na.ts\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=-5\na.m3u8\n", "#EXTM3U\n#EXTINF:1,\na\0.ts\n",
    ],
)  # fmt: skip
def test_impossible_playlists_are_refused(text):
    with pytest.raises(SourceError):
        read(text)


def test_a_million_segments_are_refused_before_they_are_parsed():
    with pytest.raises(LimitError, match="segments"):
        read("#EXTM3U\n" + "#EXTINF:1,\na\n" * 50_000)
    with pytest.raises(LimitError, match="segments"):
        read("#EXTM3U\n" + "#EXT-X-BYTERANGE:1@0\na\n" * 50_000)


def test_thousands_of_different_keys_are_refused_and_one_that_is_repeated_is_not():
    def listed(keys):
        entries = (
            f'#EXT-X-KEY:METHOD=AES-128,URI="k{key}"\n#EXTINF:6,\n{number}.ts\n'
            for number, key in enumerate(keys)
        )
        return read("#EXTM3U\n#EXT-X-TARGETDURATION:6\n" + "".join(entries))

    with pytest.raises(LimitError, match="different keys"):
        listed(range(5_001))
    assert len(listed([1] * 5_001).segments) == 5_001


def test_thousands_of_segments_under_thousands_of_keys_are_refused_before_they_are_parsed():
    def listed(keys, segments):
        head = "".join(f'#EXT-X-KEY:METHOD=AES-128,URI="k{number}"\n' for number in range(keys))
        return read("#EXTM3U\n#EXT-X-TARGETDURATION:6\n" + head + "#EXTINF:6,\n1.ts\n" * segments)

    with pytest.raises(LimitError, match="600 different keys for 20000 segments"):
        listed(600, 20_000)
    assert len(listed(10, 2_000).segments) == 2_000


@pytest.mark.parametrize("tag", ["EXT-X-MAP:URI", "EXT-X-KEY:METHOD=AES-128,URI"])
def test_an_address_that_is_repeated_for_each_segment_has_a_limit(tag):
    def listed(letters, count):
        head = f'#EXTM3U\n#EXT-X-TARGETDURATION:6\n#{tag}="{"a" * letters}"\n'
        return read(head + "#EXTINF:6,\n1.ts\n" * count)

    assert len(listed(8_000, 1_000).segments) == 1_000
    with pytest.raises(SourceError, match="more than 8,192 letters"):
        listed(9_000, 1)
    with pytest.raises(LimitError):
        listed(8_000, 5_000)


def test_a_playlist_of_many_megabytes_is_refused():
    with pytest.raises(SourceError, match="longer than"):
        read("#EXTM3U\n" + "#" * 9_000_000)


def test_no_variant_with_sound_is_a_source_error():
    text = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.4d001e"\nm.m3u8\n'
    with pytest.raises(SourceError, match="no variant with sound"):
        choose_variant(read(text))


PARTS = st.sampled_from(
    ["#EXTM3U\n", "#EXTINF:4,\n", "a.ts\n", "#EXT-X-KEY:METHOD=", "AES-128", ",URI=", '"k"', "\n", "#EXT-X-MAP:",
     "#EXT-X-STREAM-INF:", "BANDWIDTH=", "1", ",", "CODECS=", "#EXT-X-MEDIA:", "TYPE=AUDIO", "#EXT-X-BYTERANGE:5@",
     "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n", "#EXT-X-DISCONTINUITY\n", "#EXT-X-PART:", "DURATION=",
     "#EXT-X-SKIP:", "#EXT-X-DATERANGE:", "ID=", "=", '"', "#EXT-X-CUE-OUT:", "#EXT-X-SESSION-DATA:", "RESOLUTION=1x",
     "#EXT-X-MEDIA-SEQUENCE:", "#EXT-X-SERVER-CONTROL:", "#EXT-X-START:", "#EXT-X-GAP\n", "#EXT-X-TARGETDURATION:",
     "#EXT-OATCLS-SCTE35:", "#EXT-X-ASSET:", "#EXT-X-TILES:", "#EXT-X-CUE-OUT-CONT:", "#EXT-X-DEFINE:"]
)  # fmt: skip


@given(st.lists(PARTS, max_size=40).map("".join))
def test_no_crooked_playlist_raises_anything_but_our_own_errors(text):
    try:
        read("#EXTM3U\n" + text)
    except CauteryError:
        return


@pytest.mark.parametrize(
    "line", ["http://bob:top\u2100secret@h.example/1.ts", "http://[topsecret/1.ts"]
)
def test_an_entry_that_is_no_url_is_not_quoted(line):
    with pytest.raises(SourceError) as told:
        read(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{line}\n")
    assert "secret" not in str(told.value)


def media(*entries):
    return read_hls(
        [("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:7\n" + "\n".join(entries)).encode()],
        base=BASE,
    )  # fmt: skip


@pytest.mark.parametrize(
    "bad",
    [
        "#EXTINF:abc,\nb.ts",
        "#EXTINF:-1,\nb.ts",
        "#EXTINF:,\nb.ts",
        "#EXTINF:6,\nrtmp://e.example/b",
    ],
)
def test_a_broken_segment_is_a_quoted_warning_and_the_others_keep_their_numbers(bad):
    found = media("#EXTINF:6,", "a.ts", bad, "#EXTINF:6,", "c.ts", "stray.ts")
    assert [(one.url[-4:], one.sequence) for one in found.segments] == [("a.ts", 7), ("c.ts", 9)]
    [warning] = found.warnings
    assert warning.line in (6, 7)
    assert warning.quoted in (f"'{line}'" for line in bad.split("\n"))


def test_a_playlist_of_broken_segments_alone_is_refused():
    with pytest.raises(SourceError, match="a segment of -1"):
        media("#EXTINF:-1,A", "http://e.example/a", "#EXTINF:-1,B", "http://e.example/b")


def test_a_broken_variant_is_a_warning_and_what_is_not_understood_is_kept():
    text = (
        b"#EXTM3U\n#EXT-X-FOO:bar\n#EXT-X-STREAM-INF:BANDWIDTH=x\na.m3u8\n"
        b'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="N",URI="rtmp://e.example/a"\n'
        b'#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS="a,b",FRAME-RATE=50.0,X-COM="y, z"\nb.m3u8\n'
        b"#EXT-X-STREAM-INF:BANDWIDTH=9\nftp://e.example/c"
    )
    found = read_hls([text], base=BASE)
    [variant] = found.variants
    assert variant.url.endswith("/b.m3u8")
    assert variant.other == (("frame-rate", "50.0"), ("x-com", "y, z"))
    assert found.other == (("EXT-X-FOO", "bar"),)
    assert sorted(one.line for one in found.warnings) == [3, 5, 9]


def test_variables_are_put_in():
    text = (
        b'#EXTM3U\n#EXT-X-DEFINE:NAME="host",VALUE="https://cdn.example"\n'
        b'#EXT-X-DEFINE:QUERYPARAM="t"\n#EXTINF:6,\n{$host}/a.ts?t={$t}&u={$unknown}\n'
    )
    [segment] = read_hls([text], base="https://e.example/x.m3u8?t=17").segments
    assert segment.url == "https://cdn.example/a.ts?t=17&u={$unknown}"


def test_variables_do_not_blow_a_playlist_up():
    text = b'#EXTM3U\n#EXT-X-DEFINE:NAME="a",VALUE="' + b"b" * 2_000 + b'"\n'
    text += (b"#EXTINF:6,\n" + b"{$a}" * 100 + b"\n") * 15_000
    lines = HlsLines(text.decode())
    assert len(lines.text) < 20_000_000


@pytest.mark.parametrize(
    "line", ["# {}", "#EXT-X-FOO:{}", "#EXT-X-VERSION:{}", '#EXT-X-FOO:A="{}"']
)
def test_a_number_without_measure_that_players_pass_over_blinds_nobody(line):
    token = "1" * 50
    text = f"#EXTM3U\n{line.format('7' * 4_400)}\n#EXTINF:4,\nhttp://e.example/{token}.ts\n"
    playlist = read_hls([text.encode()], base="http://e.example/x.m3u8")
    assert [segment.url for segment in playlist.segments] == [f"http://e.example/{token}.ts"]
