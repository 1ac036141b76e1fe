"""Fact files in their own public formats, taken into a facts folder whole or not at all."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.adapters import _fact_formats
from cautery.adapters._fact_formats import import_text
from cautery.adapters.facts_folder import FactsFolder
from cautery.adapters.facts_import import add_fact
from cautery.errors import CauteryError, InputError

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
AWS = {
    "syncToken": "1",
    "createDate": "2026-11-20-01-02-03",
    "prefixes": [
        {"ip_prefix": "198.51.100.0/24", "region": "x", "service": "EC2"},
        {"ip_prefix": "203.0.113.0/24", "region": "x", "service": "CLOUDFRONT"},
    ],
    "ipv6_prefixes": [{"ipv6_prefix": "2001:db8::/32", "service": "AMAZON"}],
}
GCP = {
    "creationTime": "2026-11-21T10:00:00.0",
    "prefixes": [{"ipv4Prefix": "198.51.100.0/24"}, {"ipv6Prefix": "2001:db8::/32"}],
}
AZURE = {
    "values": [{"name": "AzureFrontDoor", "properties": {"addressPrefixes": ["198.51.100.0/24"]}}]
}
FASTLY = {"addresses": ["198.51.100.0/24"], "ipv6_addresses": ["2001:db8::/32"]}
COF = (
    '{"rrname":"a.example.","rrtype":"A","rdata":"198.51.100.7","time_first":1790000000,'
    '"time_last":1795000000}\n'
    '{"rrname":"a.example.","rrtype":"NS","rdata":"ns.example."}\n'
)


def add(tmp_path: Path, content: str | bytes, name: str, **said: object):
    file = tmp_path / "given"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(file, (NOW.timestamp(), NOW.timestamp()))  # a file's day may count: not the test's
    added = add_fact(file, tmp_path / "facts", name=name, now=NOW, **said)
    return added, FactsFolder(tmp_path / "facts")


def test_amazons_own_file_says_its_day_and_which_ranges_are_a_cdns(tmp_path):
    added, facts = add(tmp_path, json.dumps(AWS), "aws")
    assert (added.date, added.rows) == (date(2026, 11, 20), 3)
    assert facts.shared("198.51.100.7").kind == "cloud"
    assert facts.shared("203.0.113.7").kind == "cdn"
    assert facts.shared("2001:db8::7").fact == "aws"
    assert facts.valid("ranges", NOW)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (json.dumps(GCP), "gcp", "cloud"),
        (json.dumps(AZURE), "azure", "cdn"),
        (json.dumps(FASTLY), "fastly", "cdn"),
        ("198.51.100.0/24\n103.21.244.0/22\n", "cloudflare", "cdn"),
        ("cidr,provider,class,source\n198.51.100.0/24,big,waf,x\n", "ranges", "waf"),
    ],
)
def test_each_providers_own_format_is_read(tmp_path, content, name, kind):
    _, facts = add(tmp_path, content, name, dated=date(2026, 11, 20))
    assert facts.shared("198.51.100.7").kind == kind


def test_passive_dns_in_the_common_format_is_as_old_as_its_newest_row(tmp_path):
    added, facts = add(tmp_path, COF, "passive-dns", valid_days=5)
    assert [one.name for one in facts.names_on("198.51.100.7")] == ["a.example"]
    assert added.date == datetime.fromtimestamp(1795000000, UTC).date()


@pytest.mark.parametrize("time", [10**400, "1e999", -1, 1e300, "soon", None])
def test_a_row_with_an_impossible_time_costs_itself_alone(tmp_path, time):
    row = {**json.loads(COF.splitlines()[0]), "time_first": time, "rrname": "b.example."}
    _, facts = add(tmp_path, f"{COF}\n{json.dumps(row)}\n", "passive-dns", valid_days=5)
    assert [one.name for one in facts.names_on("198.51.100.7")] == ["a.example"]


def test_the_names_of_a_certificate_are_co_hosted_too(tmp_path):
    text = "address,name,first_seen,last_seen\n198.51.100.7,*.b.example,2026-11-01,2026-11-24\n"
    _, facts = add(tmp_path, text, "certificates")
    assert [(one.name, one.fact) for one in facts.names_on("198.51.100.7")] == [
        ("b.example", "certificates")
    ]


def test_of_a_ranked_list_the_top_is_popular(tmp_path):
    _, facts = add(tmp_path, "1,big.example\n2,small.example\n", "tranco", top=1)
    assert facts.popular("www.big.example")
    assert not facts.popular("small.example")


def test_a_list_of_banks_protects_them(tmp_path):
    _, facts = add(tmp_path, "mybank.example\n", "my-banks", kind="bank")
    assert facts.kinds_of("www.mybank.example") == ("bank",)


def test_a_list_of_resolvers_is_no_list_of_shared_ranges(tmp_path):
    added, facts = add(tmp_path, "2001:db8::53\n192.0.2.53\n", "resolvers", kind="public-dns")
    assert added.kind == "public-dns"
    assert facts.kinds_of("2001:db8::53") == facts.kinds_of("192.0.2.53") == ("public-dns",)
    assert facts.shared("192.0.2.53") is None


def test_the_public_suffix_list_says_its_day(tmp_path):
    text = (
        "// VERSION: 2026-10-01_12-29-58_UTC\n// ===BEGIN ICANN DOMAINS===\nexample\n"
        "// ===END ICANN DOMAINS===\n"
    )
    added, _ = add(tmp_path, text, "public_suffix_list")
    assert (added.date, added.date_from) == (date(2026, 10, 1), "as the file says")


def test_a_second_addition_replaces_its_table_and_leaves_the_others(tmp_path):
    folder = tmp_path / "facts"
    folder.mkdir()
    (folder / "facts.toml").write_text("# ours\n[facts.popular]\ndate = 2026-01-01 # kept\n")
    add(tmp_path, "198.51.100.0/24\n", "cloudflare", dated=date(2026, 11, 1))
    add(tmp_path, "203.0.113.0/24\n", "cloudflare", dated=date(2026, 11, 2))
    text = (folder / "facts.toml").read_text()
    assert text.startswith("# ours\n[facts.popular]\ndate = 2026-01-01 # kept\n")
    assert text.count("[facts.cloudflare]") == 1
    assert "2026-11-02" in text


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("", "cloudflare"),
        ("not a list\nat all\n", "cloudflare"),
        ("{}", "aws"),
        ('{"prefixes": [{"ip_prefix": 7}], "syncToken": 1, "createDate": 1}', "aws"),
        ("[" * 100_000, "aws"),
        (b"\x00\xff\xfe" * 99, "cloudflare"),
        ("x" * 100_000, "cloudflare"),
        ("domain,lists\nbig.example,x\n", "ranges"),
        ("// ===BEGIN ICANN DOMAINS===\ncom\n", "public_suffix_list"),
    ],
)
def test_what_cannot_be_used_leaves_the_folder_as_it_was(tmp_path, content, name):
    with pytest.raises(InputError):
        add(tmp_path, content, name)
    assert not list((tmp_path / "facts").glob("*"))


@pytest.mark.parametrize("name", ["../evil", "a b", "", "A", "x" * 65])
def test_a_facts_name_is_no_path(tmp_path, name):
    with pytest.raises(InputError, match="--name"):
        add(tmp_path, "198.51.100.0/24\n", name)


def test_a_day_in_the_future_is_refused(tmp_path):
    with pytest.raises(InputError, match="future"):
        add(tmp_path, "198.51.100.0/24\n", "cloudflare", dated=date(2027, 1, 1))


def test_nothing_half_written_survives_a_failure(tmp_path, monkeypatch):
    add(tmp_path, "198.51.100.0/24\n", "cloudflare", dated=date(2026, 11, 1))
    before = {path.name: path.read_bytes() for path in (tmp_path / "facts").iterdir()}

    def broken(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(CauteryError):
        add(tmp_path, "203.0.113.0/24\n", "cloudflare", dated=date(2026, 11, 2))
    after = {path.name: path.read_bytes() for path in (tmp_path / "facts").iterdir()}
    assert after == before


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_reader_and_what_is_read_is_whole(text):
    try:
        found = import_text(text, name="cloudflare", kind="", share="", top=10)
    except InputError:
        return
    assert found.text or all(len(row) == len(found.header) for row in found.rows)


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2", ".zst"])
def test_a_packed_list_is_taken_in_as_the_plain_one_is(tmp_path: Path, suffix: str) -> None:
    import bz2
    import gzip
    import lzma

    from cautery.packed import zstd

    text = b"domain,lists\ngoogle.com,t\n"
    pack = {
        ".gz": gzip.compress,
        ".xz": lzma.compress,
        ".bz2": bz2.compress,
        ".zst": zstd.compress,
    }[suffix]
    file = tmp_path / f"popular.csv{suffix}"
    file.write_bytes(pack(text))
    folder = tmp_path / "facts"
    added = add_fact(file, folder, name="popular", now=NOW, dated=NOW.date())
    assert added.rows == 1
    assert FactsFolder(folder).popular("google.com")


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2", ".zst"])
def test_what_is_not_packed_as_its_name_says_is_refused(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"popular.csv{suffix}"
    file.write_bytes(b"domain,lists\ngoogle.com,t\n" * 40)
    with pytest.raises(InputError, match="cannot be read"):
        add_fact(file, tmp_path / "facts", name="popular", now=NOW)


@pytest.mark.parametrize("text", ["{\n\n\n", '[{"\na\nb\n', "198.51.100.0/24\n" * 4])
def test_more_lines_than_can_be_read_are_refused(monkeypatch, text):
    monkeypatch.setattr(_fact_formats, "MOST_LINES", 2)
    with pytest.raises(InputError, match="more than 2 lines"):
        import_text(text, name="x", kind="", share="", top=10)


def test_signs_that_other_programs_end_lines_with_end_none_here():
    text = "198.51.100.0/24\n" + "203.0.113.0/24\x0b\u2028" * 1_000
    imported = import_text(text, name="x", kind="", share="", top=10)
    assert (len(imported.rows), imported.broken) == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        '["198.51.100.0/24", "198.51.100.0/24", "198.51.100.0/24"]',
        '{"addresses": ["198.51.100.0/24", "198.51.100.0/24"]}',
        '{"result": {"ipv4_cidrs": ["198.51.100.0/24"]}}',
        '{"type": "hostname", "list": ["a.example", "b.example"]}',
    ],
)
def test_more_values_than_can_be_read_are_refused_though_they_stand_in_one_line(monkeypatch, text):
    monkeypatch.setattr(_fact_formats, "MOST_LINES", 2)
    with pytest.raises(InputError, match="more than 2 values"):
        import_text(text, name="misp-x", kind="", share="", top=10)


@pytest.mark.parametrize("most", ["MOST_SEEN", "MOST_ROWS"])
def test_rows_count_though_they_are_broken(monkeypatch, most):
    monkeypatch.setattr(_fact_formats, most, 2)
    answer = '{"rrtype": "A", "rrname": "a.tv", "rdata": ["x", "y"], "time_first": 1}\n'
    table = "address,name,first_seen,last_seen\n" + "x,y\n" * 3
    with pytest.raises(InputError, match="more than 2 rows"):
        import_text(
            answer * 2 if most == "MOST_SEEN" else table, name="x", kind="", share="", top=10
        )


def test_names_outside_of_ascii_are_taken_in_up_to_a_bound(monkeypatch):
    monkeypatch.setattr(_fact_formats, "MOST_FOREIGN", 2)
    taken = import_text("bücher.de\n", name="x", kind="bank", share="", top=10)
    assert taken.rows == (("bücher.de",),)
    with pytest.raises(InputError, match="more than 2 letters outside of ASCII"):
        import_text("bücher.de\n" * 3, name="x", kind="bank", share="", top=10)
