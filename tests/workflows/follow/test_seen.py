"""What sources bring: exports, playlists, folders, watches' cases; bad rows cost themselves."""

from __future__ import annotations

import contextlib
import lzma
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.following import CERTIFICATE, EDGE, TODAY, seen_file, struck_case, trait

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.errors import CauteryError, InputError
from cautery.messages import message
from cautery.model import FollowPolicy, LookedAt, Regime
from cautery.model.descent import TraitKind, TraitSeen
from cautery.wiring.facts import known_facts
from cautery.wiring.following import is_case
from cautery.workflows.case.open import open_case
from cautery.workflows.follow import limits
from cautery.workflows.follow.exports import Exports
from cautery.workflows.follow.of_watch import Compared
from cautery.workflows.follow.seen import Intake, bring

POLICY = FollowPolicy(
    cases=("0" * 16,),
    purposes=("find what grows back",),
    look_at=tuple(LookedAt),
    review=TODAY,
    end=TODAY,
)
KEY = "ab" * 32
LOG = f"""logged_at,name_value,spki_sha256
2026-03-01T10:00:00Z,*.new-tv.example www.new-tv.example,{KEY}
2026-03-02,xn--caf-dma.example,sha256:{KEY}
,no-day.example,{KEY}
2026-03-02,"not a host!",{KEY}
"""
PDNS = """rrname;rrtype;rdata;time_first
new-tv.example.;NS;ns1.quick-dns.example.;1772323200
new-tv.example;A;192.0.2.7;2026-03-03
new-tv.example;TXT;hello;2026-03-03
"""
PLAYLIST = "#EXTM3U\n" + "".join(
    f'#EXTINF:-1 tvg-id="x{n}",Channel {chr(97 + 7 * n % 26)}{chr(97 + n)} {n}\n'
    f"http://cdn.new-tv.example/{n}.ts\n"
    for n in range(26)
)


def marks(seen: Iterable[TraitSeen]) -> set[tuple[str, TraitKind, str, str]]:
    return {(one.entity, one.kind, one.value, one.day.isoformat()) for one in seen}


def brought(*paths: Path, policy: FollowPolicy = POLICY) -> Intake:
    return bring(
        paths,
        policy=policy,
        regime=Regime.GDPR,
        today=date(2027, 1, 1),
        facts=known_facts(None),
        compared=Compared(),
        is_case=is_case,
        opened=lambda path: open_case(
            path, store=FolderStore(), clock=SystemClock(), read_only=True
        ),
    )


def test_a_certificate_log_says_names_and_keys_on_the_day_it_logged_them(tmp_path: Path) -> None:
    file = tmp_path / "ct.csv"
    file.write_text(LOG)
    found = brought(file)
    assert ("new-tv.example", TraitKind.CERTIFICATE, KEY, "2026-03-01") in marks(found.traits)
    assert ("new-tv.example", TraitKind.SITE_NAME, "new-tv", "2026-03-01") in marks(found.traits)
    assert {one.entity for one in found.traits} == {"new-tv.example", "xn--caf-dma.example"}
    assert found.left_out[message("grown.left-no-day")] == 1
    assert found.left_out[message("grown.left-row")] >= 1
    assert set(found.counts) == {LookedAt.CERTIFICATE_LOG}


def test_a_host_that_is_a_telephone_number_is_nobodys_trait(tmp_path: Path) -> None:
    log, pdns = tmp_path / "ct.csv", tmp_path / "pdns.csv"
    log.write_text(LOG + f"2026-03-02,www.0033612345678.com,{KEY}\n")
    pdns.write_text(PDNS + "shop.0033612345678.com;NS;ns1.q.example;2026-03-03\n")
    lines = seen_file(
        tmp_path / "seen.jsonl", [trait("0033612345678.com", TraitKind.HOSTER, "as1")]
    )
    found = brought(log, pdns, lines)
    assert not any("0033612345678" in f"{one.entity} {one.value}" for one in found.traits)
    assert found.left_out[message("grown.left-person")] == 5
    assert len(brought(tmp_path / "ct.csv").traits) == 4


