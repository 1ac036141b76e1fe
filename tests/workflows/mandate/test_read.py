"""A mandate is read whole, or refused with file, line and remedy."""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.passkeys import Device

from cautery.errors import MandateError
from cautery.model import Access, OrderKind, Regime
from cautery.workflows.mandate.lines import _Scanner
from cautery.workflows.mandate.read import mandate_schema, read_mandate

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)

EXAMPLE = """\
[mandate]
id = "league-md34"
who = "Example League"
regime = "gdpr"
legal_basis = "exclusive rights 2026/27, annex 3"
start = 2026-11-24T20:30:00Z
end = 2026-11-24T23:00:00Z
territories = ["FR", "IT", "GB"]

[[event]]
id = "home-away"
name = "Home v Away"
kick_off = 2026-11-24T20:45:00Z
clean_feed = "https://feeds.example/clean/index.m3u8"

[[channel]]                     # a licensee's feed
id = "licensee-fr"
names = ["Licensee Sport 1"]
territory = "FR"
event = "home-away"
reference = "https://feeds.example/fr/index.m3u8"    # a URL, a file or a .ref

[[partner]]                     # may re-stream
name = "Lawful Partner"
hosts = ["partner.example"]
channels = ["licensee-fr"]

[[work]]
id = "eidr:10.5240/7791-8534-2C23-9030-8610-5"
title = "A Film"
other_titles = ["Un film"]
year = 2025
kind = "film"
reference = "films/a-film.mp4"

[[order]]
id = "TJ-2026-118"
authority = "Tribunal judiciaire de Paris"
territory = "FR"
start = 2026-08-01T00:00:00Z
end = 2027-05-31T23:59:59Z
targets_rule = "services not yet identified, during the calendar's matches"

[[approver]]
name = "A. Legal"
role = "legal"
public_key = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="

[[source]]
url = "http://list.example/playlist.m3u"
kind = "m3u"
access = "public"

[network]
allow = []
rate_per_host = 1.0
user_agent = "ExampleLeague-monitor/1"
"""


@pytest.fixture
def write(tmp_path: Path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a-film.mp4").write_bytes(b"film")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")

    def writer(text: str) -> Path:
        path = tmp_path / "mandate.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return writer


def refused(path: Path, now: datetime = NOW) -> MandateError:
    with pytest.raises(MandateError) as caught:
        read_mandate(path, now=now)
    return caught.value


def line_of(text: str, needle: str) -> int:
    return 1 + next(at for at, line in enumerate(text.splitlines()) if needle in line)


def test_the_example_of_the_documentation_is_read(write) -> None:
    mandate = read_mandate(write(EXAMPLE), now=NOW)
    assert mandate.regime is Regime.GDPR
    assert mandate.channels[0].legal_basis == "exclusive rights 2026/27, annex 3"
    assert mandate.partner_on("live.partner.example").name == "Lawful Partner"
    assert mandate.sources[0].access is Access.PUBLIC
    assert mandate.works[0].reference.reveal().endswith("films/a-film.mp4")
    assert mandate.works[0].other_titles == ("Un film",)


