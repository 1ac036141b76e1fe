"""Purchases, vantages, rhythms and calendars of a mandate: taken whole, or refused with the line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.cli import app
from cautery.errors import MandateError
from cautery.messages import say
from cautery.model import Access, Mandate
from cautery.workflows.mandate.read import calendars_of, read_mandate

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEAD = """\
[mandate]
id = "season"
who = "Example League"
regime = "gdpr"
legal_basis = "exclusive rights"
start = 2026-11-20T00:00:00Z
end = 2026-12-01T00:00:00Z
territories = ["FR"]
"""
CHANNEL = '[[channel]]\nid = "c"\nnames = ["Sport 1"]\n'
PURCHASE = """\
[[purchase]]
id = "P-17"
service = "Best TV"
authorised_by = "A. Legal, head of enforcement"
bought_at = 2026-11-19T10:00:00Z
merchant = "BTV*DIGITAL LTD"
amount = "12.99"
currency = "EUR"
means = "card"
receipt = "receipt.txt"
line = "line.toml"
"""
SOURCE = '[[source]]\nurl = "http://panel.example:8080"\nkind = "xtream"\npurchase = "P-17"\n'
CALENDAR = """\
BEGIN:VCALENDAR
BEGIN:VEVENT
UID:md12-1
SUMMARY:Home FC v Away FC
DTSTART;TZID=Europe/Paris:20261121T210000
END:VEVENT
BEGIN:VEVENT
UID:md12-2
SUMMARY:Home FC v Others
DTSTART:20261122T150000Z
SEQUENCE:0
END:VEVENT
BEGIN:VEVENT
UID:md12-2
SUMMARY:Home FC v Others
DTSTART:20261123T180000Z
SEQUENCE:1
END:VEVENT
BEGIN:VEVENT
UID:md12-3
SUMMARY:Called off v Rained off
DTSTART:20261122T150000Z
STATUS:CANCELLED
END:VEVENT
BEGIN:VEVENT
UID:md12-4
SUMMARY:Some v Day
DTSTART;VALUE=DATE:20261124
END:VEVENT
BEGIN:VEVENT
UID:md30
SUMMARY:Home FC v Next Spring
DTSTART:20270401T150000Z
END:VEVENT
END:VCALENDAR
"""
FIXTURES = '[[fixtures]]\npath = "league.ics"\nbefore_min = 45\nafter_min = 60\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "receipt.txt").write_text("Order 4711, 12.99 EUR")
    line = tmp_path / "line.toml"
    line.write_text('username = "bought-by-us"\npassword = "pa55word"\n')
    line.chmod(0o600)
    (tmp_path / "league.ics").write_text(CALENDAR)
    return tmp_path


def read(folder: Path, *parts: str) -> Mandate:
    path = folder / "mandate.toml"
    path.write_text("\n".join((HEAD, *parts)))
    return read_mandate(path, now=NOW)


def test_a_purchase_gives_the_sources_that_name_it_its_line(folder: Path) -> None:
    mandate = read(folder, CHANNEL, PURCHASE, SOURCE)
    [source], [purchase] = mandate.sources, mandate.purchases
    assert (source.access, source.username.reveal(), source.password.reveal()) == (
        Access.TEST_PURCHASE,
        "bought-by-us",
        "pa55word",
    )
    assert (source.purchase, purchase.merchant, purchase.amount) == (
        "P-17",
        "BTV*DIGITAL LTD",
        "12.99",
    )
    assert "pa55word" not in repr(mandate)


def test_a_line_that_others_can_read_is_refused_without_being_quoted(folder: Path) -> None:
    (folder / "line.toml").chmod(0o644)
    with pytest.raises(MandateError, match=r"purchase\.line: other users can read") as told:
        read(folder, CHANNEL, PURCHASE, SOURCE)
    assert "chmod 600" in told.value.hint


@pytest.mark.parametrize(
    "text", ["", "username = 'a'", "user = pa55word", "username = 1\npassword = 2", "\xff"]
)
def test_a_broken_line_is_refused_without_being_quoted(folder: Path, text: str) -> None:
    (folder / "line.toml").write_text(text, encoding="latin-1")
    with pytest.raises(MandateError, match=r"purchase\.line") as told:
        read(folder, CHANNEL, PURCHASE, SOURCE)
    assert "pa55word" not in f"{told.value} {told.value.hint}"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [('authorised_by = "A. Legal, head of enforcement"\n', "", "authorised_by"),
     ('amount = "12.99"', 'amount = "much"', "amount"),
     ("bought_at = 2026-11-19T10:00:00Z", 'bought_at = "yesterday"', "bought_at"),
     ('receipt = "receipt.txt"', 'receipt = "none.pdf"', "receipt")],
)  # fmt: skip
def test_a_purchase_that_lacks_its_proof_is_refused(
    folder: Path, old: str, new: str, what: str
) -> None:
    with pytest.raises(MandateError, match=what):
        read(folder, CHANNEL, PURCHASE.replace(old, new), SOURCE)


def test_an_authority_names_the_decision_that_allows_a_purchase(folder: Path) -> None:
    path = folder / "mandate.toml"
    led = HEAD.replace('"gdpr"', '"led"')
    path.write_text(led + CHANNEL + PURCHASE + SOURCE)
    with pytest.raises(MandateError, match="a decision that allows it"):
        read_mandate(path, now=NOW)
    path.write_text("\n".join((led, CHANNEL, PURCHASE + 'authorisation = "PV 12/26"\n', SOURCE)))
    assert read_mandate(path, now=NOW).purchases[0].authorisation == "PV 12/26"


def test_a_source_names_a_purchase_that_there_is_and_no_second_line(folder: Path) -> None:
    with pytest.raises(MandateError, match=r"no \[\[purchase\]\] has the id 'P-17'"):
        read(folder, CHANNEL, SOURCE)
    with pytest.raises(MandateError, match="may not have a line or receipt of its own"):
        read(folder, CHANNEL, PURCHASE, SOURCE + 'username = "x"\npassword = "y"\n')


@pytest.mark.parametrize(
    "url",
    ["http://panel.example/live/anna/s3cret/17.ts", "http://panel.example:8080/anna/s3cret/17",
     "http://anna:s3cret@panel.example/list.m3u", "http://panel.example/get.php?username=anna&password=s3cret",
     "http://panel.example/movie/anna/s3cret/17.mp4"],
)  # fmt: skip
def test_somebody_elses_line_in_a_public_url_is_refused(folder: Path, url: str) -> None:
    with pytest.raises(MandateError, match="with the credentials of a line"):
        read(folder, CHANNEL, f'[[source]]\nurl = "{url}"\nkind = "stream"\n')


@pytest.mark.parametrize(
    "url",
    ["http://lists.example/2026/11/sports.m3u", "http://cdn.example/live/arena1/index.m3u8",
     "https://raw.example/iptv/0123456789abcdef0123456789abcdef01234567/index.m3u"],
)  # fmt: skip
def test_a_public_url_without_a_line_is_taken(folder: Path, url: str) -> None:
    assert read(folder, CHANNEL, f'[[source]]\nurl = "{url}"\nkind = "m3u"\n').sources


def test_fixtures_become_events_with_their_windows(folder: Path) -> None:
    mandate = read(folder, FIXTURES)
    assert [(one.id, one.kick_off.isoformat()) for one in mandate.events] == [
        ("md12-1", "2026-11-21T20:00:00+00:00"),
        ("md12-2", "2026-11-23T18:00:00+00:00"),
    ]
    window = mandate.events[0].window
    assert (window.start.isoformat(), window.end.isoformat()) == (
        "2026-11-21T19:15:00+00:00",
        "2026-11-21T23:00:00+00:00",
    )
    assert mandate.on_air(datetime(2026, 11, 21, 19, 30, tzinfo=UTC))
    assert not mandate.on_air(datetime(2026, 11, 21, 19, 0, tzinfo=UTC))
    before = mandate.on_air_from(datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
    assert before == min(one.window.start for one in mandate.events)
    assert mandate.on_air_from(datetime(2027, 11, 21, tzinfo=UTC)) is None


def test_what_is_called_off_or_has_no_hour_is_told_with_its_reason(folder: Path) -> None:
    left_out = read(folder, FIXTURES).left_out
    assert sorted(say(why) for _, why in left_out) == [
        "called off",
        "no kick-off time yet, only a date",
    ]


def test_what_a_calendar_says_in_doubt_is_told(folder: Path) -> None:
    doubtful = CALENDAR.replace("TZID=Europe/Paris:", "TZID=Mars/Base:")
    (folder / "league.ics").write_text(doubtful)
    mandate = read(folder, FIXTURES)
    assert [one.id for one in mandate.events] == ["md12-1", "md12-2"]
    assert (
        "fixtures 1, from line 2 of the calendar",
        "the zone 'Mars/Base' is not known: its time is read as UTC",
    ) in [(say(what), say(why)) for what, why in mandate.left_out]


def test_only_fixtures_that_match_are_taken(folder: Path) -> None:
    mandate = read(folder, FIXTURES + 'matching = "away fc"\n')
    assert [one.id for one in mandate.events] == ["md12-1"]


def test_a_calendar_without_a_fixture_in_the_window_leaves_nothing_to_find(folder: Path) -> None:
    with pytest.raises(MandateError, match="nothing to find"):
        read(folder, FIXTURES + 'matching = "nobody"\n')


def test_a_file_that_is_no_calendar_is_refused_with_its_line(folder: Path) -> None:
    (folder / "league.ics").write_text("<html>")
    with pytest.raises(MandateError, match=r"line 11: fixtures\.path: not a valid calendar"):
        read(folder, FIXTURES)


FETCHED = '[[fixtures]]\nurl = "https://league.example/ics?token=t0k3n"\n'


def test_a_calendar_that_is_fetched_has_its_events_once_it_was(folder: Path) -> None:
    mandate = read(folder, FETCHED + "revisit_s = 900\n")
    [calendar] = mandate.calendars
    assert (mandate.events, calendar.revisit_s) == ((), 900)
    again = calendars_of(folder / "mandate.toml")
    assert again({}).events == ()
    found = again({calendar.location: CALENDAR.encode()})
    assert [one.id for one in found.events] == ["md12-1", "md12-2"]
    with pytest.raises(MandateError, match=r"line 11: fixtures\.url: not a valid calendar"):
        again({calendar.location: b"<html>"})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[[fixtures]]\n", "must have a path or a url"),
        (FETCHED + 'path = "league.ics"\n', "must have a path or a url"),
        (FIXTURES + "revisit_s = 900\n", "a file is read every minute"),
        ('[[fixtures]]\nurl = "webcal://league.example/ics"\n', r"not an http\(s\) URL"),
    ],
)
def test_a_calendar_is_a_file_or_fetched(folder: Path, table: str, said: str) -> None:
    with pytest.raises(MandateError, match=said):
        read(folder, table)


def test_a_match_is_named_once(folder: Path) -> None:
    event = '[[event]]\nid = "md12-1"\nname = "Home v Away"\nkick_off = 2026-11-21T20:00:00Z\n'
    with pytest.raises(MandateError, match="already used by an"):
        read(folder, event, FIXTURES)


VANTAGE = '[[vantage]]\nname = "FR home"\ncountry = "FR"\nproxy = "{proxy}"\n'


def test_a_source_is_read_from_vantages_that_the_mandate_knows(folder: Path) -> None:
    source = (
        '[[source]]\nurl = "http://lists.example/a.m3u"\nkind = "m3u"\nvantages = ["FR home"]\n'
    )
    good = VANTAGE.format(proxy="socks5://league:w0rd@proxy.example:1080")
    mandate = read(folder, CHANNEL, good, source)
    assert mandate.sources[0].vantages == ("FR home",)
    assert "w0rd" not in repr(mandate)
    with pytest.raises(MandateError, match="unknown \\[\\[vantage\\]\\]"):
        read(folder, CHANNEL, source)


@pytest.mark.parametrize(
    "proxy",
    [
        "ftp://w0rd@x:1",
        "socks5://w0rd",
        "socks5://u:w0rd@:1080",
        "http://w0rd x:3",
        "socks4://w0rd:1",
    ],
)
def test_a_proxy_that_is_none_is_refused_without_being_quoted(folder: Path, proxy: str) -> None:
    with pytest.raises(MandateError, match=r"vantage\.proxy") as told:
        read(folder, CHANNEL, VANTAGE.format(proxy=proxy))
    assert "w0rd" not in str(told.value)


def test_a_rhythm_is_fixed_or_learned_within_bounds(folder: Path) -> None:
    source = '[[source]]\nurl = "http://lists.example/a.m3u"\nkind = "m3u"\n'
    [learned] = read(
        folder, CHANNEL, source + "revisit_least_s = 60\nrevisit_most_s = 600\n"
    ).sources
    assert (learned.revisit_s, learned.least_s, learned.most_s) == (None, 60, 600)
    with pytest.raises(MandateError, match="sets a fixed interval"):
        read(folder, CHANNEL, source + "revisit_s = 60\nrevisit_most_s = 600\n")
    with pytest.raises(MandateError, match="greater than revisit_most_s"):
        read(folder, CHANNEL, source + "revisit_least_s = 601\nrevisit_most_s = 600\n")


def test_show_tells_windows_and_purchases_and_no_credential(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = HEAD.replace("2026-12-01", "2999-12-01")
    (folder / "mandate.toml").write_text(text + FIXTURES + PURCHASE + SOURCE)
    app(["mandate", "show", str(folder / "mandate.toml"), "--json"], standalone_mode=False)
    app(["mandate", "show", str(folder / "mandate.toml")], standalone_mode=False)
    said = capsys.readouterr()
    assert '"watched_from": "2026-11-21T19:15:00.000000Z"' in said.out
    assert "BTV*DIGITAL LTD" in said.out
    assert "pa55word" not in said.out + said.err


def test_a_purchase_that_is_recorded_in_the_case_is_said_to_be(folder: Path) -> None:
    [source] = read(folder, CHANNEL, SOURCE + "purchase_in_case = true\n").sources
    assert (source.purchase, source.receipt, source.username) == ("P-17", "purchase P-17", None)
    with pytest.raises(MandateError, match="the purchase is not named"):
        read(
            folder,
            CHANNEL,
            '[[source]]\nurl = "http://p.example"\nkind = "m3u"\npurchase_in_case = true\n',
        )


def test_a_portal_is_read_with_a_box_and_a_guide_with_none(folder: Path) -> None:
    portal = SOURCE.replace("xtream", "stalker")
    with pytest.raises(MandateError, match="a portal must be read with the line"):
        read(folder, CHANNEL, PURCHASE + portal)
    (folder / "line.toml").write_text('mac = "00:1A:79:00:00:01"\n')
    guide = '[[source]]\nurl = "http://guide.example/epg.xml.gz"\nkind = "xmltv"\n'
    first, second = read(folder, CHANNEL, PURCHASE + portal + guide).sources
    assert (first.mac.reveal(), first.kind, second.kind) == (
        "00:1A:79:00:00:01",
        "stalker",
        "xmltv",
    )
