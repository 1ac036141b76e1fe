"""Guides as panels write them: broken in places, and read all the same."""

import pytest

from cautery.errors import SourceError
from cautery.formats import GuideChannel, Programme, ReadWarning, read_dash, read_xmltv
from cautery.messages import say

PROGRAMME = '<programme start="20261126{hour:02d}0000 +0000" channel="a">\n<title>{title}</title></programme>\n'


def guide(*titles, head=""):
    listed = (PROGRAMME.format(hour=n, title=title) for n, title in enumerate(titles))
    return f"{head}<tv>\n{''.join(listed)}</tv>"


def read(text, cut=65_536):
    data = text if isinstance(text, bytes) else text.encode()
    return list(read_xmltv(data[at : at + cut] for at in range(0, len(data), cut)))


def titles_of(found):
    return [one.titles[0][1] for one in found if isinstance(one, Programme)]


def warnings_of(found):
    return [one for one in found if isinstance(one, ReadWarning)]


@pytest.mark.parametrize("cut", [1, 7, 65_536])
@pytest.mark.parametrize(
    "bad", ["Tom & Jerry", "a < b", "</b>", "<b>", "\x01", '<b c="1" c="2"/>', "<b c=d/>"]
)
def test_a_broken_programme_is_a_quoted_warning_and_the_others_are_read(bad, cut):
    found = read(guide("One", bad, "Three", "Four"), cut)
    assert titles_of(found)[0] == "One"
    assert titles_of(found)[-1] == "Four"
    [warning] = warnings_of(found)
    assert say(warning.why).startswith("broken XML")
    assert warning.line in (5, 6)
    assert warning.quoted


def test_lines_are_counted_on_after_a_break():
    text = guide("One", "Tom & Jerry", "Three").replace(
        "</tv>", '<programme start="x" channel="a"/>\n</tv>'
    )
    assert [one.line for one in warnings_of(read(text))] == [5, 8]
    assert [one.line for one in warnings_of(read(text, 11))] == [5, 8]


@pytest.mark.parametrize("head", ["", '<!DOCTYPE tv SYSTEM "xmltv.dtd">'])
def test_entities_of_html_are_read_though_nobody_declared_them(head):
    found = read(guide("Caf&eacute;&nbsp;1", "&unknownentity;", "&amp;", head=head))
    assert titles_of(found) == ["Café\xa01", "&unknownentity;", "&"]
    assert warnings_of(found) == []


def test_a_broken_last_programme_is_a_warning_where_the_guide_ends_as_it_should():
    found = read(guide("One", "a & b"))
    assert titles_of(found) == ["One"]
    assert len(warnings_of(found)) == 1


def test_bytes_that_are_no_utf8_are_read_as_windows_1252():
    [found] = read(guide("X").encode().replace(b"X", b"Caf\xe9 \x80 \x9d"))
    assert titles_of([found]) == ["Café € \ufffd"]


def test_a_declared_encoding_holds_after_a_break():
    text = guide("Caf\xe9", "a & b", "Caf\xe9", head='<?xml version="1.0" encoding="ISO-8859-15"?>')
    assert titles_of(read(text.encode("latin-1"))) == ["Café", "Café"]


def test_space_before_the_declaration_is_no_break():
    assert titles_of(read("\r\n \n" + guide("A", head='<?xml version="1.0"?>'))) == ["A"]


def test_two_guides_in_one_file_are_both_read():
    found = read(guide("A") + guide("B", "C"))
    assert titles_of(found) == ["A", "B", "C"]


def test_an_entity_declared_after_a_break_is_refused_still():
    with pytest.raises(SourceError, match="declares an entity"):
        read('<!DOCTYPE tv [<!ENTITY a "aa">]>' + guide("&a;"))
    text = guide("a & b", "B") + '<!DOCTYPE tv [<!ENTITY x "y">]>' + guide("&x;")
    assert titles_of(read(text)) == ["B", "&x;"]


def test_a_guide_that_breaks_off_gives_what_stood_before_then_one_error():
    reading = read_xmltv([guide("One", "Two")[:-30].encode()])
    assert titles_of([next(reading)]) == ["One"]
    with pytest.raises(SourceError, match="broken XML in line 5"):
        next(reading)


def test_breaks_without_end_need_no_memory(traced):
    def chunks():
        yield b"<tv>"
        for _ in range(6):
            yield b'<channel id="a"><x &</channel>' * 500
        yield b"</tv>"

    with traced() as memory:
        told = sum(one.count for one in read_xmltv(chunks()))
    assert told == 3_000
    assert memory.peak < 4_000_000


def test_what_a_guide_says_twice_is_kept():
    text = (
        '<tv><channel id="a"><display-name>A</display-name><icon src="http://i.example/1"/></channel>'
        '<programme start="2026-11-26T20:00:00+01:00" channel="a"><title>T</title><desc lang="fr">F</desc>'
        '<desc lang="en">E</desc><episode-num>1.2.</episode-num><episode-num>S02E03</episode-num>'
        '<icon src="http://i.example/2"/></programme></tv>'
    )
    channel, programme = read(text)
    assert isinstance(channel, GuideChannel)
    assert channel.other == ()
    assert programme.starts_at.isoformat() == "2026-11-26T19:00:00+00:00"
    assert (programme.description, programme.episode) == ("F", "1.2.")
    assert programme.other == (
        ("desc", "E"), ("episode-num", "S02E03"), ("icon", "http://i.example/2"),
    )  # fmt: skip


def test_a_broken_manifest_has_no_half():
    with pytest.raises(SourceError, match="broken XML"):
        read_dash([b"<MPD><Period><a & b></Period></MPD>"], base="http://e.example/x.mpd")


@pytest.mark.parametrize(
    "bad",
    [
        '<channel id="a" id="b"/>',
        "<channel id='&nbsp;'/><channel id='&x;&y;' id='c'/>",
        "<channel/x>",
        '<programme channel="&e;" start="&e;"><title>&e; & </title></programme>',
    ],
)
@pytest.mark.parametrize("cut", [1, 64, 65_536])
def test_a_record_broken_in_its_own_tag_does_not_hold_the_reading_up(bad, cut):
    found = read(
        guide("One").replace("</tv>", bad * 3 + PROGRAMME.format(hour=9, title="Last") + "</tv>"),
        cut,
    )
    assert titles_of(found)[0] == "One"
    assert titles_of(found)[-1] == "Last"


def test_a_record_that_is_never_closed_costs_what_it_swallows():
    found = read(guide("One").replace("</tv>", "<channel id='x'>" + guide("Two")[5:]))
    assert titles_of(found) == ["One"]
    assert [say(one.why) for one in warnings_of(found)] == ["broken XML (mismatched tag)"]
