"""The address policy: what may be touched."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.counted import calls_of

from cautery.adapters._addresses import check, refusal
from cautery.errors import CauteryError, ForbiddenAddressError
from cautery.model.host_names import ascii_name, literal

FORBIDDEN = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd12::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "100::1",
    "64:ff9b:1::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::c0a8:101",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "2a00::5efe:a00:1",
    "2a00::200:5efe:7f00:1",
    "::ffff:0:7f00:1",
    "4000::1",
    "8000::1",
]
ALLOWED = [
    "1.1.1.1",
    "9.9.9.9",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.169.0.1",
    "198.17.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450::1",
    "::ffff:9.9.9.9",
    "64:ff9b::909:909",
    "2002:909:909::1",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_special_address_is_refused(address):
    assert refusal(address) is not None


@pytest.mark.parametrize("address", ALLOWED)
def test_a_public_address_is_allowed(address):
    assert refusal(address) is None


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"), ("127.1", "127.0.0.1"), ("127.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"), ("0x7f000001", "127.0.0.1"), ("0x7f.0.0.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"), ("017700000001", "127.0.0.1"), ("0", "0.0.0.0"),
        ("0x", "0.0.0.0"), ("127.0.0.1.", "127.0.0.1"), ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"), ("::ffff:7f00:1", "::ffff:7f00:1"),
    ],
)  # fmt: skip
def test_every_spelling_of_an_address_is_read(host, address):
    assert ipaddress.ip_address(literal(host)) == ipaddress.ip_address(address)


@pytest.mark.parametrize(
    "host", ["256.1.1.1", "1.2.3.4.5", "1.2.3.256", "4294967296", "08.0.0.1", "fe80::1%eth0", "a:b",
             "foo.0x7f", "1..2", "9" * 5000]
)  # fmt: skip
def test_what_only_looks_like_an_address_is_refused(host):
    with pytest.raises(ForbiddenAddressError):
        literal(host)


@pytest.mark.parametrize("host", ["a.example", "1.2.3.4.example", "0x7f.example", "localhost"])
def test_a_name_is_no_address(host):
    assert literal(host) is None


def test_a_mandate_allows_its_own_range_alone():
    assert refusal("127.0.0.7", ["127.0.0.0/8"]) is None
    assert refusal("10.0.0.7", ["127.0.0.0/8"]) is not None


def test_an_allowed_outer_address_does_not_smuggle_a_forbidden_inner_one():
    assert refusal("64:ff9b::7f00:1", ["64:ff9b::/96"]) is not None


def test_one_forbidden_record_refuses_the_host():
    with pytest.raises(ForbiddenAddressError, match="private"):
        check("a.example", ("9.9.9.9", "10.0.0.1"))


def test_a_host_without_an_address_is_refused():
    with pytest.raises(ForbiddenAddressError):
        check("a.example", ())


@given(st.integers(0, 2**32 - 1))
def test_no_address_is_more_allowed_inside_another_than_by_itself(number):
    inner = ipaddress.IPv4Address(number)
    alone = refusal(str(inner)) is None
    for outer in (f"::ffff:{inner}", f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}",
                  f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1"):  # fmt: skip
        assert (refusal(outer) is None) == alone


@given(st.integers(0, 2**128 - 1))
def test_whatever_python_calls_private_is_refused(number):
    address = ipaddress.IPv6Address(number)
    if address.is_private or address.is_multicast or address.is_loopback or address.is_link_local:
        assert refusal(str(address)) is not None


@given(st.text(max_size=60))
def test_any_text_is_a_name_an_address_or_refused(text):
    try:
        found = literal(text)
    except CauteryError:
        return
    if found is not None:
        ipaddress.ip_address(found)


@pytest.mark.parametrize("letter", ["ü", "\ufdfa"])  # the second is eighteen letters, NFKC
def test_a_label_that_is_too_long_is_no_name_before_it_costs_the_square_of_its_length(
    letter: str,
) -> None:
    assert calls_of(lambda: refused(letter * 900)) < 100


def refused(label: str) -> None:
    with pytest.raises(UnicodeError):
        ascii_name(f"{label}.example")
