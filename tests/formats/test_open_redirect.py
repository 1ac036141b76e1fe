"""An open redirect is told from a panel that sends on, however the place is written."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.formats.open_redirect import open_redirect

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