CASES = {
    "no legal basis at all": (
        'legal_basis = "exclusive rights 2026/27, annex 3"\n',
        "",
        "[[event]]",
        "legal basis",
    ),
    "a channel whose own basis is empty": (
        'territory = "FR"\nevent',
        'territory = "FR"\nlegal_basis = ""\nevent',
        "[[channel]]",
        "legal basis",
    ),
    "an unknown event": ('event = "home-away"', 'event = "home"', 'event = "home"', "unknown"),
    "an unknown channel": (
        'channels = ["licensee-fr"]',
        'channels = ["licensee-xx"]',
        "licensee-xx",
        "licensee-xx",
    ),
    "a window that ends is not after the start": (
        "end = 2026-11-24T23:00:00Z",
        "end = 2026-11-24T20:00:00Z",
        "end = 2026-11-24T20:00:00Z",
        "is not after the start",
    ),
    "a naive time": (
        "start = 2026-11-24T20:30:00Z",
        "start = 2026-11-24T20:30:00",
        "start = 2026-11-24T20:30:00",
        "time zone",
    ),
    "an unknown reader": ('kind = "m3u"', 'kind = "torrent"', 'kind = "torrent"', "torrent"),
    "a misspelt key": ("rate_per_host", "rate_per_hosts", "rate_per_hosts", "not known here"),
    "an unknown regime": ('regime = "gdpr"', 'regime = "none"', 'regime = "none"', "gdpr"),
    "seized material in private hands": (
        'access = "public"',
        'access = "seized"',
        'access = "seized"',
        "led",
    ),
    "a panel dump in private hands": (
        'kind = "m3u"',
        'kind = "panel_dump"',
        'kind = "panel_dump"',
        "led",
    ),
    "a film that is not there": (
        "films/a-film.mp4",
        "films/another.mp4",
        "films/another.mp4",
        "no such file",
    ),
    "a line without its receipt": (
        'access = "public"',
        'access = "test-purchase"',
        "[[source]]",
        "receipt",
    ),
    "a range that is none": ("allow = []", 'allow = ["localhost"]', '["localhost"]', "localhost"),
    "a range with host bits": ("allow = []", 'allow = ["10.0.0.1/8"]', "10.0.0.1/8", "host bits"),
    "a time that is a number": (
        "end = 2026-11-24T23:00:00Z",
        "end = 1795561200",
        "end = 1795561200",
        "not a valid time",
    ),
    "a time in quotes": (
        "kick_off = 2026-11-24T20:45:00Z",
        'kick_off = "2026-11-24T20:45:00Z"',
        "kick_off =",
        "not a valid time",
    ),
    "a day for a time": (
        "kick_off = 2026-11-24T20:45:00Z",
        "kick_off = 2026-11-24",
        "kick_off =",
        "not a valid time",
    ),
    "a time before all time": (
        "kick_off = 2026-11-24T20:45:00Z",
        "kick_off = 0001-01-01T00:00:00+14:00",
        "kick_off =",
        "outside of the calendar",
    ),
    "a year of thousands of digits": (
        "year = 2025",
        "year = 0x" + "f" * 5000,
        "year =",
        "work.year",
    ),
    "an id with a slip of the hand": (
        "7791-8534",
        "7791-8535",
        "10.5240",
        "check letter must be I",
    ),
    "an empty name": (
        'names = ["Licensee Sport 1"]',
        'names = ["Licensee Sport 1", " "]',
        "names =",
        "channel.names",
    ),
    "fewer requests than any match needs": (
        "rate_per_host = 1.0",
        "rate_per_host = 0.0001",
        "rate_per_host",
        "0.001",
    ),
    "an agent of two lines": (
        '"ExampleLeague-monitor/1"',
        '"Monitor/1\\r\\nX-Forged: 1"',
        "user_agent",
        "one line",
    ),
    "a file of another kind than m3u": (
        'url = "http://list.example/playlist.m3u"\nkind = "m3u"',
        'path = "films/a-film.mp4"\nkind = "page"',
        'path = "films',
        "from a url",
    ),
    "a name without its password": (
        'access = "public"',
        'access = "test-purchase"\nreceipt = "no. 7"\nusername = "bought"',
        'username = "bought"',
        "username without password",
    ),
    "a password without its name": (
        'access = "public"',
        'access = "test-purchase"\nreceipt = "no. 7"\npassword = "bought"',
        'password = "bought"',
        "password without username",
    ),
    "an order that was over before": (
        "end = 2027-05-31T23:59:59Z",
        "end = 2026-11-24T20:00:00Z",
        "end = 2026-11-24T20:00:00Z",
        "before the mandate starts",
    ),
    "a key that is none": (
        "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
        "bm8ga2V5",
        "public_key",
        "not an Ed25519 key",
    ),
    "a feed that is no URL": (
        "https://feeds.example/fr/index.m3u8",
        "http://[::1/x",
        "http://[::1/x",
        "channel.reference: not a valid URL",
    ),
    "a clean feed without a host": (
        "https://feeds.example/clean/index.m3u8",
        "http://:80/x",
        "http://:80/x",
        "without a host",
    ),
    "a list at an impossible port": (
        "http://list.example/playlist.m3u",
        "http://list.example:99999/playlist.m3u",
        ":99999",
        "source.url: not a valid URL",
    ),
    "a registry that is not HTTP": (
        "allow = []",
        'allow = []\nrdap = "ftp://rdap.example/"',
        "rdap =",
        "network.rdap: not an http(s) URL",
    ),
    "an intermediary without a host": (
        "[network]",
        '[[intermediary]]\nname = "P"\nterritory = "FR"\nlist_url = "https:///list"\n[network]',
        "list_url",
        "without a host",
    ),
    "facts that are not there": (
        "allow = []",
        'allow = []\nfacts = "no-facts"',
        "facts =",
        "no such folder",
    ),
    "facts that are a file": (
        "allow = []",
        'allow = []\nfacts = "films/a-film.mp4"',
        "facts =",
        "no such folder",
    ),
    "facts with a NUL in their path": (
        "allow = []",
        'allow = []\nfacts = "a\\u0000b"',
        "facts =",
        "not a valid path",
    ),
    "a reference with a NUL in its path": (
        '"films/a-film.mp4"',
        '"films/\\u0000.mp4"',
        'reference = "films',
        "not a valid path",
    ),
    "a path longer than any": ("films/a-film.mp4", "f" * 5000, "fff", "not a valid path"),
    "a path of links in a circle": ("films/a-film.mp4", "circle/x", "circle/x", "not a valid path"),
    "a list with a NUL in its path": (
        'url = "http://list.example/playlist.m3u"',
        'path = "\\u0000"',
        "path =",
        "not a valid path",
    ),
    "one table for many": ("[[order]]", "[order]", "[order]", "[[order]]"),
    "an integer of thousands of digits": ("year = 2025", "year = " + "9" * 5000, "year =", "long"),
    "lists in lists in lists": ("year = 2025", "year = " + "[" * 5000, "year =", "too deep"),
    "keys below keys below keys": (
        "year = 2025",
        "year" + ".a" * 5000 + " = 1",
        "year.a",
        "8 parts",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_wrong_is_named_by_file_line_and_remedy(write, case) -> None:
    old, new, where, said = case
    assert old in EXAMPLE
    text = EXAMPLE.replace(old, new, 1)
    path = write(text)
    error = refused(path)
    assert f"{path}, line {line_of(text, where)}:" in str(error)
    assert said in str(error) + error.hint
    assert error.hint
    assert str(error).count(str(path)) == 1
    assert len(re.findall(r"line \d+: ", str(error))) == 1
    assert len(str(error)) < 1000


@pytest.mark.parametrize(
    "resolver", ["", "192.0.2.1", "dns.example:53", "192.0.2.1:0", "192.0.2.1:65536", "::1:53",
                 "[192.0.2.1]:53", "[::1]", "192.0.2.999:53"],
)  # fmt: skip
def test_a_resolver_is_an_address_and_a_port(write, resolver: str) -> None:
    text = EXAMPLE.replace("allow = []", f'allow = []\nresolver = "{resolver}"')
    error = refused(write(text))
    assert f"line {line_of(text, 'resolver =')}: network.resolver: " in str(error)
    assert "192.0.2.53:53" in error.hint


def test_a_resolver_and_facts_that_are_there_are_taken(write, tmp_path: Path) -> None:
    text = EXAMPLE.replace("allow = []", 'allow = []\nresolver = "[::1]:53"\nfacts = "films"')
    network = read_mandate(write(text), now=NOW).network
    assert (network.resolver, network.facts.reveal()) == ("[::1]:53", str(tmp_path / "films"))


@pytest.mark.parametrize(
    "host",
    ["", "*", "*.partner.example", "partner.example/x", "partner.example:80", "a b", ".", "..x"],
)
def test_a_partners_host_is_a_bare_name(write, host: str) -> None:
    text = EXAMPLE.replace('"partner.example"', f'"{host}"')
    error = refused(write(text))
    assert f"line {line_of(text, 'hosts =')}: partner.hosts: " in str(error)
    assert "partner.example" in error.hint


def test_a_partners_host_ends_without_its_dot(write) -> None:
    mandate = read_mandate(
        write(EXAMPLE.replace('"partner.ex', '"Partner.ex').replace('mple"]', 'mple."]')), now=NOW
    )
    assert mandate.partner_on("live.partner.example") is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://panel.example/get.php?username=anna&password=geheim",
        "http://panel.example/list?TOKEN=geheim",
        "http://anna:geheim@panel.example/list.m3u",
        "http://panel.example/get.php?username=",
    ],
)
def test_a_line_in_a_public_url_is_asked_for_its_purchase_and_not_repeated(write, url: str) -> None:
    text = EXAMPLE.replace("http://list.example/playlist.m3u", url)
    error = refused(write(text))
    assert f"line {line_of(text, url)}: source.url: " in str(error)
    assert "test-purchase" in error.hint
    assert "geheim" not in str(error) + error.hint
    bought = text.replace(
        'access = "public"',
        'access = "test-purchase"\nreceipt = "no. 7"\nusername = "anna"\npassword = "geheim"',
    )
    assert read_mandate(write(bought), now=NOW).sources[0].receipt == "no. 7"


