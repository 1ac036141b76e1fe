"""Seized material: what readers take of it, and what may leave of that."""

import base64
import io
import json
import re
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError, MandateError, SourceError
from cautery.formats import (
    FIELDS,
    Derivation,
    ReadWarning,
    Sort,
    _derive,
    guess,
    masked,
    reader,
    rows,
)
from cautery.lab.authority import police
from cautery.messages import say
from cautery.model import KeyedPseudonyms, Regime

SAMPLES = Path(__file__).parent / "assets" / "samples"
LED = police()
LINES = "CREATE TABLE `users` (`id` int, `username` text, `password` text, `exp_date` int, `notes` text);\n"


def derivation(**options):
    return Derivation(
        **{"pseudonyms": KeyedPseudonyms(b"k"), "panel": "p", "place": lambda _: ("IT", 1267)}
        | options
    )


def read(kind, data, **options):
    """Return (derived rows by kind, warnings)."""
    found, warnings = {}, []
    plain = derivation(**options)
    for row in rows(kind, [data if isinstance(data, bytes) else data.encode()], authority=LED):
        if isinstance(row, ReadWarning):
            warnings.append(row)
        else:
            found.setdefault(row.kind, []).append(plain.derived(row))
    return found, warnings


def sql(text):
    return read("panel_sql", text)


def usernames(text):
    plain = derivation()
    found, _ = sql(LINES + text)
    return [one.get("username") for one in found.get("line", [])], plain.pseudonym


# The regime


def test_a_private_party_gets_no_authority():
    with pytest.raises(MandateError, match="only a competent authority"):
        police(Regime.GDPR)


@pytest.mark.parametrize("kind", ["panel_sql", "access_log", "netflow"])
def test_without_an_authority_the_registry_refuses(kind):
    with pytest.raises(InputError, match="competent authority"):
        list(reader(kind).values([(SAMPLES / kind).read_bytes()], ""))


def test_what_is_no_seized_material_is_not_read_as_such():
    with pytest.raises(InputError, match="not a kind of seized material"):
        rows("m3u", [b""], authority=LED)


# SQL dumps


def test_a_panels_dump_says_who_points_to_whom():
    found, warnings = read("panel_sql", (SAMPLES / "panel_sql").read_bytes())
    assert {kind: len(some) for kind, some in found.items()} == {
        "group": 2, "account": 2, "server": 1, "stream": 1, "line": 3, "activity": 2}  # fmt: skip
    assert found["server"] == [{"server": 1, "domain": "panel.example", "address": "203.0.113.5"}]
    [stream] = found["stream"]
    assert stream["title"] == "IT| Arena 1 FHD"
    assert [one.split("/live/")[0] for one in stream["sources"]] == [
        "http://up.example:8080", "http://203.0.113.77/a.m3u8"]  # fmt: skip
    boss, seller = found["account"]
    assert seller["owner"] == boss["account"]
    assert {one["account"] for one in found["line"]} == {seller["account"]}
    assert found["activity"][0]["line"] == found["line"][0]["line"]
    assert found["activity"][0]["ip_country"] == "IT"
    assert [say(one.why) for one in warnings] == [
        "a row of 3 values in a table of 9 columns", "rows of tables that are not read"]  # fmt: skip


