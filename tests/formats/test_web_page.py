"""Storefronts: prices, contacts, tags, addresses, links."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import CauteryError, SourceError
from cautery.formats import Contact, read_page

SHOP = """<html lang="fr"><head><title> Mega
TV </title><meta property="og:site_name" content="Mega TV"><link rel="shortcut icon" href="/f.ico">
<script>gtag('config','G-ABCDEF1234');fbq('init', '12345678901234'); var u="//stats.example/";
_paq.push(['setSiteId', '7']); s="https://stats.example/matomo.php"; ym(12345678, 'init')</script>
</head><body><div><h3>1 mois</h3><span>€</span><span>9.99</span><li>1 connexion</li></div>
<div><h3>12 mois</h3><p>49,99 €</p><li>2 connexions</li></div><p>Lifetime $1,299.00</p>
<p>99 zł / rok</p><p>Essai 24h : 24h test gratuit ! 50 000+ clients, 20k chaînes</p>
<a href="https://t.me/MegaTvBot">t</a> <a href="https://wa.me/447700900123">w</a>
<a href="mailto:Sales@mega.example?subject=x">m</a> <a href="http://panel.mega.example:8080/login">p</a>
<a href="/about">a</a> <a href="javascript:alert(1)">j</a> PayPal, Visa, BTC
1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa</body></html>"""


def page(html, base="https://mega.example/fr/"):
    return read_page([html.encode()], base=base)


def priced(text, lang="en"):
    return [
        (one.amount, one.currency, one.months)
        for one in page(f'<html lang="{lang}"><p>{text}</p>').prices
    ]


def test_a_storefront_is_read_whole():
    found = page(SHOP)
    assert (found.title, found.brand, found.language) == ("Mega TV", "Mega TV", "fr")
    assert found.favicon == "https://mega.example/f.ico"
    assert [(p.amount, p.currency, p.months, p.connections) for p in found.prices] == [
        (Decimal("9.99"), "EUR", 1.0, 1), (Decimal("49.99"), "EUR", 12.0, 2),
        (Decimal("1299.00"), "USD", None, None), (Decimal(99), "PLN", 12.0, None),
    ]  # fmt: skip
    assert found.trial_hours == 24.0
    assert {(c.what, c.number) for c in found.claims} == {
        ("customers", 50_000),
        ("channels", 20_000),
    }
    assert set(found.contacts) == {
        Contact(kind="telegram", handle="megatvbot"), Contact(kind="whatsapp", handle="+447700900123"),
        Contact(kind="email", handle="sales@mega.example"),
    }  # fmt: skip
    assert set(found.trackers) == {
        ("google-analytics", "G-ABCDEF1234"), ("meta-pixel", "12345678901234"),
        ("matomo", "stats.example#7"), ("yandex-metrica", "12345678"),
    }  # fmt: skip
    assert {"paypal", "visa", "bitcoin"} <= set(found.payments)
    assert found.panel_links == ("http://panel.mega.example:8080/login",)
    assert all(link.startswith("http") for link in found.links)
    assert [one.currency for one in found.crypto] == ["BTC"]


@pytest.mark.parametrize(
    ("text", "sells"),
    [
        ("Minimum 120 credits, 1 GBP each", True),
        ("30 créditos = 12 meses", True),
        ("100 Krediten für 90 €", True),
        ("500 kredytów", True),
        ("We take 3 credit cards", False),
        ("Credits: photos by their makers", False),
    ],
)
def test_a_page_that_counts_credits_sells_to_resellers(text, sells):
    assert page(f"<p>{text}</p>").credits is sells


@pytest.mark.parametrize(
    ("text", "lang", "want"),
    [
        ("12 Months £54.99", "en", ("54.99", "GBP", 12.0)), ("9,99€ / Monat", "de", ("9.99", "EUR", 1.0)),
        ("499 kr / år", "da", ("499", "DKK", 12.0)), ("599 kr per år", "sv", ("599", "SEK", 12.0)),
        ("1 299 Kč za 12 měsíců", "cs", ("1299", "CZK", 12.0)), ("3 mesi a 25 €", "it", ("25", "EUR", 3.0)),
        ("6 maanden € 39,-", "nl", ("39", "EUR", 6.0)), ("149 lei / an", "ro", ("149", "RON", None)),
        ("1.299,00 € anual", "es", ("1299.00", "EUR", 12.0)), ("$10/mo", "en", ("10", "USD", 1.0)),
        ("12 990 Ft / év", "hu", ("12990", "HUF", 12.0)), ("EUR 15 mensile", "it", ("15", "EUR", 1.0)),
        ("120 zł za 12 miesięcy", "pl", ("120", "PLN", 12.0)), ("50 € por 12 meses", "pt", ("50", "EUR", 12.0)),
    ],
)  # fmt: skip
def test_prices_are_read_in_many_languages(text, lang, want):
    amount, currency, months = want
    [(found, sign, term)] = priced(text, lang)
    assert (found, sign) == (Decimal(amount), currency)
    assert months is None or term == months


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 9, b"plain words", b"\x1f\x8b", b"G" + bytes(187) + b"G"]
)
def test_what_is_no_page_is_refused(data):
    with pytest.raises(SourceError):
        read_page([data], base="http://a.example/")


def test_a_page_of_many_megabytes_is_refused():
    with pytest.raises(SourceError, match="longer than"):
        read_page([b"<p>" * 3_000_000], base="http://a.example/")


HTML = st.sampled_from(
    ["<a href='", "http://", "[::1", "t.me/", "mailto:", "'>", "<p>", "€", "9,99", "12 mois", "<base href=//x>", "&#0;",
     "<title>", "\0", "1A1zP1", "0x" + "a" * 40, "<script>", "</script>", "G-ABCDEFGH", "<svg>", "wa.me/", "//", "%zz"]
)  # fmt: skip


@given(st.lists(HTML, max_size=40).map("".join))
def test_no_page_raises_anything_but_our_own_errors(html):
    try:
        page(html)
    except CauteryError:
        return


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_our_own_errors(data):
    try:
        read_page([b"<p>" + data], base="http://a.example/")
    except CauteryError:
        return