SECOND = """
[[approver]]
name = "{name}"
role = "operations"
public_key = "{key}"
"""
RAW_OF_THE_FIRST = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="


def test_one_person_cannot_be_two_approvers(write) -> None:
    other = base64.b64encode(bytes([9]) * 32).decode()
    text = EXAMPLE + SECOND.format(name="a.  legal", key=other)
    error = refused(write(text))
    assert f"line {line_of(text, 'a.  legal')}: approver.name: " in str(error)
    text = EXAMPLE + SECOND.format(name="B. Chief", key=RAW_OF_THE_FIRST)
    error = refused(write(text))
    assert f"line {text.count(chr(10))}: approver.public_key: " in str(error)
    assert "same key as 'A. Legal'" in str(error)


def test_two_passkeys_of_one_account_are_one_person(write) -> None:
    passkeys = [Device.of(seed, account="p-0123456789ab").text for seed in (1, 2)]
    text = EXAMPLE + "".join(
        SECOND.format(name=name, key=key) for name, key in zip("CD", passkeys, strict=True)
    )
    assert "'D' has the same account as 'C'" in str(refused(write(text)))
    text = EXAMPLE + SECOND.format(name="C", key=passkeys[0])
    assert read_mandate(write(text), now=NOW).approvers[-1].public_key == passkeys[0]
    text = EXAMPLE + SECOND.format(name="C", key=passkeys[0].replace(" ", "  "))
    assert "not a passkey" in str(refused(write(text)))


