"""Registrations asked of a registry that stands in memory."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from cautery.adapters.rdap import BOOTSTRAP, RdapRegistry
from cautery.errors import SourceError
from cautery.lab.readers import ReadersHere
from cautery.model import ClockOffset, Response

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DOMAIN = {
    "objectClassName": "domain", "ldhName": "SHOP.EXAMPLE",
    "events": [{"eventAction": "registration", "eventDate": "2026-01-02T03:04:05Z"}],
    "nameservers": [{"ldhName": "NS1.HOST.EXAMPLE"}],
    "entities": [
        {"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "Registrar Ltd"]]]},
        {"roles": ["registrant"], "vcardArray": ["vcard", [["email", {}, "text", "Bob@shop.example"]]]},
    ],
}  # fmt: skip


class Fetcher:
    def __init__(self, answers):
        self.answers, self.asked = answers, []

    async def fetch(self, url, *, limits, proxy=None, vantage=None, method="GET", body=None):
        self.asked.append(url)
        status, found = self.answers.get(url, (404, {}))
        return Response(url=url, hops=(url,), status=status, headers=(), body=json.dumps(found).encode(),
                        asked_at=NOON, answered_at=NOON, address="127.0.0.1")  # fmt: skip


class At:
    def __init__(self, moment=NOON):
        self.moment = moment

    def now(self):
        return self.moment

    def offset(self):
        return ClockOffset(seconds=None, uncertainty_s=None, method="test")


def registry(answers, *, base="http://rdap.example/", clock=None):
    fetcher = Fetcher(answers)
    return RdapRegistry(
        base, fetcher, lambda text: f"~{len(text)}", clock or At(), ReadersHere()
    ), fetcher


async def test_a_registration_is_read_and_its_registrant_is_a_pseudonym():
    asked, _ = registry({"http://rdap.example/domain/shop.example": (200, DOMAIN)})
    found = await asked.of("Shop.Example")
    assert (found.registrar, found.nameservers) == ("Registrar Ltd", ("ns1.host.example",))
    assert found.created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert found.registrant.startswith("~")
    assert "bob" not in found.registrant


async def test_a_domain_is_asked_for_once_a_day():
    clock = At()
    asked, fetcher = registry(
        {"http://rdap.example/domain/shop.example": (200, DOMAIN)}, clock=clock
    )
    await asked.of("shop.example")
    await asked.of("shop.example")
    once = len(fetcher.asked)
    clock.moment = NOON + timedelta(days=2)
    await asked.of("shop.example")
    assert (once, len(fetcher.asked)) == (1, 2)


async def test_an_unregistered_domain_is_a_source_error():
    asked, _ = registry({})
    with pytest.raises(SourceError, match="not registered"):
        await asked.of("none.example")


async def test_an_answer_about_another_domain_is_refused():
    asked, _ = registry({"http://rdap.example/domain/other.example": (200, DOMAIN)})
    with pytest.raises(SourceError, match=r"answered about shop\.example"):
        await asked.of("other.example")


async def test_without_a_service_the_bootstrap_names_the_registry():
    boot = {"services": [[["example"], ["http://old.example/", "https://nic.example/rdap/"]]]}
    asked, fetcher = registry(
        {BOOTSTRAP: (200, boot), "https://nic.example/rdap/domain/shop.example": (200, DOMAIN)},
        base=None,
    )
    await asked.of("shop.example")
    assert fetcher.asked[-1] == "https://nic.example/rdap/domain/shop.example"
