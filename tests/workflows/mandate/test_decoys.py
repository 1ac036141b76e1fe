"""A mandate names its blind test: the sealed plan, the keeper and the planner."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.lists import MANDATE, PEOPLE

from cautery.act import terms_digest, terms_of
from cautery.act.mandate_terms import terms_lines
from cautery.errors import MandateError
from cautery.model import DecoysPolicy, Mandate, OwnLocation
from cautery.workflows.mandate.read import read_mandate

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
HEAD = """\
[mandate]
id = "m"
who = "Example League"
regime = "gdpr"
legal_basis = "rights"
start = 2026-11-24T20:30:00Z
end = 2026-11-25T00:00:00Z
territories = ["FR"]
[[channel]]
id = "c"
names = ["Sport 1"]
"""
KEY = PEOPLE[0].public_key
OWN = 'own = ["own.example", "192.0.2.0/28"]\n'
POLICY = DecoysPolicy(
    sealed=OwnLocation("/night/sealed.json"),
    keeper="https://keeper.example/",
    own=("own.example", "192.0.2.0/24"),
    planner=KEY,
)


def read(tmp_path: Path, table: str) -> Mandate:
    path = tmp_path / "mandate.toml"
    path.write_text(HEAD + table)
    return read_mandate(path, now=NOW)


def test_a_mandate_without_the_table_has_no_decoys_and_the_terms_that_it_had(
    tmp_path: Path,
) -> None:
    assert read(tmp_path, "").decoys is None
    assert "decoys" not in terms_of(MANDATE)


def test_the_sealed_plan_need_not_be_there_yet_since_it_names_the_terms(tmp_path: Path) -> None:
    table = f'[decoys]\nsealed = "n/sealed.json"\nkeeper = "https://k.example:8443"\nplanner = "{KEY}"\n{OWN}'
    decoys = read(tmp_path, table).decoys
    assert decoys is not None
    assert decoys.sealed.reveal() == str(tmp_path / "n" / "sealed.json")
    assert (decoys.keeper, decoys.planner) == ("https://k.example:8443", KEY)
    assert decoys.own == ("own.example", "192.0.2.0/28")


BOTH = f'sealed = "s.json"\nkeeper = "https://k.example"\nplanner = "{KEY}"\n'


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("[]", "it has no own"),
        ('["com"]', "is a public suffix"),
        ('["example"]', "is a public suffix"),
        ('["co.uk."]', "is a public suffix"),
        ('["github.io"]', "is a public suffix"),
        ('["0.0.0.0/0"]', "wider than /24"),
        ('["192.0.0.0/16"]', "wider than /24"),
        ('["2001:db8::/32"]', "wider than /48"),
        ('["192.0.2.1/28"]', "not a range of addresses"),
        ('["192.0.2"]', "not a range of addresses"),
        ('["*.own.example"]', "not a name of a host|public suffix"),
        ('["own.example/x"]', "not a range"),
        ('["https://own.example"]', "not a range"),
        ('["own example"]', "not a name of a host"),
        ('[""]', "own"),
        ('["cloudflare.com"]', "a service that many share"),
        ('["us.fastly.net"]', "a service that many share"),
        ('["isp.example"]', "the intermediary Isp's, not yours"),
        ('["198.51.100.0/24"]', "the intermediary Isp's, not yours"),
    ],
)
def test_own_places_are_the_organisations_alone(tmp_path: Path, own: str, words: str) -> None:
    isp = """
[[intermediary]]
name = "Isp"
territory = "FR"
list_url = "https://lists.isp.example/x"
proxy = "http://198.51.100.7:3128"
"""
    with pytest.raises(MandateError, match=words):
        read(tmp_path, f"[decoys]\n{BOTH}own = {own}\n{isp}")
    assert read(tmp_path, f"[decoys]\n{BOTH}{OWN}{isp}").decoys is not None


def test_a_mandate_with_decoys_must_say_where_they_may_stand(tmp_path: Path) -> None:
    with pytest.raises(MandateError, match="nobody has said on which servers decoys may stand"):
        read(tmp_path, f"[decoys]\n{BOTH}")
    with pytest.raises(MandateError, match="it has no sealed"):
        read(tmp_path, f"[decoys]\n{OWN}")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('sealed = "s.json"', "it has no keeper"),
        ('keeper = "https://k.example"', "it has no sealed"),
        (f'planner = "{KEY}"', "it has no sealed"),
        ('sealed = "s.json"\nkeeper = "https://k.example"', "it has no planner"),
        ('sealed = "s.json"\nkeeper = "http://k.example"', "over TLS"),
        ('sealed = "s.json"\nkeeper = "ftp://k.example"', "not an http"),
        ('sealed = "s.json"\nkeeper = "https://a:b@k.example"', "no login"),
        ('sealed = "s.json"\nkeeper = "https://k.example"\nplanner = "A"', "not an Ed25519 key"),
        ('sealed = "s.json"\nkeeper = "https://k.example"\ncolour = 1', "colour"),
    ],
)
def test_a_faulty_table_is_refused_in_a_sentence(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(MandateError, match=words):
        read(tmp_path, f"[decoys]\n{table}\n" + ("" if "own" in table else OWN))


def test_http_is_for_loopback_alone(tmp_path: Path) -> None:
    for keeper in ("http://127.0.0.1:8088", "http://[::1]:8088", "http://localhost:8088/ask"):
        table = f'[decoys]\nsealed = "s.json"\nkeeper = "{keeper}"\nplanner = "{KEY}"\n{OWN}'
        decoys = read(tmp_path, table).decoys
        assert decoys is not None
        assert decoys.keeper == keeper


def test_that_decoys_stand_and_who_plans_them_are_terms_but_no_path_and_no_server_is() -> None:
    tested, by_key = (
        replace(MANDATE, decoys=each)
        for each in (POLICY, replace(POLICY, planner=PEOPLE[1].public_key))
    )
    digests = {terms_digest(mandate) for mandate in (MANDATE, tested, by_key)}
    assert len(digests) == 3
    elsewhere = replace(POLICY, sealed=OwnLocation("/other"), keeper="https://other.example")
    assert terms_digest(replace(MANDATE, decoys=elsewhere)) == terms_digest(tested)
    wider = replace(MANDATE, decoys=replace(POLICY, own=(*POLICY.own, "pirate.example")))
    assert terms_digest(wider) != terms_digest(tested)
    assert "decoys_own         own.example, 192.0.2.0/24" in terms_lines(terms_of(tested))
    lines = [line.split() for line in terms_lines(terms_of(tested))]
    assert ["decoys", KEY] in lines


def test_neither_the_keeper_nor_the_plan_makes_a_host_lawful() -> None:
    """Decoys may stand on the keeper's host, and the watch judges them as it judges others."""
    mandate = replace(MANDATE, decoys=POLICY)
    assert not mandate.is_lawful("keeper.example")
