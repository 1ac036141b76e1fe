import lzma
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cautery.adapters.facts_folder import FactsFolder
from cautery.model import DedicatedFact

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
OURS = DedicatedFact(
    address="192.0.2.77",
    dedicated_to="pirate.example",
    evidence="the hoster's reply",
    evidence_date=date(2026, 11, 20),
)

RANGES = """cidr,provider,class,source
188.114.96.0/20,cloudflare,cdn,x
104.64.0.0/10,akamai,cdn,x
128.14.0.0/16,zenlayer,cdn,x
2606:4700::/32,cloudflare,cdn,x
198.51.0.0/16,bighost,hosting,x
"""
HOSTING = """address,name,first_seen,last_seen
203.0.113.5,edge1.pirate.example,2026-09-01,2026-11-24
203.0.113.6,edge2.pirate.example,2026-09-01,2026-11-24
203.0.113.6,city-hospital.example,2026-01-01,2026-11-24
203.0.113.7,edge3.pirate.example,2026-06-01,2026-11-01
203.0.113.7,bakery.example,2026-11-10,2026-11-24
203.0.113.8,bakery.example,2026-06-01,2026-10-01
203.0.113.8,edge4.pirate.example,2026-11-10,2026-11-24
203.0.113.9,edge5.pirate.example,2026-09-01,2026-11-24
2001:db8::5,edge1.pirate.example,2026-09-01,2026-11-24
2001:db8::6,city-hospital.example,2026-01-01,2026-11-24
"""
DEDICATED = """address,dedicated_to,evidence,evidence_date
203.0.113.5,pirate.example,reverse DNS and the hoster's answer,2026-11-20
2001:db8::5,pirate.example,reverse DNS and the hoster's answer,2026-11-20
203.0.113.6,pirate.example,reverse DNS,2026-11-20
203.0.113.7,pirate.example,reverse DNS,2026-10-20
203.0.113.8,pirate.example,reverse DNS,2026-11-20
188.114.97.7,pirate.example,reverse DNS,2026-11-20
"""
TOML = """
[facts.popular]
date = 2026-08-20
[facts.public_suffix_list]
date = 2026-08-19
[facts.passive-dns]
date = 2026-11-24
valid_days = 2
[facts.dedicated]
date = 2026-11-24
valid_days = 30
[facts.protected-names]
date = 2026-11-01
valid_days = 365
[facts.bank-website]
date = 2026-08-20
[facts.university_domains]
date = 2026-08-20
[facts.dynamic-dns]
date = 2026-08-20
[facts.parking-domain]
date = 2026-08-20
[facts.public-dns-v4]
date = 2026-08-20
"""


def codes(verdict):
    return {reason.code for reason in verdict.reasons}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def write(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(lzma.compress(text.encode()) if name.endswith(".xz") else text.encode())

    write("cdn-hosting-ranges/ranges.csv.xz", RANGES)
    write("popular-domains/popular.csv", "domain,lists\ngoogle.com,t\nt.me,t\nwww.shop.example,t\n")
    write("popular-domains/dynamic-dns.csv", "value\n.dyn.example\n")
    write("popular-domains/bank-website.csv", "value\n.mybank.example\n")
    write("popular-domains/university_domains.csv", "value\nuni.example\n")
    write("popular-domains/parking-domain.csv", "value\n203.0.113.200/32\n")
    write("popular-domains/public-dns-v4.csv", "value\n9.9.9.9\n")
    write("public_suffix_list.dat", PSL)
    write("passive-dns.csv", HOSTING)
    write("dedicated.csv", DEDICATED)
    write("protected-names.csv", "name,kind\ncity-hospital.example,hospital\n")
    write("facts.toml", TOML)
    return tmp_path


PSL = """// ===BEGIN ICANN DOMAINS===
com
me
uk
co.uk
example
// ===END ICANN DOMAINS===
// ===BEGIN PRIVATE DOMAINS===
pages.example
// ===END PRIVATE DOMAINS===
"""


@pytest.fixture
def facts(folder: Path) -> FactsFolder:
    return FactsFolder(folder)


@pytest.fixture
def without(folder: Path) -> Callable[[str], FactsFolder]:
    def removed(name: str) -> FactsFolder:
        (folder / name).unlink()
        return FactsFolder(folder)

    return removed