@pytest.mark.parametrize(
    ("table", "rest"),
    [
        ("event", 'name = "E"\nkick_off = 2026-11-24T20:45:00Z'),
        ("channel", 'names = ["C"]'),
        ("work", 'title = "W"'),
    ],
)
def test_an_id_stands_for_one_thing_whatever_its_kind(write, table: str, rest: str) -> None:
    text = EXAMPLE + f'\n[[{table}]]\n{rest}\nid = "home-away"  # again\n'
    error = refused(write(text))
    assert f"line {line_of(text, '# again')}: {table}.id: " in str(error)
    assert f"first in line {line_of(text, 'home-away')}" in str(error)
    assert error.hint


def test_the_second_of_two_equal_ids_is_the_later_in_the_file(write) -> None:
    text = '[[work]]\nid = "one"\ntitle = "W"\n' + EXAMPLE.replace('"home-away"', '"one"')
    assert f"line {line_of(text, 'name = ') - 1}: event.id: " in str(refused(write(text)))


def test_an_order_is_registered_once(write) -> None:
    order = EXAMPLE[EXAMPLE.index("[[order]]") : EXAMPLE.index("[[approver]]")]
    text = EXAMPLE + "\n" + order
    line = len((EXAMPLE + "\n").splitlines()) + 2
    assert f"line {line}: order.id: " in str(refused(write(text)))


def test_a_mandate_that_names_nothing_has_nothing_to_find(write) -> None:
    text = EXAMPLE[: EXAMPLE.index("[[event]]")]
    error = refused(write(text))
    assert "line 1: mandate: the mandate names no event" in str(error)
    assert error.hint


