"""EU trusted lists: which service was qualified when; and lists that a careful reader refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cautery.errors import InputError
from cautery.evidence.outside.trusted_list import MAX_LIST_BYTES, read_trusted_list
from cautery.lab.stamping import LabAuthority
from cautery.lab.trusted_lists import CERTIFICATES, GRANTED, WITHDRAWN, trusted_list

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NAME = "Lab provider, Lab time-stamps"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LabAuthority:
    folder: Path = tmp_path_factory.mktemp("tsa")
    return LabAuthority(folder, begins=NOW - 900 * DAY, ends=NOW + 900 * DAY)


def listed(authority: LabAuthority, **given: object) -> bytes:
    values = {
        "issued": NOW - 10 * DAY,
        "until": NOW + 170 * DAY,
        "states": [(NOW - 100 * DAY, GRANTED)],
    }
    return trusted_list([authority.certificate], **(values | given))  # type: ignore[arg-type]


def found(authority: LabAuthority, raw: bytes, at: datetime = NOW) -> str | None:
    path = (authority.certificate, authority.root_certificate)
    return read_trusted_list(raw).service_of(path, at)


def test_a_granted_service_is_qualified(authority: LabAuthority) -> None:
    read = read_trusted_list(listed(authority))
    assert (read.territory, read.issued, read.until) == ("XL", NOW - 10 * DAY, NOW + 170 * DAY)
    assert found(authority, listed(authority)) == NAME


def test_a_service_is_known_by_the_authority_that_issues_its_certificates(
    authority: LabAuthority,
) -> None:
    raw = trusted_list(
        [authority.root_certificate],
        issued=NOW,
        until=NOW + DAY,
        states=[(NOW - DAY, GRANTED)],
    )
    assert found(authority, raw) == NAME


@pytest.mark.parametrize(
    ("days", "qualified"), [(-300, False), (-150, True), (-99, False), (-50, True), (0, False)]
)
def test_what_counts_is_the_status_at_the_time_of_the_stamp(
    authority: LabAuthority, days: int, *, qualified: bool
) -> None:
    states = [
        (NOW - 10 * DAY, WITHDRAWN),
        (NOW - 90 * DAY, GRANTED),
        (NOW - 100 * DAY, WITHDRAWN),
        (NOW - 200 * DAY, GRANTED),
    ]
    raw = listed(authority, states=states)
    assert (found(authority, raw, NOW + days * DAY) == NAME) is qualified


def test_a_list_says_nothing_of_times_after_the_next_was_to_come(authority: LabAuthority) -> None:
    assert found(authority, listed(authority), NOW + 171 * DAY) is None


def test_a_service_for_certificates_and_an_authority_that_is_not_listed_are_not_qualified(
    authority: LabAuthority, tmp_path: Path
) -> None:
    assert found(authority, listed(authority, service=CERTIFICATES)) is None
    other = LabAuthority(tmp_path, begins=NOW - DAY, ends=NOW + DAY)
    assert found(other, listed(authority)) is None


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">
]><TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#">&b;</TrustServiceStatusList>"""
OUTSIDE = b"""<!DOCTYPE x SYSTEM "file:///etc/passwd"><TrustServiceStatusList/>"""
OPEN = b'<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#">'


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (BOMB, "it has a document type"),
        (OUTSIDE, "it has a document type"),
        (OPEN + b"&what;", "broken XML"),
        (OPEN + b"<a>" * 100, "too deep"),
        (OPEN + b"<SchemeInformation><TSLType>" + b"x" * 200_000, "too long"),
        (OPEN + b"<a " + b"x" * 100_000, "broken XML"),
        (b"", "broken XML"),
        (b"<html/>", "its root is <html>"),
        (b"<TrustServiceStatusList/>", "its root is"),
        (OPEN + b"</TrustServiceStatusList>", "not a trusted list of the EU"),
        (b'<?xml version="1.0" encoding="martian"?><a/>', "broken XML|not a trusted list"),
    ],
)
def test_hostile_xml_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_trusted_list(raw)


def test_a_list_without_end_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(InputError, match="more than"):
        read_trusted_list(OPEN + b" " * MAX_LIST_BYTES)


def test_the_list_of_the_lists_and_lists_of_others_are_refused(authority: LabAuthority) -> None:
    with pytest.raises(InputError, match="which names no service"):
        read_trusted_list(listed(authority, type_="EUlistofthelists"))
    with pytest.raises(InputError, match="not a trusted list of the EU"):
        read_trusted_list(listed(authority, type_="CClist"))


def test_a_time_that_is_none_is_refused(authority: LabAuthority) -> None:
    raw = listed(authority).replace(b"2026-", b"later-")
    with pytest.raises(InputError, match="is not a time"):
        read_trusted_list(raw)


def test_a_certificate_that_nobody_can_read_proves_nothing(authority: LabAuthority) -> None:
    raw = listed(authority).replace(b"<X509Certificate>M", b"<X509Certificate>N")
    assert found(authority, raw) is None


def test_a_service_with_a_thousand_certificates_is_refused(authority: LabAuthority) -> None:
    raw = listed(authority).replace(
        b"<ServiceDigitalIdentity>",
        b"<ServiceDigitalIdentity>" + b"<X509Certificate>AAAA</X509Certificate>" * 1000,
    )
    with pytest.raises(InputError, match="too many certificates"):
        read_trusted_list(raw)