def test_a_run_holds_as_much_as_it_may_and_counts_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = 4_000 * "a|" + "b"
    long = [trait(f"tv{n}.example", TraitKind.CATALOGUE_ORDER, f"{n}|{order}") for n in range(10)]
    short = trait("x.example", TraitKind.HOSTER, "as1")
    first = seen_file(tmp_path / "a.jsonl", long[:5])
    second = seen_file(tmp_path / "b.jsonl", [*long[5:], short])
    monkeypatch.setattr(limits, "MOST_BYTES_HELD", 30_000)
    found = brought(first, second)
    # Of all files together; what is short still has room.
    assert found.traits == [*long[:3], short]
    assert found.left_out[message("grown.left-many-seen")] == 7
    monkeypatch.setattr(limits, "MOST_TRAITS_AT_ONCE", 2)
    assert brought(first, second).traits == long[:2]


def test_a_run_reads_as_much_as_it_may_and_says_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosters = [trait(f"tv{n:03}.example", TraitKind.HOSTER, "as1") for n in range(100)]
    plain = seen_file(tmp_path / "b.jsonl", hosters)
    rows = plain.read_bytes()
    packed, last = tmp_path / "a.jsonl.xz", tmp_path / "c.json"
    packed.write_bytes(lzma.compress(rows))
    last.write_text("[]")
    monkeypatch.setattr(limits, "MOST_BYTES_READ", len(rows) + len(rows) // 2)
    found = brought(packed, plain, last)
    assert found.traits == [*hosters, *hosters[:50]]
    assert [said.partition(": ")[0] for said in found.warnings] == [str(plain), str(last)]
    assert all("not read to its end" in said for said in found.warnings)
    # What is packed counts as it is unpacked.
    assert len(brought(plain, packed).traits) == 150


def test_passive_dns_says_name_servers_and_without_facts_no_hoster(tmp_path: Path) -> None:
    file = tmp_path / "pdns.csv"
    file.write_text(PDNS)
    found = brought(file)
    server = ("new-tv.example", TraitKind.NAME_SERVER, "ns1.quick-dns.example", "2026-03-01")
    assert server in marks(found.traits)
    assert not any(one.kind is TraitKind.HOSTER for one in found.traits)


def test_common_output_format_and_a_logs_json_are_read_by_what_they_hold(tmp_path: Path) -> None:
    cof = tmp_path / "pdns.jsonl"
    cof.write_text(
        '{"rrname":"new-tv.example","rrtype":"NS","rdata":"ns1.q.example",'
        '"time_first":1772323200,"time_last":1772323200,"count":3}\n'
    )
    log = tmp_path / "crt.json"
    log.write_text(
        '[{"issuer_name":"CN=R3","name_value":"new-tv.example",'
        '"entry_timestamp":"2026-03-01T10:00:00"}]'
    )
    kinds = {(one.kind, one.source) for one in brought(cof, log).traits}
    assert (TraitKind.NAME_SERVER, "passive-dns") in kinds
    assert (TraitKind.SITE_NAME, "certificate-log") in kinds


def test_a_playlist_of_one_service_shows_its_order_and_one_of_many_shows_nothing(
    tmp_path: Path,
) -> None:
    own = tmp_path / "list-2026-03-04.m3u"
    own.write_text(PLAYLIST)
    found = brought(own)
    (order,) = [one for one in found.traits if one.kind is TraitKind.CATALOGUE_ORDER]
    assert (order.entity, order.day.isoformat()) == ("cdn.new-tv.example", "2026-03-04")
    assert order.value.count("|") == 25
    many = tmp_path / "many.m3u"
    many.write_text(PLAYLIST.replace("cdn.", "cdn0.", 13))
    assert brought(many).left_out == {message("grown.left-everybodys-list"): 1}


def test_a_watchs_case_brings_what_its_hosts_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    other = struck_case(tmp_path)
    found = brought(other.path)
    assert (EDGE, TraitKind.CERTIFICATE, CERTIFICATE) in {
        (one.entity, one.kind, one.value) for one in found.traits
    }
    assert set(found.counts) == {LookedAt.WATCH}


def test_a_folder_is_read_file_by_file_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text(LOG)
    (folder / "b.bin").write_bytes(b"\x7fELF" + bytes(100))
    (folder / "c.csv").write_text("colour,taste\nred,sweet\n")
    seen_file(folder / "d.jsonl", [trait("x.example", TraitKind.HOSTER, "as1")])
    found = brought(folder)
    assert found.left_out[message("grown.left-broken-file")] == 2
    assert len(found.warnings) == 2
    assert {one.source for one in found.traits} == {"certificate-log", "watch"}
    with pytest.raises(InputError, match="neither a certificate log nor passive DNS"):
        brought(folder / "c.csv")
    with pytest.raises(InputError):
        brought(tmp_path / "absent.csv")


def test_what_is_dated_ahead_or_not_allowed_is_left_out(tmp_path: Path) -> None:
    ahead = TraitSeen(entity="x.example", kind=TraitKind.HOSTER, value="as1",
                      day=date(2031, 1, 1), source="watch")  # fmt: skip
    odd = TraitSeen(entity="x.example", kind=TraitKind.HOSTER, value="as1",
                    day=date(2026, 1, 1), source="rumour")  # fmt: skip
    found = brought(seen_file(tmp_path / "s.jsonl", [ahead, odd]))
    assert found.traits == []
    assert found.left_out == {
        message("grown.left-future"): 1,
        message("grown.left-not-allowed"): 1,
    }


def test_a_table_with_a_person_in_a_value_is_counted_and_quotes_nobody(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_text(
        '{"entity":"x.example","kind":"payment-end","value":"anna@mail.example",'
        '"day":"2026-03-01","source":"watch"}\n'
    )
    found = brought(file)
    assert found.traits == []
    assert sum(found.left_out.values()) == 1
    assert "anna" not in repr(found.left_out)


@given(st.binary(max_size=4_000))
def test_no_bytes_break_the_reading_of_an_export(raw: bytes) -> None:
    exports = Exports(known_facts(None), Counter())
    for head in (b"logged_at,name_value,spki_sha256\n", b"rrname,rrtype,rdata,time_first\n"):
        for one in exports.table([head, raw], "t.csv"):
            assert one.day.year >= 1
    for read in (exports.log_json, exports.cof):
        with contextlib.suppress(CauteryError):
            list(read([raw]))


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_outside_all_years_costs_its_row_alone(tmp_path: Path, moment: str) -> None:
    file = tmp_path / "ct.csv"
    file.write_text(f"{LOG}{moment},late.example,{KEY}\n")
    found = brought(file)
    assert {one.entity for one in found.traits} == {"new-tv.example", "xn--caf-dma.example"}
    assert found.left_out[message("grown.left-no-day")] == 2


def test_a_watch_under_another_law_brings_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    watch = struck_case(tmp_path, regime=Regime.LED)
    with pytest.raises(InputError, match="a case under led, but the following is under gdpr"):
        brought(watch.path)


def test_short_lines_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosters = [trait(f"tv{n:03}.example", TraitKind.HOSTER, "as1") for n in range(100)]
    first, second = (seen_file(tmp_path / name, hosters) for name in ("a.jsonl", "b.jsonl"))
    monkeypatch.setattr(limits, "MOST_LINES_READ", 130)
    found = brought(first, second)
    assert found.traits == [*hosters, *hosters[:30]]
    assert [said.partition(": ")[0] for said in found.warnings] == [str(second)]
    assert "and 130 lines" in found.warnings[0]


def test_objects_of_one_line_count_as_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = list[str]()
    monkeypatch.setattr(limits, "MOST_LINES_READ", 3)
    bounded = limits.Limits(found)
    parts = list(bounded.within([b"[" + b'{"a":1},' * 2, b'{"b":1},' * 5], tmp_path))
    assert b"".join(parts).count(b"{") == 3
    assert not bounded.may_read(tmp_path)


def test_names_outside_of_ascii_are_read_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cautery.formats.seen.MOST_FOREIGN", 20)
    hosters = [trait(f"bucher{n}.example", TraitKind.HOSTER, "as1") for n in range(5)]
    path = seen_file(tmp_path / "a.jsonl", hosters)
    path.write_text(path.read_text().replace("bucher", "bücher"), encoding="utf-8")
    found = brought(path)
    assert len(found.traits) == 1
    assert found.left_out == {message("unread.entries", most=1): 1}