HEAD = """\
mandate.id = "m"
mandate.who = "w"
"mandate".regime = "gdpr"
mandate.legal_basis = "b"
mandate.start = 2026-11-24T20:30:00Z
mandate.territories = []
"""
WRITTEN = {
    "dotted keys": (HEAD + "mandate.end = 5\nwork = []\n", 7, "mandate.end"),
    "a table in one line": (
        HEAD
        + "mandate.end = 2026-11-24T23:00:00Z\nevent = [\n  {id = 'a', name = 'A', kick_off = 2026-11-24T20:45:00Z},\n"
        "  {id = 'b', name = 'B', kick_off = 7},\n]\n",
        10,
        "event.kick_off",
    ),
    "quoted headers and keys": (
        HEAD + "mandate.end = 2026-11-24T23:00:00Z\n[[ \"wor\\u006b\" ]]\n'id' = 'x'\n'title' = ''\n",
        10,
        "work.title",
    ),
    "headers inside strings": (
        HEAD
        + "mandate.end = 2026-11-24T23:00:00Z\n[[channel]]\nid = 'a'\nnames = ['''\n[[channel]]\nid = 1''', \"\"\"\n[[channel]]\"\"\"]\n"
        + "[[channel]]\nid = 'b'\nnames = []\n",
        16,
        "channel.names",
    ),
    "separators that end no line": (
        HEAD.replace('"w"', '"w\u2028\u0085x"') + "mandate.end = 5\n", 7, "mandate.end",
    ),
    "tables below the last of many": (
        HEAD + "mandate.end = 2026-11-24T23:00:00Z\n[[work]]\nid='a'\ntitle='A'\n[[work]]\nid='b'\ntitle='B'\n[work.more]\nx = 1\n",
        14,
        "work.more",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRITTEN.values(), ids=WRITTEN.keys())
def test_the_line_is_found_however_toml_writes_it(write, case) -> None:
    text, line, name = case
    path = write(text)
    assert str(refused(path)).startswith(f"{path}, line {line}: {name}: ")


STATEMENTS = [
    "[[a]]\n", "[a.b]\n", "[[a.c]] # [[a]]\n", "[ 'd' . \"e.f\" ]\n", '"x y" . z = 1\n', "k.l = true\n",
    "q = '''\n[[a]]'''\n", 'r = """\n[[a]]\\""""""\n', "s = {t.u = [[], [{}]]}\n",
    'v = [1, # ]\n {w = "}#"},\n]\n', "when = 2026-11-24 20:30:00Z # x = 1\n", "e = ''\n", "\n",
]  # fmt: skip


def paths(value: object, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if above:
        yield above
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value if isinstance(value, list) else ())
    )
    for key, below in pairs:
        yield from paths(below, (*above, key))


@given(st.lists(st.sampled_from(STATEMENTS), max_size=6))
def test_every_key_that_toml_reads_has_a_line_and_no_other_has(statements: list[str]) -> None:
    text = "".join(statements)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(_Scanner(text).scan()) == set(paths(tables))


def test_windows_line_ends_and_a_byte_order_mark_are_taken(tmp_path: Path, write) -> None:
    path = write(EXAMPLE)
    path.write_bytes(b"\xef\xbb\xbf" + EXAMPLE.replace("\n", "\r\n").encode())
    assert read_mandate(path, now=NOW).id == "league-md34"
    path.write_bytes(path.read_bytes().replace(b'"gdpr"', b'"none"'))
    assert "line 4: mandate.regime: " in str(refused(path))


def test_a_file_of_many_megabytes_is_no_mandate(write) -> None:
    error = refused(write("#" * 4_000_001))
    assert "line 1: larger than 4,000,000 bytes" in str(error)
    assert error.hint


def test_text_in_another_encoding_names_its_line(write) -> None:
    path = write(EXAMPLE)
    path.write_bytes(EXAMPLE.replace("Example League", "Ligu\u00e9").encode("latin-1"))
    assert "line 3: not UTF-8" in str(refused(path))


def test_a_path_that_no_system_has_is_one_sentence() -> None:
    assert "cannot be read" in str(refused(Path("a\0b")))


def test_a_window_that_is_over_is_refused(write) -> None:
    error = refused(write(EXAMPLE), now=datetime(2026, 11, 25, tzinfo=UTC))
    assert f"line {line_of(EXAMPLE, 'end = 2026-11-24T23')}" in str(error)
    assert "ended" in str(error)


def test_text_that_is_no_toml_names_its_line(write) -> None:
    error = refused(write(EXAMPLE.replace('id = "league-md34"', "id = league", 1)))
    assert "mandate.toml, line 2: not valid TOML: " in str(error)
    assert str(error).count("line") == 1


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    error = refused(tmp_path / "none.toml")
    assert "cannot be read" in str(error)


def test_an_authority_may_name_seized_material(write) -> None:
    text = EXAMPLE.replace('regime = "gdpr"', 'regime = "led"').replace(
        'access = "public"', 'access = "seized"'
    )
    assert read_mandate(write(text), now=NOW).sources[0].access is Access.SEIZED


def test_the_schema_names_every_table_of_the_example() -> None:
    tables = set(mandate_schema()["properties"])
    assert {"mandate", "event", "channel", "partner", "work", "order", "source"} <= tables


