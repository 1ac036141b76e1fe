"""The files for name servers and web servers: valid, without a log, and for each domain."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import dns.rdatatype
import dns.zone
import pytest

from cautery.pages.seizure.servers import Served, apache, caddy, nginx
from cautery.pages.seizure.zone import Host, bind, knot, zone

AT = datetime(2026, 11, 26, 6, tzinfo=UTC)
HOST = Host(
    addresses=(ip_address("192.0.2.80"), ip_address("2001:db8::80")),
    nameservers=("ns1.police.example", "ns2.police.example"),
    hostmaster="host.master@police.example",
    certificate_authorities=("letsencrypt.org",),
    folder="/srv/seizure-page",
)
SERVED = Served(
    names=("a.example", "panel.example", "192.0.2.7"),
    domains=frozenset({"a.example"}),
    folder="/srv/seizure-page",
    policy="default-src 'none'",
    pages={"en": "en.html", "fr": "fr.html"},
)


def read(host: Host = HOST) -> dns.zone.Zone:
    return dns.zone.from_text(zone(host, made_at=AT), origin="shop.example.", relativize=False)


def texts(read_zone: dns.zone.Zone, name: str, kind: str) -> set[str]:
    found = read_zone.find_rdataset(name, dns.rdatatype.from_text(kind))
    return {str(row) for row in found}


@pytest.mark.parametrize("name", ["shop.example.", "*.shop.example."])
def test_the_zone_leads_the_domain_and_all_below_it_to_the_page(name: str) -> None:
    assert texts(read(), name, "A") == {"192.0.2.80"}
    assert texts(read(), name, "AAAA") == {"2001:db8::80"}


@pytest.mark.parametrize("name", ["shop.example.", "*.shop.example."])
def test_nobody_mails_from_a_seized_domain_or_to_it(name: str) -> None:
    assert texts(read(), name, "MX") == {"0 ."}
    assert texts(read(), name, "TXT") == {'"v=spf1 -all"'}
    assert texts(read(), "_dmarc.shop.example.", "TXT") == {'"v=DMARC1; p=reject"'}


def test_the_former_owner_gets_no_certificate() -> None:
    nobody = read(Host(**{**_members(HOST), "certificate_authorities": ()}))
    assert texts(read(), "shop.example.", "CAA") == {'0 issue "letsencrypt.org"', '0 issuewild ";"'}
    assert texts(nobody, "shop.example.", "CAA") == {'0 issue ";"', '0 issuewild ";"'}


def _members(host: Host) -> dict[str, object]:
    return {name: getattr(host, name) for name in Host.__dataclass_fields__}


def test_a_later_zone_has_a_higher_serial_and_a_dot_in_a_mailbox_is_escaped() -> None:
    (soa,) = texts(read(), "shop.example.", "SOA")
    assert soa.startswith("ns1.police.example. host\\.master.police.example. ")
    later = zone(HOST, made_at=datetime(2026, 11, 27, tzinfo=UTC))
    assert int(later.split("( ")[1].split()[0]) > int(soa.split()[2])


@pytest.mark.skipif(not shutil.which("named-checkconf"), reason="BIND is not installed")
def test_bind_takes_the_zones(tmp_path: Path) -> None:
    (tmp_path / "seized.zone").write_text(zone(HOST, made_at=AT))
    (tmp_path / "named.conf").write_text(bind(["a.example", "b.example"]))
    told = subprocess.run(
        ["named-checkconf", "-z", "named.conf"], cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("loaded serial") == 2


def test_each_domain_is_listed_for_knot() -> None:
    assert re.findall(
        r"domain: (\S+)\n    file: seized\.zone", knot(["a.example", "b.example"])
    ) == [
        "a.example",
        "b.example",
    ]


def test_no_web_server_keeps_a_log() -> None:
    assert "access_log off;" in nginx(SERVED)
    assert "error_log /dev/null crit;" in nginx(SERVED)
    assert "output discard" in caddy(SERVED)
    assert "exclude http.log.access http.log.error" in caddy(SERVED)
    assert apache(SERVED).count('CustomLog "/dev/null" "-"') == 2
    assert apache(SERVED).count('ErrorLog "/dev/null"') == 2


@pytest.mark.parametrize("file", [nginx, caddy, apache])
def test_each_web_server_answers_for_all_names_and_sends_the_policy(file: object) -> None:
    text = file(SERVED)  # type: ignore[operator]
    for name in ("a.example", "*.a.example", "panel.example", "192.0.2.7"):
        assert re.search(rf"(?<![\w.*]){re.escape(name)}(?![\w.])", text), name
    assert "*.panel.example" not in text
    assert "default-src 'none'" in text
    assert "no-referrer" in text
    assert "fr.html" in text


def test_caddy_asks_no_certificate_for_an_address() -> None:
    assert "https://192.0.2.7" not in caddy(SERVED)
    assert "http://192.0.2.7" in caddy(SERVED)
