"""A seizure page runs nothing, loads nothing, and shows hostile names as text of their own."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from cautery.pages.seizure import (
    Contact,
    CountryOffers,
    LawfulOffer,
    NamedAgency,
    SeizurePage,
    Tongue,
    own_texts,
    policy,
    render_page,
)

HOSTILE = '"><script>alert(1)</script>\u202e\x1b[31m&amp;<img src=x onerror=y>'
ENGLISH = Tongue(code="en", name="English", file="en.html")


class Elements(HTMLParser):
    """The elements of a page, and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def page(text: str = "plain", **changes: Any) -> SeizurePage:
    members: dict[str, Any] = {
        "texts": own_texts(),
        "tongue": ENGLISH,
        "tongues": (ENGLISH, Tongue(code="fr", name=text, file="fr.html")),
        "days": text,
        "brands": (text,),
        "operation": text,
        "legal_basis": text,
        "records_in": "it",
        "agencies": (NamedAgency(name=text, country=text, part=text, logo="logo-a.png"),),
        "offers": (
            CountryOffers(
                country=text,
                offers=(
                    LawfulOffer(
                        name=text, url="https://tv.example/", what=text, price=text, is_free=True
                    ),
                ),
            ),
        ),
        "contacts": (
            Contact(
                name=text, country=text, purpose=text, address="mailto:desk@police.example",
                label=text,
            ),
        ),
        "checked": text,
        "made_on": text,
        "lab": True,
    }  # fmt: skip
    return SeizurePage(**members | changes)


def test_hostile_names_add_no_element_and_steer_nothing() -> None:
    hostile = render_page(page(HOSTILE))
    assert [tag for tag, _ in Elements(hostile).seen] == [
        tag for tag, _ in Elements(render_page(page())).seen
    ]
    assert not {"\x1b", "\u202e"} & set(hostile)


def test_the_page_has_no_script_no_form_and_asks_for_nothing_elsewhere() -> None:
    seen = Elements(render_page(page())).seen
    assert not {"script", "form", "iframe", "object", "embed", "audio", "video"} & {
        tag for tag, _ in seen
    }
    loaded = [
        attrs.get("src") or attrs.get("href")
        for tag, attrs in seen
        if tag in {"img", "link", "source"}
    ]
    assert loaded == ["data:,", "logo-a.png"]
    assert not [name for _, attrs in seen for name in attrs if name.startswith("on")]


def test_the_policy_allows_the_pages_own_style_and_nothing_else() -> None:
    html = render_page(page())
    style = re.search(r"<style>(.*)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    (own,) = [
        attrs["content"] for tag, attrs in Elements(html).seen
        if tag == "meta" and attrs.get("http-equiv") == "content-security-policy"
    ]  # fmt: skip
    assert own is not None
    assert f"style-src 'sha256-{digest}'" in own
    assert "default-src 'none'" in own
    assert policy() == f"{own}; frame-ancestors 'none'"
    assert "unsafe" not in own


@pytest.mark.parametrize(("code", "direction"), [("en", "ltr"), ("ar", "rtl"), ("he", "rtl")])
def test_a_page_says_its_language_and_direction(code: str, direction: str) -> None:
    tongue = Tongue(code=code, name="x", file=f"{code}.html")
    (html,) = [
        attrs for tag, attrs in Elements(render_page(page(tongue=tongue))).seen if tag == "html"
    ]
    assert (html["lang"], html["dir"]) == (code, direction)


def test_each_name_stands_apart_from_the_direction_around_it() -> None:
    html = render_page(page("ערוץ"))
    assert html.count("ערוץ") == html.count("<bdi>ערוץ") + html.count('<bdi lang="it">ערוץ') + 2
    # The two that are left are sentences of ours in tests alone: an agency's part, a purpose.


def test_a_page_in_one_language_has_no_list_of_languages() -> None:
    assert "<nav" not in render_page(page(tongues=(ENGLISH,)))


def test_a_real_page_bears_no_stamp_of_the_lab() -> None:
    assert "LAB" in render_page(page())
    assert "LAB" not in render_page(page(lab=False))
