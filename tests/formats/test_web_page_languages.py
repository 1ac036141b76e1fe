# ruff: noqa: RUF001 - Greek, Cyrillic and dashes stand here
"""Storefronts in the 24 official languages of the Union: price, term, connections, trial, payment."""

from decimal import Decimal

import pytest

from cautery.formats import read_page

OFFERS = {
    # language: (offer of a year, currency), (offer of a month), (connections), (trial, hours), payments
    "bg": ("12 месеца – 89,99 лв.", "BGN", "1 месец 14,50 лв", "2 устройства", "24 часа безплатен тест", "Банков превод, банкова карта"),
    "cs": ("12 měsíců za 1 290 Kč", "CZK", "149 Kč / měsíc", "2 zařízení", "24 hodin zdarma na vyzkoušení", "Bankovní převod, platební karta"),
    "da": ("12 måneder 599,00 kr.", "DKK", "79 kr. pr. måned", "2 enheder", "24 timers gratis prøve", "Bankoverførsel, betalingskort, MobilePay"),
    "de": ("12 Monate nur 69,99 €", "EUR", "9,99 € pro Monat", "2 Geräte", "24 Stunden kostenloser Test", "Banküberweisung, Kreditkarte"),
    "el": ("12 μήνες 79,90 €", "EUR", "9,90 € / μήνα", "2 συσκευές", "Δωρεάν δοκιμή 24 ωρών", "Τραπεζική κατάθεση, πιστωτική κάρτα"),
    "en": ("12 months for €69.99", "EUR", "€9.99 per month", "2 devices", "24 hours free trial", "Bank transfer, debit card"),
    "es": ("12 meses por 59,99 €", "EUR", "9,99 €/mes", "2 dispositivos", "Prueba gratis de 24 horas", "Transferencia bancaria, tarjeta de crédito"),
    "et": ("12 kuud 69,90 €", "EUR", "9,90 € kuus", "2 seadet", "24 tundi tasuta proovi", "Pangaülekanne, pangakaart"),
    "fi": ("12 kuukautta 79,90 €", "EUR", "9,90 €/kk", "2 laitetta", "24 tunnin ilmainen kokeilu", "Tilisiirto, pankkikortti"),
    "fr": ("12 mois à 49,99 €", "EUR", "9,99 € par mois", "2 appareils", "Essai gratuit de 24 heures", "Virement bancaire, carte bancaire"),
    "ga": ("12 mhí ar €59.99", "EUR", "€9.99 in aghaidh na míosa", "2 ghléas", "Triail saor in aisce 24 uair", "Aistriú bainc, cárta creidmheasa"),
    "hr": ("12 mjeseci za 69,99 €", "EUR", "9,99 € mjesečno", "2 uređaja", "24 sata besplatno testiranje", "Bankovni prijenos, kreditna kartica"),
    "hu": ("12 hónap 24 990 Ft", "HUF", "2 990 Ft/hó", "2 eszköz", "24 órás ingyenes próba", "Banki átutalás, bankkártya"),
    "it": ("12 mesi a 59,99 €", "EUR", "9,99 € al mese", "2 dispositivi", "Prova gratuita di 24 ore", "Bonifico bancario, carta di credito"),
    "lt": ("12 mėnesių 69,99 €", "EUR", "9,99 € per mėnesį", "2 įrenginiai", "24 valandų nemokamas bandymas", "Banko pavedimas, mokėjimo kortelė"),
    "lv": ("12 mēneši 69,99 €", "EUR", "9,99 € mēnesī", "2 ierīces", "24 stundu bezmaksas izmēģinājums", "Bankas pārskaitījums, maksājumu karte"),
    "mt": ("12-il xahar għal €59.99", "EUR", "€9.99 fix-xahar", "2 apparati", "Prova b'xejn ta' 24 siegħa", "Trasferiment bankarju, karta ta' kreditu"),
    "nl": ("12 maanden voor € 69,99", "EUR", "€ 9,99 per maand", "2 apparaten", "24 uur gratis proef", "Bankoverschrijving, creditcard, iDEAL"),
    "pl": ("12 miesięcy za 199,99 zł", "PLN", "29,99 zł miesięcznie", "2 urządzenia", "24 godziny darmowy test", "Przelew bankowy, karta kredytowa, BLIK"),
    "pt": ("12 meses por 59,99 €", "EUR", "9,99 € por mês", "2 dispositivos", "Teste grátis de 24 horas", "Transferência bancária, cartão de crédito, MB WAY"),
    "ro": ("12 luni la 249,99 lei", "RON", "34,99 lei pe lună", "2 dispozitive", "24 ore test gratuit", "Transfer bancar, card bancar"),
    "sk": ("12 mesiacov za 59,99 €", "EUR", "9,99 € mesačne", "2 zariadenia", "24 hodín zadarmo na skúšku", "Bankový prevod, platobná karta"),
    "sl": ("12 mesecev za 59,99 €", "EUR", "9,99 € na mesec", "2 napravi", "24 ur brezplačen preizkus", "Bančno nakazilo, kreditna kartica"),
    "sv": ("12 månader 799 kr", "SEK", "99 kr/mån", "2 enheter", "24 timmars gratis test", "Banköverföring, kreditkort, Swish"),
}  # fmt: skip


