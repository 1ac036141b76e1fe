"""What servers, resolvers, logs and browsers show: DNS, CT, certificates, RDAP, HAR."""

import base64
import json
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.errors import SourceError
from cautery.formats import (
    DnsStatus,
    ReadWarning,
    guess,
    read_certificate,
    read_certificates,
    read_ct,
    read_dns,
    read_har,
    read_rdap,
    read_registration,
)
from cautery.messages import say

SAMPLES = Path(__file__).parent / "assets" / "samples"
DER = (SAMPLES / "tls").read_bytes()
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def dns(text):
    return list(read_dns([text.encode()]))


def test_what_dig_prints_is_read_with_its_status():
    status, one, two = dns(
        ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 7\n;a.example. IN A\n\n"
        "A.example.\t300\tIN\tCNAME\tB.example.\nb.example. 60 IN A 192.0.2.7\n"
    )
    assert status == DnsStatus(name=None, code="NOERROR")
    assert (one.name, one.type, one.data, two.ttl) == ("a.example", "CNAME", ("b.example",), 60)


def test_dns_over_https_is_read_by_its_numbers():
    body = {"Status": 3, "Question": [{"name": "A.example.", "type": 28}], "Answer": [
        {"name": "a.example", "type": 28, "TTL": 5, "data": "2001:db8::1"}, {"name": "a", "type": 65400, "data": "x"}, 5]}  # fmt: skip
    status, one, two, lost = dns(json.dumps(body))
    assert (status.name, status.code) == ("a.example", "NXDOMAIN")
    assert (one.type, two.type) == ("AAAA", "TYPE65400")
    assert isinstance(lost, ReadWarning)


def test_passive_dns_that_says_no_time_or_1970_is_undated():
    for first in (
        {},
        {"time_first": 0},
        {"time_first": "soon"},
        {"time_first": -5},
        {"time_first": 1e300},
    ):
        [one] = dns(
            json.dumps({"rrname": "a.example", "rrtype": "A", "rdata": "192.0.2.7", **first})
        )
        assert one.first_seen is None


@pytest.mark.parametrize("text", ["", "words\n", "{}", '{"Status": "x"}', "<html>", "\0\0"])
def test_what_is_no_dns_answer_is_refused(text):
    with pytest.raises(SourceError):
        dns(text)


def leaf(der, *, kind=0, milliseconds=1_764_000_000_000, version=0):
    size = len(der).to_bytes(3, "big") + der
    head = struct.pack(">BBQH", version, 0, milliseconds, kind)
    body = {
        "leaf_input": head + (b"\0" * 32 + b"\0\0\0" if kind else size),
        "extra_data": size if kind else b"",
    }
    return {name: base64.b64encode(value).decode() for name, value in body.items()}


def ct(*entries):
    return list(read_ct([json.dumps({"entries": list(entries)}).encode()]))


def test_a_logs_entries_are_certificates_and_precertificates():
    final, early = ct(leaf(DER), leaf(DER, kind=1))
    assert (final.precertificate, early.precertificate) == (False, True)
    assert final.names == early.names == ("a.example", "b.example")
    assert final.logged_at == datetime.fromtimestamp(1_764_000_000, UTC)


@pytest.mark.parametrize(
    "entry",
    [
        leaf(b"x"),
        leaf(DER[:99]),
        leaf(DER, version=1),
        {"leaf_input": "!"},
        {"leaf_input": "AAAA"},
        {},
        5,
    ],
)
def test_a_broken_entry_is_a_warning_and_the_others_are_read(entry):
    warning, good = ct(entry, leaf(DER))
    assert isinstance(warning, ReadWarning)
    assert good.names


def test_an_entry_logged_at_zero_is_undated():
    [found] = ct(leaf(DER, milliseconds=0))
    assert found.logged_at is None


def test_a_certificate_with_a_broken_date_is_read_and_undated():
    at = DER.index(b"\x17\x0d26")
    for wrong in (b"\x17\x0d269999999999Z", b"\x17\x0dxxxxxxxxxxxxx", b"\x17\x0d700101000000Z"):
        found = read_certificate(
            DER[:at] + wrong + DER[at + 15 :], host="a", address="", seen_at=NOON
        )
        assert found.not_before is None
        assert found.names == ("a.example", "b.example")
        assert (
            found.spki_sha256
            == read_certificate(DER, host="a", address="", seen_at=NOON).spki_sha256
        )


