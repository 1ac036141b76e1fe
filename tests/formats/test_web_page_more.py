"""Storefronts: prices, contacts and tags in the spellings that shops use to be read by people only."""

import pytest

from cautery.formats import read_page


def page_of(body, base="http://shop.example/"):
    return read_page([f"<html><body>{body}</body></html>".encode()], base=base)


@pytest.mark.parametrize(
    ("text", "amount", "currency", "months"),
    [
        ("99 zł / 3 miesiące", "99", "PLN", 3),
        ("1 miesiąc 29 zł", "29", "PLN", 1),
        ("0,99 €/dzień", "0.99", "EUR", 0.033),
        ("un an 59 €", "59", "EUR", 12),
        ("1'299.50 CHF pro Jahr", "1299.50", "CHF", 12),
        ("1\u2019299 CHF pro Jahr", "1299", "CHF", 12),
        ("499 kr / år", "499", None, 12),
    ],
)
def test_more_prices_as_shops_write_them(text, amount, currency, months):
    [price] = page_of(f"<p>{text}</p>").prices
    assert (str(price.amount), price.currency, price.months) == (amount, currency, months)


def test_a_krone_is_that_of_the_page_its_host_or_a_code_on_it():
    assert page_of("<p>99 kr</p>", base="http://shop.dk/").prices[0].currency == "DKK"
    assert page_of("<p>99 kr</p><p>All prices in NOK</p>").prices[0].currency == "NOK"
    assert page_of("<p>99 kr</p><p>SEK, NOK</p>").prices[0].currency is None


def test_cents_in_an_element_of_their_own_belong_to_their_price():
    [price] = page_of("<p>12 mois <b>59</b><sup>,99</sup> € — 3 appareils</p>").prices
    assert (str(price.amount), price.months, price.connections) == ("59.99", 12, 3)


def test_contacts_that_hide_from_robots_are_read():
    code = "5b" + bytes(byte ^ 0x5B for byte in b"sales@best.example").hex()
    found = page_of(
        f'<a class="__cf_email__" data-cfemail="{code}">[email&#160;protected]</a>'
        "<p>help [at] best [dot] example, Skype: live:.cid.abcdef12, Discord: besttv#1234</p>"
        '<a href="whatsapp://send?phone=4915112345678">w</a><a href="viber://chat?number=%2B33612345678">v</a>'
        '<a href="https://signal.me/#p/+33612345679">s</a><a href="https://www.paypal.me/BestTV/20EUR">p</a>'
        '<a href="https://www.tiktok.com/@best.tv">t</a><a href="https://paypal.com/checkout/x">c</a>'
        '<a data-cfemail="zz"></a><a data-cfemail="5b5b5b5b5"></a>'
    )
    assert {(one.kind, one.handle) for one in found.contacts} == {
        ("email", "sales@best.example"), ("email", "help@best.example"),
        ("skype", "live:.cid.abcdef12"), ("discord", "besttv#1234"), ("whatsapp", "+4915112345678"),
        ("viber", "+33612345678"), ("signal", "+33612345679"), ("paypal", "besttv"), ("tiktok", "best.tv"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "server",
    [
        'var u="//stats.example/";_paq.push(["setTrackerUrl",u+"matomo.php"]);',
        'var u=(("https:" == document.location.protocol) ? "https" : "http") + "://stats.example/";',
        'var u="https://stats.example/matomo/";',
    ],
)
def test_matomo_is_known_by_its_own_snippet(server):
    found = page_of(f"<script>{server}_paq.push(['setSiteId','42']);</script>")
    assert found.trackers == (("matomo", "stats.example#42"),)


def test_clarity_is_known_by_its_own_snippet():
    text = '<script>(function(c,l,a,r,i,t,y){})(window, document, "clarity", "script", "abcdefghij");</script>'
    assert page_of(text).trackers == (("clarity", "abcdefghij"),)


def test_more_means_of_payment_are_known():
    found = page_of(
        "<p>Neteller, Vipps, Satispay, Perfect Money, SOFORT</p><p>Wir liefern sofort.</p>"
    )
    assert set(found.payments) == {"neteller", "vipps", "satispay", "perfect money", "sofort"}
    assert page_of("<p>Wir liefern sofort.</p>").payments == ()


@pytest.mark.parametrize(
    "text",
    ["2 veze", "2 verbindingen", "2 nasc", "2 savienojumi", "2 prisijungimai", "2 apparater",
     "Connections: 2", "Max. connections 2", "Devices x2", "2 skjermer"],
)  # fmt: skip
def test_connections_in_more_words_and_before_their_number(text):
    assert page_of(f"<p>{text}</p>").connections == (2,)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("24 val. nemokamas bandymas", 24),
        ("24 hodinová skúšobná verzia zadarmo", 24),
        ("No free trial", None),
        ("kein kostenloser Test", None),
        ("sans essai gratuit. Free trial!", 0),
    ],
)
def test_trials_in_more_words_and_where_there_is_none(text, hours):
    assert page_of(f"<p>{text}</p>").trial_hours == hours
