"""A redacted URL shows where, and nobody's credentials."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.model import KeyedPseudonyms, RedactedUrl, host_of

KEY = b"k" * 32
TOKEN = "dXNlcjpwYXNzd29yZDE5OTk="
MAC = "00:1A:79:aa:BB:01"


def shown(url: str) -> str:
    return RedactedUrl.of(url, KeyedPseudonyms(KEY)).text


@pytest.mark.parametrize(
    "url",
    [
        "http://p.example/LIVE/anna/s3cret/55.ts",
        "http://p.example/Movie/anna/s3cret/55.mkv",
        "http://p.example/panel/live/anna/s3cret/55",
        "http://p.example/live/an/s3cret/55.ts",
        "http://p.example/timeshift/anna/s3cret/60/2026-11-24:20-00/55.ts",
        "http://p.example/hlsr/t0ken/anna/s3cret/55/1.ts",
        "http://p.example/live/anna/s3cret/55.ts/index.m3u8",
        "http://p.example/somewhere/anna/s3cret/55.ts",
        "http://p.example/a.m3u8;jsessionid=s3cret",
        "http://p.example/a;s3cret/b.m3u8;x=1;y=s3cret==",
        "http://anna:s3cret@p.example/a.m3u8",
        "u:s3cret@p.example/a.m3u8",
        "http://p.example/proxy/http://anna:s3cret@q.example/1.ts",
        "http://p.example/get.php?username=anna&password=s3cret",
        "http://p.example/get.php?a=1;password=s3cret",
        "http://p.example/go?to=http%3A%2F%2Fanna%3As3cret%40q.example%2F",
        "http://p.example/go?to=/live/anna/s3cret/5.ts",
        "http://p.example/live/anna/s3cret/seg.ts",
        "http://p.example/live/anna/s3cret/1234_567.ts",
        "http://p.example/live/anna/s3cret/1234_.m3u8",
        "http://p.example/live/anna/s3cret/index.m3u8",
        "http://p.example/hls/anna/s3cret/1234_567.ts",
        "http://p.example/live/anna/s3cret",
        "http://p.example/live/anna/s3cret/",
        "http://p.example/movie/anna/s3cret/film.mkv",
        "http://p.example/series/anna/s3cret/ep1.mp4",
        "http://p.example/play/anna/s3cret/ts",
        "http://p.example/hlsr/t0ken/anna/s3cret/seg.ts",
        "http://p.example/live%2Fanna%2Fs3cret%2F1.ts",
        "http://p.example/live%2fanna%252Fs3cret/seg.ts",
        "http://p.example/live/an%2Fanna/s3cret/seg.ts",
        "http://p.example/live%2Fa/live/anna/s3cret/seg.ts",
        "http://p.example/anna/s3cret/1234_567.ts",
        "http://p.example/anna/s3cret/index.m3u8",
        "http://p.example/go?url=http://q.example/live/anna/s3cret/seg.ts",
        "http://p.example/go?url=http%3A%2F%2Fq.example%2Flive%2Fanna%2Fs3cret",
        "http://p.example/go?url=http%253A%252F%252Fq.example%252Flive%252Fanna%252Fs3cret%252Fx.ts",
        "http://p.example/get?user_name=anna&pass_word=s3cret",
        "http://p.example/get?usr=anna&passwd=s3cret",
        "http://p.example/get?login=anna&pin=s3cret",
        "http://p.example/get?user-name=anna&Kennwort=s3cret",
        "http://p.example/get?q=anna:s3cret",
        "rtmp://p.example/app playpath=x pubUser=anna pubPasswd=s3cret",
        "rtmpe://p.example/app playpath=x swfUrl=http://q.example/a.swf conn=S:s3cret live=1",
        "rtmp://p.example/app tcUrl=rtmp://anna:s3cret@q.example/app?password=s3cret",
        "rtmp://p.example/app playpath=x?user=anna&password=s3cret token=s3cret",
    ],
)
def test_no_credential_is_shown_wherever_it_stands(url: str) -> None:
    assert "s3cret" not in shown(url)
    assert "anna" not in shown(url)


@pytest.mark.parametrize(
    "url",
    [
        f"http://p.example/play/{TOKEN}/index.m3u8",
        f"http://p.example/play/{TOKEN.replace('=', '%3D')}/index.m3u8",
        f"http://p.example/play/{TOKEN}.m3u8",
        f"http://p.example/a.m3u8;s={TOKEN}",
        f"http://p.example/a.m3u8?st={TOKEN.replace('=', '%3D')}",
        f"http://p.example/a.m3u8?token={TOKEN.replace('=', '%3D')}",
        f"http://p.example/live/{TOKEN}/word/5.ts",
    ],
)
def test_the_same_token_gets_the_same_pseudonym_wherever_it_stands(url: str) -> None:
    pseudonym = shown(f"http://p.example/?token={TOKEN.replace('=', '%3D')}")[-17:]
    assert TOKEN[:20] not in shown(url)
    assert pseudonym in shown(url)


def test_a_mac_gets_one_pseudonym_in_a_path_and_in_a_query() -> None:
    escaped = MAC.replace(":", "%3a")
    found = {
        shown(f"http://p.example{one}")[-17:] for one in (f"/c/{MAC}", f"/?mac={escaped.lower()}")
    }
    assert len(found) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/hls/1236/index.m3u8",
        "/hls/1236/stream.ts",
        "/live/1.m3u8",
        "/tv/5/index.m3u8",
        "/x/stall/index.m3u8",
        "/vod/1234567/index.m3u8",
        "/play/short/index.m3u8",
        "/play/short/ts",
        "/live/1/",
        "/streams/arena1/index.m3u8",
        "/arena1/index.m3u8",
        "/arena1/hd/index.m3u8",
        "/guide?at=2026-11-24%3A20-00&host=a.example%3A8080",
        "/channel_sport_2026_11_24_1080p.m3u8",
        "/page?list=7&lang=fr",
    ],
)
def test_what_is_no_credential_stays(path: str) -> None:
    assert shown(f"http://p.example:8080{path}") == f"http://p.example:8080{path}"


def test_a_lines_number_stays_with_its_head() -> None:
    text = shown("http://p.example/LIVE/anna/s3cret/55.ts")
    assert text.startswith("http://p.example/LIVE/~")
    assert text.endswith("/55.ts")


@pytest.mark.parametrize(
    "url",
    ["http://anna:pa/ss@h/", "http://user:pa\u2100ss@h/", "http://[anna", "http://h:99999/pa"],
)
def test_what_is_no_url_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(InputError) as told:
        shown(url)
    assert str(told.value) == "not a URL: its host or port cannot be read"


WORDS = (
    "live",
    "LIVE",
    "hlsr",
    "play",
    "hls",
    "anna",
    "a",
    "",
    "55.ts",
    "7",
    "http:",
    "2026-11-24",
    "live%2Fanna%2F7",
    "index.m3u8",
)
ODD = (TOKEN, f"{TOKEN}.ts", MAC, f"x{MAC}", "x;y=z", "x;z", "u:p@h", "~0123456789abcdef", "%7E%40")
PIECES = st.one_of(st.sampled_from(WORDS + ODD), st.text(max_size=30))


@example("", ["", "", "", "LIVE"], [])
@example("http:", ["", "", "", "LIVE"], [])
@given(
    st.sampled_from(["http://p.example", "http://a:b@p.example:81", "rtmp://p.example", ""]),
    st.lists(PIECES, max_size=7),
    st.lists(st.tuples(st.sampled_from(["token", "a", TOKEN, "to"]), PIECES), max_size=3),
)
def test_redacting_what_is_redacted_leaves_it(
    base: str, path: list[str], query: list[tuple[str, str]]
) -> None:
    url = base + "".join("/" + one for one in path)
    if query:
        url += "?" + "&".join(f"{name}={value}" for name, value in query)
    try:
        once = shown(url)
    except InputError:
        return
    assert shown(once) == once


@pytest.mark.parametrize(
    ("spelled", "host"),
    [
        ("licensee\u3002example", "licensee.example"),
        ("\uff4cicensee.EXAMPLE.", "licensee.example"),
        ("\u043f\u0438\u0440\u0430\u0442.example", "xn--80apufl.example"),
        ("0xcb007109", "203.0.113.9"),
        ("\uff12\uff10\uff13.0.113.9:80", "203.0.113.9"),
        ("[2001:DB8:0::9]", "2001:db8::9"),
        ("1tv.example", "1tv.example"),
        ("203.0.113.999", "203.0.113.999"),
        ("x%y", "x%y"),
    ],
)
def test_a_host_is_the_same_by_all_its_spellings(spelled: str, host: str) -> None:
    url = f"http://{spelled}/1.ts"
    assert host_of(url) == RedactedUrl(url).host == host


def test_what_a_value_names_behind_a_number_sign_tells_two_streams_apart() -> None:
    urls = [
        f"http://p.example/play?u=http%3A%2F%2Fq.example%2F%23%2Flive%2Fanna%2Fs3cret%2F{number}.ts"
        for number in (1, 2)
    ]
    one, other = map(shown, urls)
    assert one != other
    assert "anna" not in one
    assert "s3cret" not in one
    assert shown(one) == one
    plain = "http://p.example/go?to=http%3A%2F%2Fq.example%2Fx%23arena"
    assert shown(plain) == plain


@pytest.mark.parametrize(
    "url",
    [
        "srt://p.example:9000?streamid=#!::r=channel{},m=request",
        "rtmp://p.example/app/#channel{}",
        "rtsp://p.example/app?stream=#{}",
    ],
)
def test_schemes_without_fragments_lose_nothing_behind_a_number_sign(url: str) -> None:
    assert shown(url.format(1)) != shown(url.format(2))
    assert shown(shown(url.format(1))) == shown(url.format(1))


def test_the_fragment_of_the_url_that_is_asked_is_no_other_stream() -> None:
    assert shown("http://p.example/1.ts#a") == shown("http://p.example/1.ts")