def test_a_standing_order_needs_no_end_and_states_what_its_country_asks_for(write) -> None:
    standing = EXAMPLE.replace(
        "end = 2027-05-31T23:59:59Z\n", 'kind = "standing"\n'
    ).replace('territory = "FR"\nstart', 'territory = "IT"\nstart').replace(
        "targets_rule", 'particulars = { reporter = "R-1" }\ntargets_rule'
    )  # fmt: skip
    mandate = read_mandate(write(standing), now=NOW)
    [order] = mandate.orders
    assert order.kind is OrderKind.STANDING
    assert order.window.end == mandate.window.end
    assert order.particulars == {"reporter": "R-1"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("end = 2027-05-31T23:59:59Z\n", "", "'end' is missing"),
        ("targets_rule", 'kind = "standing"\ndays = [2026-11-24]\ntargets_rule', "on all days"),
        ("targets_rule", 'kind = "weekly"\ntargets_rule', "'live' or 'standing'"),
        ("targets_rule", "days = [2026-13-24]\ntargets_rule", "not valid TOML"),
        ("targets_rule", 'particulars = { capacity = "1" }\ntargets_rule', "no particular 'capac"),
    ],
)
def test_an_order_that_its_kind_or_country_does_not_know_is_refused(
    write, old: str, new: str, said: str
) -> None:
    head, _, tail = EXAMPLE.partition("[[order]]")
    assert said in str(refused(write(head + "[[order]]" + tail.replace(old, new, 1))))


def test_a_live_order_may_list_its_days(write) -> None:
    text = EXAMPLE.replace("targets_rule", "days = [2026-11-24, 2026-12-01]\ntargets_rule")
    [order] = read_mandate(write(text), now=NOW).orders
    assert [day.day for day in order.days] == [24, 1]


def test_an_id_that_is_used_twice_is_found_among_very_many(write) -> None:
    mandate = read_mandate(write(EXAMPLE), now=NOW)
    work = mandate.works[0]
    works = tuple(replace(work, id=f"w{number}") for number in range(100_000))  # linear, or hours
    assert len(replace(mandate, works=works).works) == 100_000
    with pytest.raises(MandateError, match="the id 'w7' is used twice"):
        replace(mandate, works=(*works, works[7]))


def test_a_partner_with_very_many_channels_of_very_many_is_read_in_seconds(write) -> None:
    """Each name was looked for along the list of all channels: 2.7 MB took many minutes."""
    channels = "".join(f'[[channel]]\nid = "c{n}"\nnames = ["n"]\n' for n in range(8_000))
    named = ", ".join(['"c7999"'] * 80_000)
    partner = f'[[partner]]\nname = "P"\nhosts = ["p.example"]\nchannels = [{named}]\n'
    began = process_time()
    mandate = read_mandate(write(EXAMPLE + channels + partner), now=NOW)
    assert process_time() - began < 12
    assert len(mandate.partners[-1].channels) == 80_000


def test_an_unknown_channel_is_named_with_some_of_those_that_there_are(write) -> None:
    channels = "".join(f'[[channel]]\nid = "c{n}"\nnames = ["n"]\n' for n in range(400))
    partner = '[[partner]]\nname = "P"\nhosts = ["p.example"]\nchannels = ["d"]\n'
    error = refused(write(EXAMPLE + channels + partner))
    assert "unknown channel 'd'" in str(error)
    assert ", ...." in error.hint
    assert len(error.hint) < 400


@pytest.mark.parametrize(
    "text",
    [
        "event = [" + 5_000 * "{}, " + "]\nchannel = [" + 5_000 * "{}, " + "]",
        "[follow]\npurposes = [" + 5_000 * "1, " + "]",
        "[mandate]\n" + "".join(f"a{number} = 1\n" for number in range(5_000)),
        "[[order]]\nparticulars = {" + ", ".join(f"a{n} = 1" for n in range(5_000)) + "}",
    ],
)
def test_a_mandate_of_wrong_values_costs_as_much_as_a_few_of_them(write, text: str) -> None:
    with pytest.raises(MandateError) as refused:
        read_mandate(write(text), now=NOW)
    cause = refused.value.__cause__
    assert isinstance(cause, ValidationError)
    assert cause.error_count() < 30


def test_of_a_few_unknown_keys_the_first_is_named(write) -> None:
    with pytest.raises(MandateError, match="'wrong' is not known here"):
        read_mandate(write(EXAMPLE.replace('who = "Ex', 'wrong = 1\nwho = "Ex')), now=NOW)