def page(language, *lines, apart=False):
    body = "".join(f"<div>{line}</div>" for line in lines)
    return read_page(
        [f"<html lang={language}><title>x</title><body>{body}".encode()], base="http://s.example/"
    )


@pytest.mark.parametrize("language", OFFERS)
def test_a_years_offer_has_its_amount_currency_and_term(language):
    offer, currency, *_ = OFFERS[language]
    [price] = page(language, offer).prices
    assert (price.currency, price.months) == (currency, 12.0)
    assert 40 < price.amount < 30_000


@pytest.mark.parametrize("language", OFFERS)
def test_a_months_offer_has_its_term(language):
    _, currency, offer, *_ = OFFERS[language]
    [price] = page(language, offer).prices
    assert (price.currency, price.months) == (currency, 1.0)


@pytest.mark.parametrize("language", OFFERS)
def test_connections_are_counted(language):
    _, _, offer, seats, *_ = OFFERS[language]
    found = page(language, offer, seats)
    assert found.connections == (2,)
    assert found.prices[0].connections == 2


@pytest.mark.parametrize("language", OFFERS)
def test_a_trial_has_its_hours_and_is_no_price(language):
    trial = OFFERS[language][4]
    found = page(language, "IPTV", trial)
    assert found.trial_hours == 24.0
    assert found.prices == ()


@pytest.mark.parametrize("language", OFFERS)
def test_transfers_and_cards_are_named(language):
    found = page(language, OFFERS[language][5])
    assert {"bank transfer", "card"} <= set(found.payments)
    everyone = {"da": "mobilepay", "nl": "ideal", "pl": "blik", "pt": "mb way", "sv": "swish"}
    assert language not in everyone or everyone[language] in found.payments


@pytest.mark.parametrize("language", OFFERS)
def test_prose_without_an_offer_has_none(language):
    found = page(
        language, "IPTV 2024", "4K HD", "24/7", "1080p 50 fps", "2.500+", "+39 333 1234567"
    )
    assert (found.prices, found.connections, found.trial_hours) == ((), (), None)


@pytest.mark.parametrize(
    ("text", "amount", "currency", "months"),
    [("1.299,00 Kč / rok", "1299.00", "CZK", 12), ("kr 599,- / år", "599", None, 12), ("€59,– per jaar", "59", "EUR", 12),
     ("EUR 59 / 12 Monate", "59", "EUR", 12), ("59€99 / an", "59.99", "EUR", 12), ("9 €99 par mois", "9.99", "EUR", 1),
     ("24.990,-Ft / év", "24990", "HUF", 12), ("PLN 199 na rok", "199", "PLN", 12), ("£7.99/mo", "7.99", "GBP", 1),
     ("$15 monthly", "15", "USD", 1), ("CHF 12.– pro Monat", "12", "CHF", 1), ("89 lv / година", "89", "BGN", 12),
     ("RON 49,99 / lună", "49.99", "RON", 1), ("6 μήνες: 39€", "39", "EUR", 6), ("3 kk 25 €", "25", "EUR", 3),
     ("pół roku 120 zł", "120", "PLN", 6), ("6-month plan — 35 EUR", "35", "EUR", 6), ("trimestre 25 €", "25", "EUR", 3),
     ("30 dní 150 Kč", "150", "CZK", 1), ("1 år: 700 SEK", "700", "SEK", 12), ("450 ден / месец", None, None, None)],
)  # fmt: skip
def test_ways_of_writing_a_price(text, amount, currency, months):
    found = page("x", text).prices
    if amount is None:
        assert found == ()
        return
    [price] = found
    assert (price.amount, price.currency, price.months) == (Decimal(amount), currency, months)


@pytest.mark.parametrize(
    "text",
    ["Euro 2024", "EURO 2024 live", "24.12.2024", "24/7", "Let us talk", "1080 p"],
)
def test_no_price_where_none_is(text):
    assert page("en", text).prices == ()


@pytest.mark.parametrize(
    "text",
    ["Support 24 hours a day", "2 days until the final", "Test of 2024", "Money back in 30 days"],
)
def test_no_trial_where_none_is(text):
    assert page("en", text).trial_hours is None


@pytest.mark.parametrize("text", ["9,99 € An offer", "9,99 € let it run", "9,99 € Ani's choice"])
def test_a_word_of_another_language_is_no_term(text):
    assert page("en", text).prices[0].months is None