@pytest.mark.parametrize(
    ("literal", "value"),
    [("'plain'", "plain"), (r"'it\'s'", "it's"), ("'it''s'", "it's"), (r"'a\\'", "a\\"), ("'a;b),(c'", "a;b),(c"),
     ("0x626f62", "bob"), ("X'626f62'", "bob"), ("_binary 'bob'", "bob"), ('"dou""ble"', 'dou"ble'), (r"'a\\''b'", "a\\'b"),
     ("'-- no comment'", "-- no comment"), ("'/* none */'", "/* none */"), ("'Zoë 电视'", "Zoë 电视"), ("NULL", None), ("NOW()", None)],
)  # fmt: skip
def test_a_value_is_read_as_it_was_written(literal, value):
    found, hashed = usernames(
        f"INSERT INTO `users` VALUES (1,{literal},'w',0,'n'),(2,'next','w',0,'n');"
    )
    assert found == [hashed(value) if value is not None else None, hashed("next")]


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO users VALUES (1,'bob','w',0,'n');",
     "INSERT INTO `db`.`users` (`id`, `username`, `password`, `exp_date`, `notes`) VALUES\n(1, 'bob', 'w', 0, 'n');",
     "insert ignore into users values(1,'bob','w',0,'n')", "REPLACE INTO \"users\" VALUES (1,'bob','w',0,'n');",
     "INSERT INTO users (username, id, exp_date) VALUES ('bob',1,0);",
     "INSERT INTO users VALUES (1,'bob','w',0,'n') ON DUPLICATE KEY UPDATE id=VALUES(id);",
     "/*!40000 ALTER TABLE `users` DISABLE KEYS */;\n# a comment; '\n-- another '\nINSERT INTO users VALUES (1,'bob','w',0,'n');",
     ("DELIMITER ;;\nCREATE TRIGGER t AFTER INSERT ON x FOR EACH ROW BEGIN SET @a='INSERT INTO users'; END ;;\nDELIMITER ;\n"
     "INSERT INTO users VALUES (1,'bob','w',0,'n');"),
     "COPY public.users (id, username, exp_date) FROM stdin;\n1\tbob\t\\N\n\\.\n"],
)  # fmt: skip
def test_every_way_of_writing_a_row_is_understood(statement):
    found, hashed = usernames(statement)
    assert found == [hashed("bob")]


def test_postgresql_escapes_in_strings_that_say_so():
    row = "INSERT INTO users (id, username, password, exp_date) VALUES ({}, {}, 'x', 1798761600);\n"
    texts = [r"E'it\'s'", r"e'a\\'", r"'C:\'", "'E'", r"E'\', (9, ''x'"]
    rows_of = "".join(map(row.format, range(1, 6), texts))
    found, warnings = sql("-- PostgreSQL database dump\n" + rows_of)
    assert [say(one.why) for one in warnings] == [
        "the dump does not say that it is complete: it may be cut off"
    ]
    assert [one["username"] for one in found["line"]] == [
        derivation().pseudonym(name) for name in ("it's", "a\\", "C:\\", "E", "', (9, 'x")
    ]


