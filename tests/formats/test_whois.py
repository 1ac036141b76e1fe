"""WHOIS answers in the registries' dialects, against the truth beside the shared ones."""

import json
import os
import re
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import SourceError
from cautery.formats import guess, read_whois
from cautery.formats._dates import day_comes_first, moment_of

DATA = Path(os.environ.get("CAUTERY_DATA", Path(__file__).parents[3] / "shared" / "data"))
ANSWERS = DATA / "whois-rdap" / "whois.tar.xz"
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def answer(text, **settings):
    data = text if isinstance(text, bytes) else text.encode()
    return read_whois([data], redact=lambda said: "~" + said, seen_at=NOON, **settings)


def read(text, **settings):
    return answer(text, **settings).registration


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2019-09-09T08:39:04-0700", "2019-09-09T15:39:04"), ("2019/06/01 04:52:02 (JST)", "2019-05-31T19:52:02"),
        ("2010-08-13 23:16:40 (UTC+8)", "2010-08-13T15:16:40"), ("20221101 00:10:24", "2022-11-01T00:10:24"),
        ("19961206 #24302", "1996-12-06T00:00:00"), ("2012. 05. 19.", "2012-05-19T00:00:00"),
        ("15-Jul-1985", "1985-07-15T00:00:00"), ("30th April 2003 at 00:00:00.000", "2003-04-30T00:00:00"),
        ("Mar 25 01:57:22 PDT 2009", "2009-03-25T08:57:22"), ("Sun Oct 03 23:59:59 GMT 2010", "2010-10-03T23:59:59"),
        ("28.11.2018 22:06:38", "2018-11-28T22:06:38"), ("2001-06-14-10:32:43Z", "2001-06-14T10:32:43"),
        ("23 de agosto de 2012", "2012-08-23T00:00:00"), ("August 3, 2012", "2012-08-03T00:00:00"),
        ("2011-07-21 18:03:50+03", "2011-07-21T15:03:50"), ("12/18/2001", "2001-12-18T00:00:00"),
    ],
)  # fmt: skip
def test_dates_are_read_in_every_dialect(text, wanted):
    assert moment_of(text).replace(tzinfo=None).isoformat() == wanted


@pytest.mark.parametrize(
    "text",
    ["", "1970-01-01", "0000-00-00", "2019-13-01", "2019-02-30", "before 1 January 1996", "02/03/2020", "n/a",
     "9999-12-31", "31-Foo-2001", "25:00", "2019"],
)  # fmt: skip
def test_a_date_that_cannot_be_read_for_certain_is_unknown(text):
    assert moment_of(text) is None


def test_other_dates_of_an_answer_tell_whether_the_day_comes_first():
    assert day_comes_first("06-04-2004 31-03-2020")
    assert day_comes_first("02/03/2020 12/18/2001") is False
    assert day_comes_first("02/03/2020") is None
    assert day_comes_first("31/01/2020 01/31/2020") is None


@given(st.text(max_size=40))
def test_no_text_makes_a_date_of_1970(text):
    found = moment_of(text)
    assert found is None or found.year > 1982


def test_headings_brackets_dots_and_tabs_are_all_keys():
    under = "Domain name:\n  a.uk\nRegistrar:\n  R-1 Ltd [Tag = R]\n  URL: http://r.example\nRelevant dates:\n"
    under += "  Registered on: 22-Oct-2017\nRegistration status:\n  Registered until expiry date.\n"
    brackets = "[Domain Name]  A.UK\n[Status] Registered\n[Created on] 2017/10/22\nRegistrar: R-1 Ltd [Tag = R]\n"
    dots = "domain.............: a.uk\nstatus.............: Registered\ncreated............: 22.10.2017\n"
    dots += "registrar..........: R-1 Ltd [Tag = R]\n"
    tabs = "Domain name\ta.uk\nRegistrar\nR-1 Ltd [Tag = R]\nFirst registration date\t22 October 2017\nStatus: Registered"
    for text in (under, brackets, dots, tabs):
        found = read(text)
        assert (found.domain, found.registrar) == ("a.uk", "R-1 Ltd [Tag = R]")
        assert (found.created, found.status) == (
            datetime(2017, 10, 22, tzinfo=UTC),
            ("Registered",),
        )


def test_what_a_contact_says_of_itself_is_not_said_of_the_domain():
    found = read(
        "domain: a.br\nchanged: 20150427\nstatus: published\n\nnic-hdl-br: X1\nperson: A Person\n"
        "created: 20000513\nchanged: 20100825\nstatus: linked\n"
    )
    assert (found.created, found.changed.year, found.status) == (None, 2015, ("published",))


def test_a_handle_gives_way_to_the_registrars_name():
    assert (
        read("domain: a.sk\nregistrar: ACTI-0024\nname: ACTIVE 24, s.r.o.\n").registrar
        == "ACTIVE 24, s.r.o."
    )


