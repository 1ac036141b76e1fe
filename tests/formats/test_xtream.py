"""Panels' answers: numbers as text, nulls, and refusals."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import CauteryError, InputError, SourceError
from cautery.formats import (
    PanelStream,
    ReadWarning,
    api_url,
    entries_of,
    playlist_url,
    read_account,
    read_categories,
    read_streams,
    stream_url,
)


def dumped(body):
    return [json.dumps(body).encode()]


def test_an_account_is_read_with_numbers_as_text():
    found = read_account(dumped({
        "user_info": {"auth": "1", "status": "Active", "exp_date": "1800000000", "is_trial": "0",
                      "active_cons": "1", "max_connections": 2, "created_at": None, "username": "bob",
                      "password": "word", "allowed_output_formats": ["m3u8", "ts", None]},
        "server_info": {"url": "p.example", "port": "8080", "https_port": "x", "server_protocol": "http"},
    }))  # fmt: skip
    assert (found.active, found.trial, found.max_connections, found.created) == (
        True,
        False,
        2,
        None,
    )
    assert found.expires == datetime.fromtimestamp(1_800_000_000, UTC)
    assert (found.server, found.port, found.https_port) == ("p.example", 8080, None)
    assert "bob" not in repr(found)


@pytest.mark.parametrize(
    "body", [{"user_info": {"auth": 0}}, {}, [], None, {"user_info": None}, "x"]
)
def test_a_refused_line_is_a_source_error(body):
    with pytest.raises(SourceError):
        read_account(dumped(body))


@pytest.mark.parametrize("data", [b"", b"<html>", b"\0\0", b"{", b"[" * 100_000, b"\x1f\x8b"])
def test_what_is_no_answer_is_refused(data):
    for reads in (read_account, read_categories, lambda chunks: list(read_streams(chunks))):
        with pytest.raises(SourceError):
            reads([data])


def test_streams_are_named_by_their_categories():
    body = [
        {
            "stream_id": "7",
            "name": "Arena 1",
            "category_id": "3",
            "epg_channel_id": None,
            "added": "1700000000",
        },
        {"stream_id": 8, "name": None, "category_id": None},
        {"stream_id": None, "name": "broken"},
    ]
    names = read_categories(dumped([{"category_id": 3, "category_name": "Sport"}, None, 5]))
    first, second, broken = read_streams(dumped(body), categories=names)
    assert (first.id, first.name, first.category) == (7, "Arena 1", "Sport")
    assert (second.id, second.name, second.category) == (8, None, None)
    assert isinstance(broken, ReadWarning)


def test_films_and_series_have_their_own_numbers():
    [film] = read_streams(
        dumped([{"stream_id": 1, "name": "F", "container_extension": "mkv"}]), kind="movie"
    )
    [series] = read_streams(dumped([{"series_id": 2, "name": "S"}]), kind="series")
    assert (film.container, series.id) == ("mkv", 2)


@pytest.mark.parametrize("cut", [1, 13, 100_000])
def test_streams_are_read_wherever_the_answer_is_cut(cut):
    data = json.dumps(
        [{"stream_id": n, "name": f"Été {n}"} for n in range(50)], ensure_ascii=False
    ).encode()
    found = list(read_streams([data[at : at + cut] for at in range(0, len(data), cut)]))
    assert [one.name for one in found] == [f"Été {n}" for n in range(50)]


def test_an_answer_of_many_megabytes_needs_little_memory(traced):
    piece = b",".join([b'{"stream_id": 5, "name": "A", "direct_source": ""}'] * 1000)

    def chunks():
        yield b"[" + piece
        for _ in range(60):
            yield b"," + piece
        yield b"]"

    with traced() as memory:
        count = sum(1 for _ in read_streams(chunks()))
    assert count == 61_000
    assert memory.peak < 1_500_000


def test_urls_are_built_for_the_test_purchase():
    bought = {"username": "te st", "password": "a/b"}
    assert api_url("http://p.example:8080/player_api.php", **bought, action="get_live_streams") == (
        "http://p.example:8080/player_api.php?username=te+st&password=a%2Fb&action=get_live_streams"
    )
    assert "type=m3u_plus" in playlist_url("http://p.example/", **bought)
    one = PanelStream(
        id=7,
        kind="movie",
        name="F",
        category="Films",
        epg_id=None,
        icon=None,
        added=None,
        container="mkv",
        archive_days=None,
    )
    assert (
        stream_url("http://p.example", one, **bought)
        == "http://p.example/movie/te%20st/a%2Fb/7.mkv"
    )
    [entry] = entries_of([one], base="http://p.example", **bought)
    assert (entry.title, entry.attribute("group-title")) == ("F", "Films")


@pytest.mark.parametrize("base", ["p.example", "ftp://p.example", "http://", "http://p:99999/"])
def test_a_panel_without_a_url_is_the_callers_mistake(base):
    with pytest.raises(InputError):
        api_url(base, username="a", password="b")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["user_info", "server_info", "auth", "stream_id", "name", "category_id", "exp_date", "port",
                         "allowed_output_formats", "added"]) | st.text(max_size=3), inner, max_size=5),
    max_leaves=15,
)  # fmt: skip


@given(JSON)
def test_no_answer_raises_anything_but_our_own_errors(body):
    for reads in (read_account, read_categories, lambda chunks: list(read_streams(chunks))):
        with contextlib.suppress(CauteryError):
            reads(dumped(body))


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_own_errors(data):
    for reads in (read_account, read_categories, lambda chunks: list(read_streams(chunks))):
        with contextlib.suppress(CauteryError):
            reads([data])
