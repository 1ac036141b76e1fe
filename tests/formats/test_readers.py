"""What all readers have in common, sightings, certificates and registrations."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cautery.formats
from cautery.errors import CauteryError, InputError, SourceError
from cautery.formats import (
    READERS,
    PlaylistEntry,
    ReadWarning,
    guess,
    read_bootstrap,
    read_certificate,
    read_registration,
    reader,
    redacted_text,
    sightings,
)
from cautery.messages import message
from cautery.model import KeyedPseudonyms

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
# A transport stream has nothing to list: it is cut into pieces as it comes in. The others judge
# what was read.
NO_FORMATS = (
    "audience", "daily", "diff", "fixtures", "jobs", "lifetimes", "list_changes", "mpegts",
    "named_hosts", "open_redirect", "packing", "preparation", "readers", "rhythm", "seen",
    "shapes", "sightings", "warm",
)  # fmt: skip
FORMATS = sorted(
    {"web_page": "page"}.get(one.stem, one.stem)
    for one in Path(cautery.formats.__file__).parent.glob("*.py")
    if not one.name.startswith("_") and one.stem not in NO_FORMATS
)


def seen(*entries):
    return list(
        sightings(
            entries,
            source="s",
            reader="m3u",
            pseudonyms=KeyedPseudonyms(b"k"),
            seen_at=NOON,
            exhibit="sha256:1",
        )
    )


def test_every_format_has_its_reader():
    assert sorted(READERS) == FORMATS


@pytest.mark.parametrize("kind", FORMATS)
def test_a_reader_says_which_format_it_reads_and_where_it_is_specified(kind):
    found = READERS[kind]
    assert found.format
    assert found.specification
    assert all("/" in one for one in found.media_types)
    assert found.media_types


def test_an_unknown_reader_is_the_callers_mistake():
    with pytest.raises(InputError, match="unknown reader 'dvd'"):
        reader("dvd")


@pytest.mark.parametrize(
    ("head", "kind"),
    [(b"#EXTM3U\n#EXTINF:-1,A\nhttp://a/", "m3u"), (b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n", "hls"),
     (b"<!doctype html><title>", "page"), (b'{"user_info": {}}', "xtream"), (b"\x30\x82\x01", "tls"),
     (b'{"objectClassName":"domain"}', "rdap"), ("#EXTM3U\n".encode("utf-16"), "m3u")],
)  # fmt: skip
def test_bytes_find_their_reader(head, kind):
    assert guess(head).kind == kind


def test_bytes_of_no_known_format_are_refused():
    with pytest.raises(SourceError):
        guess(b"some words")


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_reader_raises_anything_but_our_own_errors(data):
    for one in READERS.values():
        with contextlib.suppress(CauteryError):
            assert len(list(one.values([data], "http://a.example/"))) <= 200


def test_a_sighting_carries_no_credential_anywhere():
    entry = PlaylistEntry(
        url="http://p.example/live/bob/topsecret/7.ts", title="A http://x.example/?token=topsecret",
        attributes=(("tvg-logo", "http://p.example/l?password=topsecret"), ("kodi:x.license_key", "topsecret")),
        headers=(("Cookie", "topsecret"), ("User-Agent", "VLC")),
    )  # fmt: skip
    [found] = seen(entry)
    assert "topsecret" not in repr(found)
    assert ("header:user-agent", "VLC") in found.attributes


def test_a_warning_passes_with_its_quote_redacted():
    [found] = seen(
        ReadWarning(
            line=3, why=message("unread.no-url"), quoted="'http://p.example/bob/topsecret/7'"
        )
    )
    assert "topsecret" not in found.quoted
    assert found.line == 3


def test_the_same_line_gets_the_same_pseudonym():
    one, two = seen(
        PlaylistEntry(url="http://p.example/bob/word/1", title=None),
        PlaylistEntry(url="http://p.example/bob/word/2", title=None),
    )
    assert one.url.text.rsplit("/", 1)[0] == two.url.text.rsplit("/", 1)[0]


@pytest.mark.parametrize("der", [b"", b"x", b"\x30\x82\x00\x00", b"0" * 100_000])
def test_what_is_no_certificate_is_refused(der):
    with pytest.raises(SourceError):
        read_certificate(der, host="a.example", address="", seen_at=NOON)


def test_a_masked_registrant_is_unknown():
    body = b"""{"objectClassName": "domain", "ldhName": "a.example", "entities": [{"roles": ["registrant"],
    "vcardArray": ["vcard", [["fn", {}, "text", "REDACTED FOR PRIVACY"]]]}], "events": [{"eventDate": 5}, null]}"""
    found = read_registration([body], redact=lambda text: "~" + text, seen_at=NOON)
    assert (found.registrant, found.created) == (None, None)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"errorCode": 404}', b"{" * 9999, b"\xff\xfe"]
)
def test_what_is_no_registration_is_refused(body):
    with pytest.raises(SourceError):
        read_registration([body], redact=str, seen_at=NOON)


def test_a_bootstrap_prefers_https():
    body = b'{"services": [[["FR", "re"], ["http://a/", "https://b/"]], 5, [["x"]], [[1], [2]]]}'
    assert read_bootstrap([body]) == {"fr": "https://b", "re": "https://b"}


def test_a_text_is_redacted_wherever_a_url_stands_in_it_and_only_there():
    text = "Sport (http://bob:topsecret@p.example/1.ts) rtmp://p.example/live/bob/topsecret/5"
    found = redacted_text(text, KeyedPseudonyms(b"k"))
    assert "topsecret" not in found
    assert found.startswith("Sport (http://p.example/1.ts")
    assert redacted_text(found, KeyedPseudonyms(b"k")) == found