def test_people_leave_only_as_what_the_caller_makes_of_them():
    found = answer("domain: a.example\nregistrar: R\nregistrant: A Person\nphone: +331\n")
    assert found.registration.registrant == "~a person"
    assert ("phone", "~+331") in found.other
    masked = read("domain: a.example\nregistrar: R\nregistrant: REDACTED FOR PRIVACY\n")
    assert masked.registrant is None


@pytest.mark.parametrize(
    "text", ["No match for A.EXAMPLE", "Domain: a.example\nStatus: free", "% NOT FOUND"]
)
def test_a_name_that_nobody_has_is_no_registration(text):
    assert read(text) is None


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 99, b"<html>", b'{"a": 1}', b"words", b"\x1f\x8b\x08", b"x" * 2_000_000]
)
def test_what_is_no_answer_is_refused(data):
    with pytest.raises(SourceError):
        answer(data)


def plain(text):
    return re.sub(r"[\W_]", "", text).casefold()


@pytest.mark.data
@pytest.mark.skipif(not ANSWERS.exists(), reason="the shared data folder is not here")
def test_the_shared_answers_are_read_as_their_truth_says():
    with tarfile.open(ANSWERS) as archive:
        held = {one.name: archive.extractfile(one).read() for one in archive if one.isfile()}
    asked = dict.fromkeys(
        ("created_date", "updated_date", "expiration_date", "registrar", "status"), 0
    )
    right = dict(asked)
    names = {"created_date": "created", "updated_date": "changed", "expiration_date": "expires"}
    for name, truth in held.items():
        if "/noterror/" not in name or not name.endswith(".json"):
            continue
        said = json.loads(truth)
        domain, registrar = said.get("domain") or {}, said.get("registrar") or {}
        found = read(held[name.removesuffix(".json")])
        for field, ours in names.items():
            if domain.get(field):
                asked[field] += 1
                year = re.search(r"(19|20)\d\d", domain[field])[0]
                moment = getattr(found, ours)
                right[field] += moment is not None and abs(moment.year - int(year)) <= (
                    moment.month in (1, 12)
                )
        if registrar.get("name"):
            asked["registrar"] += 1
            right["registrar"] += plain(found.registrar or "") == plain(registrar["name"])
        if domain.get("status"):
            asked["status"] += 1
            right["status"] += {plain(one) for one in found.status} == {
                plain(one) for one in domain["status"]
            }
    assert sum(asked.values()) > 800
    assert all(right[field] >= 0.97 * asked[field] for field in asked), (right, asked)


@pytest.mark.data
@pytest.mark.skipif(not ANSWERS.exists(), reason="the shared data folder is not here")
def test_of_eight_hundred_servers_answers_none_is_dated_1970_or_taken_for_its_opposite():
    wrong = told = 0
    with tarfile.open(ANSWERS) as archive:
        for member in archive:
            kind = next(
                (k for k in ("status_registered", "status_available") if k in member.name), None
            )
            if not member.isfile() or kind is None:
                continue
            try:
                found = read(archive.extractfile(member).read())
            except SourceError:
                continue
            told += 1
            wrong += (found is None) != (kind == "status_available")
            if found is not None:
                assert all(
                    one is None or one.year > 1982
                    for one in (found.created, found.changed, found.expires)
                )
    assert told > 480
    assert wrong <= 2  # one answers that the name is forbidden


def test_a_name_server_with_an_ipv6_address_is_no_key():
    text = (
        "    Domain name:\r\n        a.co.uk\r\n\r\n    Registrar:\r\n        R Ltd\r\n\r\n    Name servers:\r\n"
        "        ns1.a.example            192.0.2.1   2001:db8::1\r\n        ns2.a.example  2001:db8::2\r\n"
        "        ns3.a.example\r\n\r\n    WHOIS lookup made at 18:05:41 26-Nov-2026\r\n"
    )
    assert read(text).nameservers == ("ns1.a.example", "ns2.a.example", "ns3.a.example")


def test_the_domain_itself_under_dns_is_no_name_server():
    text = (
        "Domain:  a.dk\nDNS:  a.dk\nRegistered:  1996-05-02\n\nNameservers\nHostname:  ns1.b.dk\n"
    )
    assert read(text).nameservers == ("ns1.b.dk",)


def test_afternoons_are_afternoons():
    assert [moment_of(f"2027-12-31 {said}").hour for said in (
        "11:59:00 PM", "12:05 am", "12:05 p.m.", "1:00 AM", "13:00 PM", "11:59",
    )] == [23, 0, 12, 1, 13, 11]  # fmt: skip
    assert moment_of("12/31/2027 11:59:00 PM").isoformat() == "2027-12-31T23:59:00+00:00"


def test_an_answer_in_brackets_is_taken_for_whois_and_no_list():
    text = (
        b"[ JPRS database ]\nDomain Information:\n[Domain Name]  A.JP\n[Created on]  2001/03/22\n"
    )
    assert guess(text).kind == "whois"
