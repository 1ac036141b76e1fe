"""An open redirect is told from a panel that sends on, however the place is written."""

from __future__ import annotations

import base64
import gzip
from time import process_time
from urllib.parse import quote
from zlib import compress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.formats.open_redirect import open_redirect, parted
from cautery.model import host_of

AIM = "http://edge.pirate.example:8080/live/1.m3u8"


@pytest.mark.parametrize(
    "asked",
    [
        f"http://innocent.example/out?url={AIM}",
        f"http://innocent.example/out?url={quote(AIM, safe='')}",
        f"http://innocent.example/out?url={quote(quote(AIM, safe=''), safe='')}",
        f"http://innocent.example/go/{AIM}",
        "http://innocent.example/go/EDGE.Pirate.example",
        f"http://innocent.example/r?u={base64.urlsafe_b64encode(AIM.encode()).decode()}",
        f"http://innocent.example/r/{base64.b64encode(AIM.encode()).decode().rstrip('=')}/",
        f"http://innocent.example/r?h={AIM.encode().hex()}",
        "http://innocent.example/r?j=" + "".join(f"\\u{ord(letter):04x}" for letter in AIM),
        "http://innocent.example/r?e=" + quote("".join(f"&#{ord(letter)};" for letter in AIM)),
        f"http://innocent.example/r?b={base64.b32encode(AIM.encode()).decode().rstrip('=')}",
        f"http://innocent.example/r?b={base64.b32encode(b'to=' + AIM.encode()).decode()}",
        f"http://innocent.example/r?w={base64.b64encode(AIM.encode('utf-16')).decode()}",
        f"http://innocent.example/svg/{base64.urlsafe_b64encode(compress(AIM.encode())).decode()}",
        f"http://innocent.example/#pako:{base64.urlsafe_b64encode(compress(AIM.encode(), wbits=-15)).decode()}",
        f"http://innocent.example/r?z={base64.urlsafe_b64encode(gzip.compress(AIM.encode())).decode()}",
        "http://innocent.example?to=pirate.example",
        "http://innocent.example?to=pirate.example/x",
    ],
)
def test_a_question_that_names_the_place_is_an_open_redirect(asked: str) -> None:
    assert open_redirect([asked, AIM]) == AIM
    assert (
        open_redirect([asked, "http://innocent.example/leaving", AIM, "http://c.example/"]) == AIM
    )


@pytest.mark.parametrize(
    "hops",
    [
        (),
        (AIM,),
        ("http://panel.example/live/u/p/1.ts", "http://edge.example/hls/1.m3u8?token=a1"),
        ("http://panel.example/live/1.ts", "http://panel.example/live/2.ts"),
        # That the place to come is named by the asking host itself says nothing.
        ("http://edge.example.panel.example/1.ts", "http://edge.example/1.ts"),
    ],
)
def test_a_panel_that_sends_on_by_itself_is_none(hops: tuple[str, ...]) -> None:
    assert open_redirect(hops) is None


@given(st.binary(max_size=60), st.sampled_from(["203.0.113.9", "[2001:db8::9]", "a.example"]))
def test_no_question_is_too_odd_to_be_read(odd: bytes, host: str) -> None:
    asked = f"http://innocent.example/{odd.decode('latin-1')}?{quote(odd)}&{host}"
    assert open_redirect([asked, f"http://{host}/1.ts"]) == f"http://{host}/1.ts"


OUT = f"http://innocent.example/out?url={AIM}"


@pytest.mark.parametrize(
    "between",
    [
        ["https://innocent.example/out?url=" + AIM],
        ["https://www.innocent.example/out?url=" + AIM],
        ["https://login.innocent.example/?next=%2Fout", "https://www.innocent.example/out"],
        ["https://consent.cdn.example/?back=" + quote(AIM, safe="")],
        ["http://other.example/r?u=" + AIM],
    ],
)
@pytest.mark.parametrize("asked", [OUT, OUT + "&from=innocent.example&to=other.example"])
def test_a_site_that_first_leads_to_a_host_of_its_own_only_sends_on(
    asked: str, between: list[str]
) -> None:
    hops = [asked, *between, AIM]
    assert open_redirect(hops) == AIM
    sending, serving = parted([host_of(hop) for hop in hops], host_of(AIM))
    assert sending == {host_of(hop) for hop in hops[:-1]}
    assert serving == {"edge.pirate.example"}


def test_a_domain_in_which_both_hosts_lie_says_nothing() -> None:
    hops = [OUT.replace("edge.", ""), AIM.replace("edge.", ""), AIM]
    assert open_redirect(hops) == "http://pirate.example:8080/live/1.m3u8"
    assert open_redirect(["http://a.pirate.example/?x=pirate.example", AIM]) is None


def test_a_host_that_serves_as_well_as_sends_on_is_no_bystander() -> None:
    assert parted(["a.example", "b.example", "c.example", "b.example"], "c.example") == (
        {"a.example"},
        {"b.example", "c.example"},
    )


@pytest.mark.parametrize(
    ("spelled", "host"),
    [
        ("\u043f\u0438\u0440\u0430\u0442.example", "xn--80apufl.example"),
        ("\u041f\u0418\u0420\u0410\u0422.example:8080", "xn--80apufl.example"),
        ("\u043f\u0438\u0440\u0430\u0442.example", "edge.xn--80apufl.example"),
        ("stra\u00dfe.example", "xn--strae-oqa.example"),
        ("pirate\u3002example", "pirate.example"),
        ("pi\u00adrate\uff61example", "pirate.example"),
        ("\uff50\uff49\uff52\uff41\uff54\uff45.example.", "pirate.example"),
        ("0xcb007109", "203.0.113.9"),
        ("0XCB.0.0x7109:8080", "203.0.113.9"),
        ("user@203.0.28937", "203.0.113.9"),
        ("0313.0.0161.011", "203.0.113.9"),
        ("203\u30020\u3002113\u30029", "203.0.113.9"),
        ("\uff10\uff58cb007109", "203.0.113.9"),
        ("[2001:DB8:0:0:0:0:0:9]:8080", "[2001:db8::9]"),
        ("[2001:0db8::0.0.0.9]", "[2001:db8::9]"),
        ("[::ffff:cb00:7109]", "203.0.113.9"),
    ],
)
def test_a_place_is_recognised_in_any_spelling(spelled: str, host: str) -> None:
    aim = f"http://{host}/1.ts"
    place = f"http://{spelled}/1.ts"
    for said in (
        place,
        quote(place, safe=""),
        quote(quote(place, safe=""), safe=""),
        base64.urlsafe_b64encode(place.encode()).decode(),
        place.encode().hex(),
    ):
        assert open_redirect([f"http://innocent.example/out?id=7&url={said}&x=1", aim]) == aim
        assert (
            open_redirect([f"http://innocent.example/out?url={said}", "http://b.example"]) is None
        )


@pytest.mark.parametrize(
    "part",
    [
        base64.urlsafe_b64encode(compress(b"a" * 10_000_000)).decode().rstrip("="),
        "-".join([base64.urlsafe_b64encode(compress(b"a" * 16_384)).decode().rstrip("=")] * 90),
        "A" * 16_000,
        "\\u0041" * 2_600,
        quote("&#65;" * 1_700),
    ],
)
def test_a_question_that_unpacks_to_much_is_read_in_bounds(part: str) -> None:
    began = process_time()
    for separator in "/.=":
        assert open_redirect([f"http://innocent.example/{separator}{part}", AIM]) is None
    assert process_time() - began < 3
