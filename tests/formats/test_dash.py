"""DASH manifests: where segments lie, and how they are locked."""

from pathlib import Path

import pytest

from cautery.errors import InputError, LimitError, SourceError
from cautery.formats import dash, read_dash

SAMPLE = (Path(__file__).parent / "assets" / "samples" / "dash").read_bytes()
BASE = "http://e.example/live/x.mpd"


def manifest(body, attributes=""):
    return read_dash([f"<MPD {attributes}>{body}</MPD>".encode()], base=BASE)


def one(template, period='duration="PT10S"', outer=""):
    [found] = manifest(
        f'<Period {period}>{outer}<AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="5">'
        f"{template}</Representation></AdaptationSet></Period>"
    ).representations
    return found


def test_a_timeline_is_told_segment_by_segment_up_to_the_periods_end():
    video, hd, sound = read_dash([SAMPLE], base=BASE).representations
    assert [(each.starts_s, each.duration_s) for each in video.segments[:4]] == [
        (0.5, 2.0), (2.5, 2.0), (4.5, 1.0), (5.5, 2.0)]  # fmt: skip
    assert video.segments[1].url == "http://cdn.example/live/v1/2500-00006.m4s"
    assert video.segments[-1].starts_s < 12
    assert hd.segments[0].url == "http://cdn.example/live/hd/v2/500-00005.m4s"
    assert sound.segments[1].byte_range == "0-99"
    assert (sound.kind, sound.language) == ("audio", "fr")


def test_locks_are_named_with_their_key_id_and_nothing_is_done_with_them():
    video = read_dash([SAMPLE], base=BASE).representations[0]
    assert video.drm == ("Widevine", "cenc")
    assert video.protections[0].kid == "9eb4050d-e44b-4802-932e-27d75083e266"


def test_what_is_not_understood_is_kept():
    assert ("frameRate", "25") in read_dash([SAMPLE], base=BASE).representations[0].other


def test_numbers_run_to_the_end_of_a_period_or_without_end():
    found = one('<SegmentTemplate media="$Bandwidth$/$$$Number$.m4s" duration="4"/>')
    assert [each.url.rsplit("/", 2)[1:] for each in found.segments] == [
        ["5", "$1.m4s"], ["5", "$2.m4s"], ["5", "$3.m4s"]]  # fmt: skip
    endless = one('<SegmentTemplate media="$Number$.m4s" duration="4" startNumber="9"/>', period="")
    assert (endless.segments, endless.endless, endless.first_number) == ((), True, 9)


def test_addresses_are_resolved_level_by_level():
    found = one("<BaseURL>c.mp4</BaseURL>", outer="<BaseURL>/a/b/</BaseURL>")
    assert (found.base, found.segments) == ("http://e.example/a/b/c.mp4", ())


def test_periods_follow_one_another():
    inner = '<AdaptationSet><Representation id="a"/></AdaptationSet></Period>'
    found = manifest(
        f'<Period duration="PT1M30.5S">{inner}<Period id="2">{inner}<Period start="PT1H">{inner}'
    )
    assert [each.starts_s for each in found.representations] == [0.0, 90.5, 3600.0]


@pytest.mark.parametrize(
    "template",
    [
        '<SegmentTemplate media="file:///etc/$Number$" duration="4"/>',
        '<SegmentTemplate media="a"><SegmentTimeline><S t="0"/></SegmentTimeline></SegmentTemplate>',
        '<SegmentTemplate media="a" timescale="-1" duration="4"/>',
        "<BaseURL>http://[::1/</BaseURL>",
    ],
)
def test_impossible_values_are_refused(template):
    with pytest.raises(SourceError):
        one(template)


def test_more_segments_than_any_player_reads_are_a_limit():
    with pytest.raises(LimitError):
        one('<SegmentTemplate media="a" timescale="1000000" duration="1"/>')


@pytest.mark.parametrize("data", [b"", b"<tv/>", b"<MPD>", b"<MPD/>", b"#EXTM3U", b"<html>", b"{}"])
def test_what_is_no_manifest_is_refused(data):
    with pytest.raises(SourceError):
        read_dash([data], base=BASE)
    with pytest.raises(InputError):
        read_dash([data], base="file:///x")


TIMELINE = (
    '<Period duration="PT10S"><AdaptationSet mimeType="video/mp4">'
    '<SegmentTemplate timescale="10" presentationTimeOffset="90000" media="t$Time$.m4s">'
    '<SegmentTimeline><S t="90000" d="25" r="-1"/></SegmentTimeline></SegmentTemplate>'
    '<Representation id="v"/></AdaptationSet></Period>'
)


def test_a_timeline_that_repeats_to_the_end_counts_from_the_periods_offset():
    [one] = manifest(TIMELINE).representations
    assert [segment.url.rsplit("/", 1)[1] for segment in one.segments] == [
        "t90000.m4s", "t90025.m4s", "t90050.m4s", "t90075.m4s",
    ]  # fmt: skip
    assert [segment.starts_s for segment in one.segments] == [0.0, 2.5, 5.0, 7.5]


