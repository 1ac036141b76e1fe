import gzip
import importlib.metadata
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.adapters._fact_ranges import RangeTable
from cautery.adapters._fact_tables import FactTables, _packaged_date
from cautery.adapters.facts_folder import FactsFolder, LatestFacts
from cautery.errors import InputError

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


def folder(tmp_path, **files):
    for name, text in files.items():
        stem = name.replace("__", "-")
        (tmp_path / (stem + (".toml" if stem == "facts" else ".csv"))).write_text(text)
    return FactsFolder(tmp_path)


ranges = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 15)).map(lambda one: (one[0], one[0] + one[1])),
    max_size=12,
)


@given(ranges, st.integers(0, 60))
def test_the_narrowest_of_overlapping_ranges_wins(spans, address):
    table = RangeTable([(low, high, (low, high)) for low, high in spans])
    holding = [span for span in spans if span[0] <= address <= span[1]]
    found = table.at(address)
    assert (found is None) == (not holding)
    if holding:
        assert found in holding
        assert found[1] - found[0] == min(high - low for low, high in holding)


def test_addresses_are_numbers_or_text_in_ipv4_and_ipv6(tmp_path):
    facts = folder(
        tmp_path,
        asn__ipv4="start,end,asn\n3325256704,3325256959,64500\n192.0.2.0,192.0.2.255,64501\n",
        asn__ipv6="start,end,asn\n2001:db8::,2001:db8::ffff,64502\n",
        asn__names='asn,org\n64500,"Hoster, Inc."\n',
        country__ipv4="start,end,country\n3325256704,3325256959,NL\n",
    )
    assert facts.network_of("198.51.100.7").organisation == "Hoster, Inc."
    assert facts.network_of("198.51.100.7").country == "NL"
    assert facts.network_of("192.0.2.9").asn == 64501
    assert facts.network_of("2001:db8::1").asn == 64502
    assert facts.network_of("203.0.113.1") is None


def test_broken_lines_are_counted_and_the_rest_is_read(tmp_path):
    facts = folder(
        tmp_path,
        passive__dns="address,name,first_seen,last_seen\n"
        "192.0.2.1,a.example,2026-01-01,2026-11-24T10:00:00Z\n"
        "nonsense\n192.0.2.1,b.example,yesterday,today\n,,,\n" + "x" * 10_000 + "\n\0\0,a,b,c\n",
    )
    assert [one.name for one in facts.names_on("192.0.2.1")] == ["a.example"]
    assert facts.broken == {"passive-dns": 5}


def test_passive_dns_is_read_both_ways(tmp_path):
    facts = folder(
        tmp_path,
        passive__dns="address,name,first_seen,last_seen\n2001:DB8::1,A.Example.,2026-01-01,2026-11-24\n",
    )
    assert facts.knows_hosting()
    assert facts.addresses_of("a.example")[0].address == "2001:db8::1"
    assert facts.names_on("2001:db8:0::1")[0].name == "a.example"


def test_without_passive_dns_hosting_is_unknown(tmp_path):
    assert not FactsFolder(tmp_path).knows_hosting()


def test_the_newest_evidence_of_dedication_is_returned(tmp_path):
    facts = folder(
        tmp_path,
        dedicated="address,dedicated_to,evidence,evidence_date\n"
        "192.0.2.1,new.example,rdns,2026-11-01\n192.0.2.1,old.example,rdns,2026-01-01\n",
    )
    assert facts.dedicated("192.0.2.1").dedicated_to == "new.example"
    assert facts.dedicated("192.0.2.2") is None


def test_dates_and_validity_come_from_facts_toml(tmp_path):
    facts = folder(
        tmp_path,
        facts="[facts.popular]\npath = 'mine.csv'\ndate = 2026-11-20\nvalid_days = 5\n",
        mine="domain,lists\nbig.example,x\n",
    )
    assert facts.popular("www.big.example")
    assert facts.dated("popular") == date(2026, 11, 20)
    assert facts.valid("popular", NOW)
    assert not facts.valid("popular", datetime(2026, 11, 26, tzinfo=UTC))


def test_a_file_of_somebody_elses_has_no_date_until_facts_toml_tells_it(tmp_path):
    facts = folder(tmp_path, popular="domain,lists\nbig.example,x\n")
    assert facts.popular("big.example")
    assert facts.dated("popular") is None
    assert not facts.valid("popular", NOW)