def test_rdap_says_status_and_end_in_the_words_of_epp():
    found = read_registration([(SAMPLES / "rdap").read_bytes()], redact=str, seen_at=NOON)
    assert found.status == ("clientTransferProhibited", "ok")
    assert (found.created.year, found.expires) == (2001, None)


SHAPES = {
    "a domain with everything around it, as RFC 9083, section 5.3, has it": (
        {
            "rdapConformance": ["rdap_level_0"],
            "objectClassName": "domain",
            "handle": "D1",
            "ldhName": "XN--FO-5JA.Example.",
            "unicodeName": "fóo.example",
            "variants": [{"relation": ["registered"], "variantNames": []}],
            "status": ["locked", "transfer prohibited"],
            "secureDNS": {"zoneSigned": True, "delegationSigned": True, "dsData": []},
            "nameservers": [
                {"objectClassName": "nameserver", "ldhName": "NS2.example.com"},
                {"objectClassName": "nameserver", "ldhName": "ns1.example.com."},
            ],
            "entities": [
                {
                    "objectClassName": "entity",
                    "roles": ["registrar"],
                    "publicIds": [{"type": "IANA Registrar ID", "identifier": "1"}],
                    "vcardArray": [
                        "vcard",
                        [["version", {}, "text", "4.0"], ["fn", {}, "text", "Our Names Ltd"]],
                    ],
                    "entities": [
                        {
                            "roles": ["abuse"],
                            "vcardArray": ["vcard", [["fn", {}, "text", "Abuse desk"]]],
                        }
                    ],
                }
            ],
            "events": [
                {"eventAction": "registration", "eventDate": "1990-12-31T23:59:60Z"},
                {"eventAction": "last changed", "eventDate": "2016-12-31T23:59:59-08:00"},
                {"eventAction": "expiration", "eventDate": "2027-01-02T03:04:05.678Z"},
                {
                    "eventAction": "last update of RDAP database",
                    "eventDate": "2026-01-01T00:00:00Z",
                },
            ],
        },
        (
            "xn--fo-5ja.example",
            "Our Names Ltd",
            datetime(1990, 12, 31, 23, 59, 59, tzinfo=UTC),
            datetime(2017, 1, 1, 7, 59, 59, tzinfo=UTC),
            datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC),  # to the second
            ("ns1.example.com", "ns2.example.com"),
        ),
    ),
    "dates that are none stay unknown": (
        {
            "objectClassName": "domain",
            "ldhName": "a.example",
            "events": [
                {"eventAction": "registration", "eventDate": "0000-00-00T00:00:00Z"},
                {"eventAction": "expiration", "eventDate": 0},
                {"eventAction": "last changed"},
            ],
        },
        ("a.example", None, None, None, None, ()),
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_rdap_answers_in_the_shapes_of_the_standard_say_what_was_written_into_them(shape):
    body, truth = shape
    found = read_registration([json.dumps(body).encode()], redact=str, seen_at=NOON)
    said = (
        found.domain, found.registrar, found.created, found.changed, found.expires,
        found.nameservers,
    )  # fmt: skip
    assert said == truth


def test_a_browsers_capture_keeps_no_cookie_and_no_authorisation():
    found, lost = read_har([(SAMPLES / "har").read_bytes()])
    assert (found.method, found.status, found.redirects_to) == (
        "GET",
        302,
        "http://a.example/live/x.m3u8",
    )
    assert (found.cookies, found.headers, found.media_type) == (
        ("sid",),
        (("server", "nginx"),),
        "text/html",
    )
    assert isinstance(lost, ReadWarning)


def test_of_many_locations_of_an_exchange_the_first_is_told():
    headers = [{"name": "Location", "value": f"/{number}"} for number in range(200)]
    entry = {
        "request": {"url": "http://a.example/", "headers": []},
        "response": {"headers": [{"name": "Server", "value": "nginx"}, *headers]},
    }
    [found] = read_har([json.dumps({"log": {"entries": [entry]}}).encode()])
    assert found.headers == (("server", "nginx"), ("location", "http://a.example/0"))


def test_a_large_body_in_a_capture_is_no_obstacle():
    entry = {
        "request": {"url": "http://a.example/"},
        "response": {"content": {"text": "x" * 400_000}},
    }
    data = json.dumps({"log": {"entries": [entry] * 3}}).encode()
    found = list(read_har([data[at : at + 65_536] for at in range(0, len(data), 65_536)]))
    assert [one.url for one in found] == ["http://a.example/"] * 3


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_message_as_json_is_read(wrapped):
    body = {
        "QNAME": "a.example.", "RCODE": 0,
        "answerRRs": [{"NAME": "a.example.", "TYPE": 1, "TTL": 60, "rdataA": "192.0.2.7"},
                      {"TYPEname": "CNAME", "rdataCNAME": "B.example."}, {"NAME": "x"}],
    }  # fmt: skip
    raw = json.dumps({"responseMessage": body} if wrapped else body).encode()
    assert guess(raw).kind == "dns"
    status, first, second, warning = read_dns([raw])
    assert (status.name, status.code) == ("a.example", "NOERROR")
    assert (first.type, first.data, first.ttl) == ("A", ("192.0.2.7",), 60)
    assert (second.name, second.type, second.data) == ("a.example", "CNAME", ("b.example",))
    assert say(warning.why) == "a record without a name or data"


def pem(der, label="CERTIFICATE"):
    packed = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{packed}-----END {label}-----\n"


def certificates(data):
    return list(read_certificates([data], host="h", address="", seen_at=NOON))


def test_a_chain_in_pem_is_read_with_what_stands_between():
    der = DER
    text = (
        "depth=0 CN = a\n"
        + pem(der)
        + "broken\n"
        + pem(b"\x30\x03abc")
        + pem(der, "X509 CERTIFICATE")
    )
    text += "-----BEGIN CERTIFICATE-----\n!!!\n"
    first, broken, second, cut = certificates(text.encode())
    assert first == second == certificates(der)[0]
    assert (broken.line, say(cut.why)) == (
        text[: text.index("broken")].count("\n") + 2,
        "a certificate that is not valid base64",
    )
    assert guess(text.encode()).kind == "tls"


def test_of_two_dates_only_the_broken_one_is_unknown():
    [whole] = certificates(DER)
    at = DER.index(b"\x17\x0d")
    broken = bytearray(DER)
    broken[at + 4 : at + 6] = b"99"
    [found] = certificates(bytes(broken))
    assert (found.not_before, found.not_after) == (None, whole.not_after)
    broken = bytearray(DER)
    broken[at + 19 : at + 21] = b"99"
    [found] = certificates(bytes(broken))
    assert (found.not_before, found.not_after) == (whole.not_before, None)


def test_passive_dns_may_be_an_array():
    found = dns(
        '[{"rrname": "a.example", "rrtype": "A", "rdata": "192.0.2.7"}, {"rrtype": "A"}, 5]'
    )
    assert [type(one).__name__ for one in found] == ["DnsRecord", "ReadWarning", "ReadWarning"]


def test_rdap_keeps_what_is_not_understood_and_people_only_as_hashes():
    body = {
        "objectClassName": "domain", "ldhName": "a.example", "port43": "whois.example",
        "secureDNS": {"delegationSigned": True}, "x_owner": "Anna",
        "events": [{"eventAction": "transfer", "eventDate": "2020-01-01T00:00:00Z"}],
        "entities": [
            {"roles": ["registrar"], "publicIds": [{"type": "IANA Registrar ID", "identifier": "1068"}]},
            {"roles": ["administrative"], "vcardArray": ["vcard", [["email", {}, "text", "anna@a.example"]]]},
        ],
    }  # fmt: skip
    found = read_rdap([json.dumps(body).encode()], redact=lambda _: "~", seen_at=NOON)
    assert found.other == (
        ("event transfer", "2020-01-01T00:00:00Z"), ("registrar id", "1068"),
        ("entity administrative", "~"), ("port43", "whois.example"),
        ("secureDNS", '{"delegationSigned": true}'), ("x_owner", "~"),
    )  # fmt: skip


def test_an_endless_line_among_records_is_a_warning():
    record = "a.example. 300 IN A 192.0.2.7\n"
    found = dns(record + "x" * 200_000 + "\n" + record)
    assert [type(one).__name__ for one in found] == ["DnsRecord", "ReadWarning", "DnsRecord"]
    assert found[1].line == 2