@pytest.mark.parametrize("row", [r"(E'\'),", r"('\'),", "(E'a"])
@pytest.mark.parametrize("dump", ["-- PostgreSQL database dump\n", "-- MySQL dump\n"])
def test_rows_of_escaped_quotes_are_looked_at_once(dump, row):
    """Once, what skips a bad row took less for a string than what reads one: 8 s for 80 kB."""
    began = time.process_time()
    sql(dump + "INSERT INTO users (id) VALUES " + row * (60_000 // len(row)))
    assert time.process_time() - began < 1


def test_a_broken_column_is_looked_at_no_further_than_the_longest_one():
    began = time.process_time()
    sql("-- PostgreSQL database dump\n" + "CREATE TABLE a (b;-- E'\\' E' E'\\\n" * 2_000)
    assert time.process_time() - began < 1


def test_an_escaped_quote_in_a_bad_row_does_not_end_it():
    rows = r"(1, E'it\'s (', ((((2)))) ), (3, 'bob', 'x', 0)"
    found, warnings = sql(
        "-- PostgreSQL database dump\n"
        f"INSERT INTO users (id, username, password, exp_date) VALUES {rows};\n"
        "-- PostgreSQL database dump complete\n"
    )
    assert [row["username"] for row in found["line"]] == [derivation().pseudonym("bob")]
    assert [say(warning.why) for warning in warnings] == ["a row that cannot be read"]


def test_a_megabyte_of_blanks_between_rows_loses_none():
    blanks = " " * 1_500_000
    found, hashed = usernames(
        f"INSERT INTO users VALUES{blanks}(1,'a','w',0,'n'){blanks},{blanks}(2,'b','w',0,'n');"
    )
    assert found == [hashed("a"), hashed("b")]


def test_postgresql_takes_a_backslash_for_itself():
    found, _ = sql(
        "-- PostgreSQL database dump\n"
        + LINES.replace("`", "")
        + "INSERT INTO users VALUES (1,'a\\','w',0,'n');"
    )
    assert [one["username"] for one in found["line"]] == [derivation().pseudonym("a\\")]


def test_users_are_lines_in_one_panel_and_resellers_in_another():
    found, _ = sql(
        "INSERT INTO users (id, username, credits, member_group_id) VALUES (1,'bob',5,2);"
    )
    assert list(found) == ["account"]


def test_ministras_lines_and_channels_are_read():
    found, _ = sql(
        "INSERT INTO users (id, login, mac, ip, tariff_expired_date, reseller_id, phone) VALUES"
        " (1,'bob','00:1A:79:00:00:01','192.0.2.7','2026-12-31 00:00:00',3,'+39 333 1234567');\n"
        "INSERT INTO itv (id, name, cmd) VALUES (9,'Arena','ffmpeg http://up.example/9');\n"
        "INSERT INTO administrators (id, login, pass) VALUES (1,'admin','x');"
    )
    [line] = found["line"]
    assert line["expires_at"] == datetime(2026, 12, 31, tzinfo=UTC)
    assert line["mac"] == derivation().pseudonym("00:1a:79:00:00:01")
    assert found["stream"][0]["sources"] == ["http://up.example/9"]
    assert found["account"][0]["role"] == "administrator"


@given(st.integers(0, 2813))
@settings(max_examples=60, deadline=None)
def test_a_dump_cut_anywhere_keeps_every_row_that_is_whole(cut):
    data = (SAMPLES / "panel_sql").read_bytes()
    try:
        found, warnings = read("panel_sql", data[:cut])
    except SourceError:
        assert cut <= data.index(b"`group_id`")
        return
    whole, _ = read("panel_sql", data)
    for kind, some in found.items():
        assert some == whole[kind][: len(some)]
    rows_seen = sum(map(len, found.values()))
    assert rows_seen == 11 or any(
        "complete" in say(one.why) or "breaks off" in say(one.why) for one in warnings
    )


def test_a_row_without_end_costs_no_memory_and_no_other_row(traced):
    def endless():
        yield (LINES + "INSERT INTO users VALUES (1,'a','w',0,'n'),(2,'").encode()
        for _ in range(40):
            yield b"x" * (1 << 20)
        yield b"','w',0,'n'),(3,'c','w',0,'n');\nINSERT INTO users VALUES (4,'d','w',0,'n');\n"

    with traced() as memory:
        found = list(rows("panel_sql", endless(), authority=LED))
    assert memory.peak < 16_000_000
    assert [one.values["username"] for one in found if not isinstance(one, ReadWarning)] == [
        "a",
        "c",
        "d",
    ]
    assert [say(one.why) for one in found if isinstance(one, ReadWarning)] == [
        "a row of more than 1,048,576 bytes"
    ]


def test_a_quote_that_is_never_closed_spoils_its_statement_alone():
    found, warnings = sql(
        LINES
        + "INSERT INTO users VALUES (1,'a','w',0,'n),(2,'b','w',0,'n');\nINSERT INTO users VALUES (3,'c','w',0,'n');\n"
    )
    assert derivation().pseudonym("c") in [one["username"] for one in found["line"]]
    assert warnings


@pytest.mark.parametrize("data", [b"hello; world", b"SELECT 1;" * 100, b"\x00\x01", b"{}"])
def test_what_is_no_dump_is_refused(data):
    with pytest.raises(SourceError):
        sql(data)


# Access logs


def test_logs_of_every_form_are_read_together():
    found, warnings = read("access_log", (SAMPLES / "access_log").read_bytes())
    assert [one.get("route") for one in found["request"]] == [
        "live",
        "playlist",
        None,
        "stream",
        "portal",
    ]
    assert [one.line for one in warnings] == [4]
    assert found["request"][0]["at"] == datetime(2024, 11, 26, 19, 45, tzinfo=UTC)
    assert found["request"][1]["host"] == "edge.example"
    assert found["request"][1]["upstream"] == "203.0.113.77"


def test_a_customer_has_one_hash_in_log_and_dump():
    lines, _ = read("panel_sql", (SAMPLES / "panel_sql").read_bytes())
    asked, _ = read("access_log", (SAMPLES / "access_log").read_bytes())
    assert asked["request"][0]["username"] == lines["line"][0]["username"]
    assert asked["request"][1]["ip"] == lines["activity"][1]["ip"]


@pytest.mark.parametrize(
    "line",
    [('{"http":{"request":{"method":"GET"},"response":{"status_code":200}},"client":{"ip":"192.0.2.7"},'
     '"url":{"original":"/live/u/p/17.ts"},"@timestamp":"2024-11-26T19:45:00Z"}'),
     '{"request":{"remote_ip":"192.0.2.7","uri":"/u/p/17","method":"GET"},"ts":1732650300.5,"status":200}',
     '192.0.2.7 - - [26/Nov/2024:19:45:00] "GET /movie/u/p/17.mkv HTTP/2.0" 200 5',
     '[2001:db8::1]:443 192.0.2.7 - - [26/Nov/2024:19:45:00 +0000] "GET /timeshift/u/p/60/2024-11-26:20-00/17.ts HTTP/1.1" 200 5 "-" "x"'],
)  # fmt: skip
def test_a_streams_number_is_found_in(line):
    found, warnings = read("access_log", line + "\n")
    assert not warnings
    assert found["request"][0]["stream"] == 17
    assert found["request"][0]["username"] == derivation().pseudonym("u")


def test_a_log_of_any_length_takes_the_memory_of_a_line(traced):
    line = b'192.0.2.7 - - [26/Nov/2024:20:45:00 +0100] "GET /x HTTP/1.1" 200 1 "-" "-"\n'
    data = io.BytesIO(line * 8_000)
    with traced() as memory:
        count = sum(
            1 for _ in rows("access_log", iter(partial(data.read, 65_536), b""), authority=LED)
        )
    assert count == 8_000
    assert memory.peak < 2_000_000


def test_a_line_of_blanks_is_no_request_at_once():
    """Every way to part the blanks was tried, five hundred times each: 18 s for these."""
    line = b"1.1.1.1 a" + b" " * 7_900 + b"x\n"
    began = time.process_time()
    with pytest.raises(SourceError, match="no reader recognises"):
        guess(line)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("user", ["-", "anna b", " ", "a\tb  "])
def test_blanks_in_and_after_a_users_name_are_no_hindrance(user):
    line = f'1.1.1.1  - \t{user} [26/Nov/2024:20:45:00 +0100] "GET /a HTTP/1.1" 200 5'
    [request] = rows("access_log", [line.encode()], authority=police())
    assert request.values["status"] == "200"


def test_ten_thousand_broken_lines_are_a_hundred_warnings_and_a_count():
    line = b'192.0.2.7 - - [26/Nov/2024:20:45:00 +0100] "GET /x HTTP/1.1" 200 1 "-" "-"\n'
    _, warnings = read("access_log", line + b"broken\n" * 10_000)
    assert len(warnings) == 101
    assert sum(one.count for one in warnings) == 10_000


# NetFlow

RWCUT = """\
            sIP|            dIP|sPort|dPort|pro|   packets|     bytes|                  sTime| duration|
      192.0.2.7|    203.0.113.5| 4444|   80|  6|        10|     14000|2024/11/26T20:45:00.123|   59.977|
"""
NPROBE = "IPV4_SRC_ADDR|IPV4_DST_ADDR|L4_SRC_PORT|L4_DST_PORT|PROTOCOL|IN_BYTES|IN_PKTS|FIRST_SWITCHED|LAST_SWITCHED\n192.0.2.7|203.0.113.5|4444|80|6|14000|10|1732653900.123|1732653960.1\n"
NFDUMP = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n2024-11-26 20:45:00.123,59.977,TCP,192.0.2.7,4444,203.0.113.5,80,10,14000,1\n"

ARGUS = "StartTime,LastTime,Flgs,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotPkts,TotBytes,State\n2024/11/26 20:45:00.123,2024/11/26 20:46:00.100, e,tcp,192.0.2.7,4444,->,203.0.113.5,80,10,14000,CON\n"
TOGETHER = "Date first seen,Duration,Proto,Src IP Addr:Port,Dst IP Addr:Port,Packets,Bytes,Flows\n2024-11-26 20:45:00.123,59.977,TCP,192.0.2.7:4444,203.0.113.5:80,10,14000,1\n"
ZEEK = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\torig_bytes\tresp_bytes\tresp_pkts\n#types\ttime\n1732653900.123\tC1\t192.0.2.7\t4444\t203.0.113.5\t80\ttcp\t59.977\t5\t14000\t10\n#close\t2024\n"
TABLES = [RWCUT, NPROBE, NFDUMP, ARGUS, TOGETHER, ZEEK]


@pytest.mark.parametrize("table", TABLES)
def test_flows_of_every_exporter_are_known_by_their_beginning(table):
    assert guess(table.encode()).kind == "netflow"


def test_an_ipv6_address_parts_from_its_port():
    table = TOGETHER.replace("192.0.2.7:4444", "2001:db8::7.4444")
    [flow] = read("netflow", table)[0]["flow"]
    assert flow["source"] == derivation().pseudonym("2001:db8::7")


@pytest.mark.parametrize("table", [*TABLES, (SAMPLES / "netflow").read_text()])
def test_flows_of_every_exporter_say_the_same(table):
    found, _ = read("netflow", table, servers=frozenset({"203.0.113.5"}))
    first = found["flow"][0]
    assert first["at"] == datetime(2024, 11, 26, 20, 45, 0, 123000, tzinfo=UTC)
    assert (first["bytes"], first["packets"], first["protocol"]) == (14000, 10, 6)
    assert (first["destination"], first["destination_port"]) == ("203.0.113.5", 80)
    assert first["source"] == derivation().pseudonym("192.0.2.7")
    assert 59 < (first["ended_at"] - first["at"]).total_seconds() < 61


def test_a_flow_that_ends_after_the_calendar_keeps_its_beginning():
    table = (
        "ts,te,td,sa,da,sp,dp,pr,ipkt,ibyt\n"
        "9999-12-31 23:59:59,,99999999,192.0.2.1,192.0.2.2,1,2,TCP,1,1\n"
        "2026-11-24 12:00:00,,5,192.0.2.1,192.0.2.2,1,2,TCP,1,1\n"
    )
    first, second = read("netflow", table)[0]["flow"]
    assert (first["at"].year, first.get("ended_at")) == (9999, None)
    assert second["ended_at"] == datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)


def test_the_summary_below_the_flows_is_none():
    found, warnings = read("netflow", (SAMPLES / "netflow").read_bytes())
    assert len(found["flow"]) == 3
    assert [say(one.why) for one in warnings] == ["no flow"]


def test_a_carriage_return_inside_a_line_is_a_broken_line():
    sample = (SAMPLES / "netflow").read_bytes()
    found, warnings = read("netflow", sample.replace(b",14000", b"\r,14000"))
    assert (len(found["flow"]), len(warnings)) == (2, 2)


# What leaves


def test_a_mac_is_one_in_every_spelling():
    plain = derivation()
    spelt = ["00:1A:79:AB:00:01", "001a79ab0001", "00-1a-79-ab-00-01",
             base64.b64encode(b"00:1A:79:AB:00:01").decode()]  # fmt: skip
    text = "".join(f"INSERT INTO mag_devices (mac, user_id) VALUES ('{one}',4);\n" for one in spelt)
    found, _ = sql(text)
    assert {one["mac"] for one in found["device"]} == {plain.pseudonym("00:1a:79:ab:00:01")}


def test_no_free_text_has_a_field():
    names = {name for fields in FIELDS.values() for name in fields}
    assert not names & {"notes", "admin_notes", "reseller_notes", "reason", "message", "user_agent"}


def test_a_clear_field_that_holds_something_else_is_left_out():
    found, _ = sql(
        "INSERT INTO users (id, username, exp_date, max_connections, is_trial, forced_country) VALUES"
        " (1,'bob','anna','carl','dora','eve');\n"
        "INSERT INTO streaming_servers (id, domain_name, server_ip) VALUES ('x','just words','not an address');"
    )
    assert set(found["line"][0]) == {"line", "username"}
    assert found["server"] == [{}]


word = st.text("abcdefghijklmnopqrstuvwxyz", min_size=9, max_size=14).map(
    lambda one: "q" + one + "z"
)
secret = st.builds(
    lambda a, b: a + b, word, st.sampled_from(["", "'s", "\\", "); --", " x", '"', "é"])
)


@st.composite
def customers(draw):
    return {
        "username": draw(secret), "password": draw(secret), "email": draw(word) + "@" + draw(word) + ".example",
        "notes": draw(secret), "ip": f"198.18.{draw(st.integers(100, 250))}.{draw(st.integers(100, 250))}",
        "mac": ":".join(f"{draw(st.integers(160, 255)):02x}" for _ in range(6)),
    }  # fmt: skip


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def documents(one):
    columns = "id, username, password, email, exp_date, admin_notes, mac, last_ip, max_connections"
    values = ", ".join(["1", *(quoted(one[n]) for n in ("username", "password", "email")), "1893456000",
                        *(quoted(one[n]) for n in ("notes", "mac", "ip")), "1"])  # fmt: skip
    dump = (
        f"INSERT INTO `users` ({columns}) VALUES ({values}),({values}),(1,{quoted(one['notes'])});\n"
        f"INSERT INTO tickets VALUES ({quoted(one['notes'])});\n"
        f"INSERT INTO user_activity (user_id, user_ip, user_agent, date_start) VALUES (1,{quoted(one['ip'])},{quoted(one['notes'])},1732650300);\n"
    )
    path = re.sub(r"[^a-z]", "", one["username"]) + "/" + re.sub(r"[^a-z]", "", one["password"])
    asked = f"/live/{path}/1.ts?note={one['email']}"
    log = (
        f'{one["ip"]} - {path} [26/Nov/2024:20:45:00 +0100] "GET {asked} HTTP/1.1" 200 5 "http://x.example/{path}" "{path}"\n'
        f"{one['ip']} {one['email']} broken {path}\n"
        + json.dumps({"remote_addr": one["ip"], "request": f"GET {asked} HTTP/1.1", "time": "2024-11-26T20:45:00Z",
                      "user": one["username"], "headers": {"cookie": one["password"]}}) + "\n"
    )  # fmt: skip
    flow = (
        "ts,sa,da,sp,dp,pr,ibyt\n"
        f"2024-11-26 20:45:00,{one['ip']},203.0.113.5,1,2,TCP,5\n2024-11-26 20:45:00,{one['username']},{one['ip']},1,2,TCP,5\n"
        f"{one['email']},{one['ip']},1\n"
    )
    return {"panel_sql": dump, "access_log": log, "netflow": flow}


@given(customers(), st.sampled_from(["panel_sql", "access_log", "netflow"]), st.data())
@settings(max_examples=200, deadline=None)
def test_no_value_of_a_customer_leaves_in_clear(one, kind, data):
    raw = documents(one)[kind].encode()
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw)))]
    elif data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(raw)))
        raw = raw[:at] + raw[at + data.draw(st.integers(1, 30)) :]
    try:
        found, warnings = read(kind, raw)
    except SourceError as error:
        said = str(error)
    else:
        said = repr(found) + repr(warnings)
    for value in one.values():
        for part in re.split(r"[^\w.:]", value):
            assert len(part) < 9 or part not in said


@given(st.text(max_size=200))
@settings(deadline=None)
def test_a_shape_tells_no_letter_and_no_digit(text):
    assert set(masked(text)) <= set("x9 \t,;:'\"()[]{}|<>/=\\.-")


def test_every_clear_sort_has_a_rule():
    hashed = {Sort.SECRET, Sort.NAME, Sort.LINE, Sort.ACCOUNT, Sort.DEVICE, Sort.CLIENT}
    used = {sort for fields in FIELDS.values() for sort in fields.values()}
    assert set(_derive._CLEAR) == used - hashed
    for sort in used - hashed - {Sort.TITLE}:
        assert _derive._CLEAR[sort]("bob's word", KeyedPseudonyms(b"k")) is None