def test_a_fact_that_is_not_there_is_neither_dated_nor_valid(tmp_path):
    facts = FactsFolder(tmp_path)
    assert facts.dated("popular") is None
    assert not facts.valid("popular", NOW)


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "missing.csv", "a\0.csv"])
def test_facts_toml_names_files_inside_the_folder_only(tmp_path, path):
    with pytest.raises(InputError, match="path"):
        folder(tmp_path, facts=f"[facts.popular]\npath = {json.dumps(path)}\n")


def test_a_broken_facts_toml_or_a_missing_folder_says_so(tmp_path):
    with pytest.raises(InputError, match="not valid TOML"):
        folder(tmp_path, facts="[facts")
    with pytest.raises(InputError, match="facts folder does not exist"):
        FactsFolder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("[facts.popular]\ndates = 2026-11-20\n", "facts.popular: unknown key 'dates'"),
        ("[fact.popular]\ndate = 2026-11-20\n", r"unknown table \[fact\]"),
        ("[facts.aws]\npath = 'aws.csv'\nkind = 'shraed'\n", "facts.aws.kind: 'shraed'"),
        ("[facts.aws]\nkind = 'shared'\n", "facts.aws has no path"),
    ],
)
def test_a_slip_in_facts_toml_is_told_and_leaves_no_list_unread(tmp_path, said, names):
    with pytest.raises(InputError, match=names):
        folder(tmp_path, aws="cidr,provider,class,source\n192.0.2.0/24,aws,cloud,x\n", facts=said)


def test_an_archive_that_is_cut_short_is_refused(tmp_path):
    (tmp_path / "popular.csv.gz").write_bytes(
        gzip.compress(b"domain,lists\na.example,x\n" * 99)[:40]
    )
    with pytest.raises(InputError, match="cannot be read"):
        FactsFolder(tmp_path).popular("a.example")


def test_a_suffix_list_that_holds_no_names_is_named(tmp_path):
    (tmp_path / "public_suffix_list.dat").write_text("com\n\u00e9..\u00e9\n")
    facts = FactsFolder(tmp_path)
    with pytest.raises(InputError, match="is not a list of public suffixes"):
        facts.registered_domain("www.pirate.example")


def test_the_packaged_suffix_list_stands_in_when_the_folder_has_none(tmp_path):
    facts = FactsFolder(tmp_path)
    assert facts.registered_domain("a.b.co.uk") == "b.co.uk"
    assert facts.registered_domain("github.io") is None
    assert facts.dated("public_suffix_list") is not None


@pytest.mark.data
def test_the_shared_data_knows_a_cdn_a_popular_service_and_a_bank(shared_data):
    facts = FactsFolder(shared_data)
    assert facts.shared("188.114.97.7").provider == "cloudflare"
    assert facts.network_of("2606:4700::1").asn == 13335
    assert facts.popular("drive.usercontent.google.com")
    assert facts.kinds_of("1822direkt.com") == ("bank",)
    assert facts.valid("ranges", NOW)


def test_facts_are_read_anew_when_a_file_of_theirs_changes(tmp_path: Path) -> None:
    (tmp_path / "popular.csv").write_text("domain,lists\na.example,t\n")
    known = LatestFacts(FactsFolder(tmp_path))
    first = known.latest()
    assert not first.popular("bb.example")
    assert known.latest() is first
    (tmp_path / "popular.csv").write_text("domain,lists\na.example,t\nbb.example,t\n")
    assert known.latest().popular("bb.example")
    (tmp_path / "owners.csv").write_text("target,owner,since,source\n")
    assert known.latest().known("owners")


def test_a_folder_that_is_being_written_leaves_the_facts_that_were_read(tmp_path: Path) -> None:
    (tmp_path / "popular.csv").write_text("domain,lists\na.example,t\n")
    known = LatestFacts(FactsFolder(tmp_path))
    first = known.latest()
    (tmp_path / "facts.toml").write_text("[facts.popular\n")
    assert known.latest() is first
    (tmp_path / "facts.toml").write_text("[facts.popular]\ndate = 2026-11-01\n")
    assert known.latest().dated("popular") == date(2026, 11, 1)


def test_the_date_of_the_packaged_suffix_list_is_read_once_for_all_targets(tmp_path, monkeypatch):
    """Reading it parses the metadata of a package, 0.7 ms a time."""
    asked = []
    version = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: asked.append(name) or version(name)
    )
    _packaged_date.cache_clear()
    tables = FactTables(tmp_path)
    dates = {tables.dated("public_suffix_list") for _ in range(100)}
    assert len(asked) == len(dates) == 1
    assert None not in dates