def test_segments_of_one_length_begin_with_their_period_whatever_its_offset():
    [one] = manifest(
        '<Period duration="PT4S"><AdaptationSet><SegmentTemplate duration="2" media="$Number$"'
        ' presentationTimeOffset="700"/><Representation id="v"/></AdaptationSet></Period>'
    ).representations
    assert [segment.starts_s for segment in one.segments] == [0.0, 2.0]


def test_every_server_of_a_representation_is_kept():
    [one] = manifest(
        "<BaseURL>http://a.example/</BaseURL><BaseURL>http://b.example/</BaseURL><Period><AdaptationSet>"
        '<BaseURL>v/</BaseURL><Representation id="v"/></AdaptationSet></Period>'
    ).representations
    assert (one.base, one.mirrors) == ("http://a.example/v/", ("http://b.example/v/",))


def many(base, count, sets=""):
    entries = "".join(f'<Representation id="{number}"/>' for number in range(count))
    return manifest(
        f"<BaseURL>{base}</BaseURL><Period><AdaptationSet>{sets}{entries}</AdaptationSet></Period>"
    )


def test_an_address_that_is_longer_than_servers_take_is_refused():
    with pytest.raises(SourceError, match="more than 8,192 letters"):
        many("http://a.example/" + "a" * 9_000, 1)
    with pytest.raises(SourceError, match="more than 8,192 letters"):
        one(f'<SegmentTemplate media="{"m" * 9_000}$Number$.m4s" duration="1"/>')


def test_addresses_that_are_repeated_for_each_representation_have_a_limit():
    base = "http://a.example/" + "a" * 8_000 + "/"
    assert len(many(base, 500).representations) == 500
    with pytest.raises(LimitError):
        many(f"{base}</BaseURL><BaseURL>{base.replace('//a', '//b')}", 2_000)
    locks = "".join(
        f'<ContentProtection schemeIdUri="{number}"><Laurl>{"l" * 2_000}</Laurl></ContentProtection>'
        for number in range(64)
    )
    with pytest.raises(LimitError):
        many("http://a.example/", 2_000, locks)


def test_a_broken_representation_is_a_warning_and_the_others_are_read():
    found = manifest(
        '<Period><AdaptationSet><Representation id="a"/>\n<Representation id="b">'
        "<BaseURL>ftp://e.example/</BaseURL></Representation></AdaptationSet></Period>"
    )
    assert [one.id for one in found.representations] == ["a"]
    [warning] = found.warnings
    assert (warning.line, warning.quoted) == (2, "'id=b'")


def test_locks_name_their_system_and_where_the_licence_is_asked_for():
    [one] = manifest(
        '<Period><AdaptationSet><ContentProtection schemeIdUri="urn:uuid:94CE86FB-07FF-4F43-ADB8-93D2FA968CA2">'
        "<Laurl>https://lic.example/fp</Laurl></ContentProtection>"
        '<Role value="main"/><Label>Main</Label><Representation id="a">'
        '<BaseURL>a.mp4</BaseURL><SegmentBase><Initialization range="0-99"/></SegmentBase></Representation>'
        "</AdaptationSet></Period>"
    ).representations
    assert one.drm == ("FairPlay",)
    assert one.protections[0].license_url == "https://lic.example/fp"
    assert one.other == (("Role", "main"), ("Label", "Main"))
    assert (one.base[-5:], one.initialization_range) == ("a.mp4", "0-99")


class Walked(list):
    """Children of an element; counts those that are gone through."""

    steps = 0

    def __iter__(self):
        Walked.steps += len(self)
        return super().__iter__()


def walked(element):
    element.children = Walked(element.children)
    for child in list.__iter__(element.children):
        walked(child)
    return element


def test_the_children_of_a_set_are_not_gone_through_for_each_representation(monkeypatch):
    read = dash.elements
    monkeypatch.setattr(dash, "elements", lambda *a, **k: map(walked, read(*a, **k)))
    beside = "<x/>" * 3_000 + "<BaseURL>b/</BaseURL>" + "<SegmentTemplate><y/></SegmentTemplate>"
    many = "<Representation/>" * 1_000
    found = manifest(f"<Period><AdaptationSet>{many}{beside}</AdaptationSet></Period>")
    assert len(found.representations) == 1_000
    assert found.representations[-1].other == (("x", ""),) * 64
    assert 0 < Walked.steps < 100_000


class Sliced(list):
    """A list that counts what is copied out of it."""

    copied = 0

    def __getitem__(self, at):
        part = super().__getitem__(at)
        if isinstance(at, slice):
            Sliced.copied += len(part)
        return part


def test_the_periods_that_come_later_are_not_copied_for_each_period(monkeypatch):
    named = dash.Element.all
    monkeypatch.setattr(dash.Element, "all", lambda self, name: Sliced(named(self, name)))
    periods = '<Period><AdaptationSet><Representation id="v"/></AdaptationSet></Period>' * 100
    assert len(manifest(periods).representations) == 100
    assert Sliced.copied < 1_000


def test_a_manifest_of_which_hundreds_cannot_be_read_is_refused():
    def broken(count):
        unread = '<Representation width="-1"/>' * count
        return manifest(
            f"<Period><AdaptationSet><Representation/>{unread}</AdaptationSet></Period>"
        )

    assert len(broken(100).representations) == 1
    with pytest.raises(LimitError, match="too much of it cannot be read"):
        broken(101)
