"""``cautery mandate`` as its writer runs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cautery.cli.mandate_new import answer_all
from cautery.errors import InputError
from cautery.wiring import watching
from cautery.workflows.mandate.draft import Draft

Cautery = Callable[..., Any]
MANDATE = """\
[mandate]
id = "m"
who = "Example League"
regime = "gdpr"
legal_basis = "rights"
start = 2026-01-01T00:00:00Z
end = 2999-01-01T00:00:00Z
territories = ["FR"]
[[event]]
id = "match"
name = "Home v Away"
kick_off = 2998-11-24T20:45:00Z
clean_feed = "https://feeds.example/k/t0psecret/clean.m3u8"
collateral_budget = 7
[[channel]]
id = "fr"
names = ["Sport 1"]
event = "match"
reference = "https://feeds.example/k/t0psecret/clean.m3u8"
[[work]]
id = "own-1"
title = "A Film"
reference = "film.ts"
[[partner]]
name = "Lawful Partner"
hosts = ["partner.example"]
channels = ["fr"]
[[order]]
id = "TJ-1"
authority = "Tribunal"
territory = "FR"
start = 2026-08-01T00:00:00Z
end = 2999-01-01T00:00:00Z
targets_rule = "services of the match"
[[approver]]
name = "A. Legal"
role = "legal"
public_key = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
[[source]]
url = "http://lists.example/all.m3u"
kind = "m3u"
vantages = ["home"]
[[vantage]]
name = "home"
country = "FR"
proxy = "http://us:t0psecret@proxy.example:3128"
[[intermediary]]
name = "Provider"
territory = "FR"
list_url = "https://us:t0psecret@provider.example/list"
[network]
rate_per_host = 2.5
"""


@pytest.fixture
def mandate(tmp_path: Path) -> Path:
    (tmp_path / "film.ts").touch()
    path = tmp_path / "mandate.toml"
    path.write_text(MANDATE)
    return path


def test_show_prints_every_table_that_is_in_force_and_no_secret(
    cautery: Cautery, mandate: Path
) -> None:
    for_people, for_machines = (
        cautery("mandate", "show", mandate),
        cautery("mandate", "show", mandate, "--json"),
    )
    rows = [json.loads(line) for line in for_machines.out.splitlines()]
    tables = [next(iter(row)) for row in rows]
    assert tables == [
        "event", "channel", "work", "partner", "source", "vantage", "order", "intermediary",
        "approver", "user_agent", *["warning"] * tables.count("warning"), "mandate",
    ]  # fmt: skip
    said = for_people.out + for_people.err
    for written in (
        "Home v Away", "2998-11-24 20:45 UTC", "Sport 1", "A Film", "film.ts", "partner.example",
        "services of the match", "A. Legal", "provider.example", "home", "2.5", "rights", "7",
    ):  # fmt: skip
        assert written in said
    assert "t0psecret" not in said + for_machines.out + for_machines.err


def test_show_prints_a_mandate_that_has_ended_with_a_warning(
    cautery: Cautery, mandate: Path
) -> None:
    mandate.write_text(MANDATE.replace("end = 2999-01-01", "end = 2026-02-01", 1))
    shown = cautery("mandate", "show", mandate)
    assert shown.code == 0
    assert "warning: the window of this mandate ended at 2026-02-01 00:00 UTC" in shown.err
    assert "Sport 1" in shown.out + shown.err
    assert "before now" in cautery("mandate", "check", mandate).err


def test_show_and_watch_warn_of_what_the_mandate_switches_off(
    cautery: Cautery, mandate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def never(*_: object, **__: object) -> Path:
        raise InputError("not in this test")

    monkeypatch.setattr(watching, "watch", never)
    rows = [
        json.loads(line) for line in cautery("mandate", "show", mandate, "--json").out.splitlines()
    ]
    warnings = {row["warning"]: row["text"] for row in rows if "warning" in row}
    assert {*warnings} == {
        "gap.no-facts", "gap.clean-feed-as-reference", "gap.no-licensee", "gap.approvers",
        "gap.no-proxy", "gap.unconfirmed", "gap.particulars", "gap.no-standing-order", "gap.closes",
    }  # fmt: skip
    watch = ("watch", "--case", tmp_path / "case")
    for command in (("mandate", "show"), watch, (*watch, "--json")):
        said = cautery(*command, mandate).err
        assert all(f"warning: {text}" in said for text in warnings.values())
    assert cautery(*watch, "--json", mandate).out == ""  # that is for records


SCRIPT = (
    "--who", "Example League", "--regime", "gdpr", "--legal-basis", "rights", "--territory", "FR",
    "--territory", "IT", "--start", "2026-11-24T20:30Z", "--end", "2999-11-24T23:00Z",
    "--event", 'id = "match", name = "Home v Away", kick_off = 2998-11-24T20:45:00Z',
    "--source", 'url = "http://lists.example/all.m3u", kind = "m3u"',
)  # fmt: skip


def test_new_writes_by_options_what_show_reads_and_says_what_comes_next(
    cautery: Cautery, tmp_path: Path
) -> None:
    path = tmp_path / "night.toml"
    ended = cautery("mandate", "new", path, *SCRIPT)
    assert ended.code == 0
    shown = [
        json.loads(line) for line in cautery("mandate", "show", path, "--json").out.splitlines()
    ]
    assert shown[-1]["mandate"] == "night"
    assert shown[-1]["territories"] == ["FR", "IT"]
    assert [row["event"] for row in shown if "event" in row] == ["match"]
    assert path.stat().st_mode & 0o777 == 0o600
    for next_command in ("show", "sign", "check"):
        assert f"cautery mandate {next_command} {path}" in ended.err
    assert f"cautery watch {path}" in ended.err
    assert "warning: no facts folder is set" in ended.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (SCRIPT[2:], "a mandate needs --who"),
        ((), "a mandate needs --who, --regime, --start, --end, --territory"),
        (SCRIPT[:-4], "names no event, channel or work"),
        ((*SCRIPT, "--order", "id = x"), "--order 'id = x': not TOML"),
        ((*SCRIPT, "--channel", 'id = "fr"'), "channel.names: 'names' is missing"),
        ((*SCRIPT, "--facts", "nowhere"), "network.facts: no such folder: nowhere"),
    ],
)
def test_new_writes_nothing_that_would_be_refused(
    cautery: Cautery, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "night.toml"
    ended = cautery("mandate", "new", path, *options)
    assert ended.code == 2
    assert said in ended.err
    assert not path.exists()


def test_new_replaces_nothing_without_force_and_no_signed_mandate_at_all(
    cautery: Cautery, mandate: Path
) -> None:
    kept = cautery("mandate", "new", mandate, *SCRIPT)
    assert (kept.code, mandate.read_text()) == (2, MANDATE)
    mandate.with_name("mandate.toml.signatures").write_text("a signature")
    signed = cautery("mandate", "new", mandate, *SCRIPT, "--force")
    assert (signed.code, mandate.read_text()) == (2, MANDATE)
    mandate.with_name("mandate.toml.signatures").unlink()
    assert cautery("mandate", "new", mandate, *SCRIPT, "--force").code == 0
    assert 'who = "Example League"' in mandate.read_text()


class Person:
    """Somebody who answers questions by their key, the first answer first."""

    def __init__(self, answers: list[tuple[str, str]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, question: str, default: str) -> str:
        name = re.split(r" \[|\?", question.strip())[0]
        self.asked.append(name)
        assert len(self.asked) < 200, "asked without end"
        for at, (key, answer) in enumerate(self.answers):
            if key == name:
                del self.answers[at]
                return answer
        return default


def test_new_asks_again_until_an_answer_can_stand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "facts").mkdir()
    draft = Draft(path=tmp_path / "night.toml", now=datetime(2026, 11, 24, tzinfo=UTC))
    person = Person(
        [
            ("id", "night"), ("who", "Example League"), ("regime", "police"), ("regime", "GDPR"),
            ("legal_basis", "rights"), ("territories", "fr"), ("start", "2026-11-24T20:30Z"),
            ("end", "2026-11-24T20:00Z"), ("end", "2026-11-24T23:00Z"),
            ("Add an event", "n"), ("Add an event", "y"), ("id", ""), ("id", "match"),
            ("name", "Home v Away"), ("kick_off", "2026-11-24T20:45Z"),
            ("clean_feed", "http://feeds.example/c"), ("clean_feed", "https://feeds.example/c"),
            ("Add a source", "y"), ("url", "http://lists.example/all.m3u"), ("kind", "list"),
            ("kind", "m3u"), ("facts", "nowhere"), ("facts", "facts"),
        ]
    )  # fmt: skip
    answer_all(draft, person)
    read = draft.mandate()
    assert (read.id, read.who, read.territories) == ("night", "Example League", ("FR",))
    assert [event.id for event in read.events] == ["match"]
    assert person.answers == []
    said = capsys.readouterr().err
    for fault in (
        "'gdpr' or 'led'", "is not after the start", "A watch needs an event", "plain http",
        "unknown reader", "no such folder: nowhere",
    ):  # fmt: skip
        assert fault in said
    assert person.asked.count("who") == 1


def test_new_asks_for_what_the_country_of_an_order_needs(tmp_path: Path) -> None:
    draft = Draft(path=tmp_path / "night.toml", now=datetime(2026, 11, 24, tzinfo=UTC))
    person = Person(
        [
            ("who", "Example League"), ("regime", "gdpr"), ("legal_basis", "rights"),
            ("territories", "FR, IT"), ("start", "2026-11-24T20:30Z"), ("end", "2026-11-24T23:00Z"),
            ("Add an event", "y"), ("id", "night"), ("id", "match"), ("name", "Home v Away"),
            ("kick_off", "2026-11-24T20:45Z"),
            ("Add a court order", "y"), ("id", "TJ-1"), ("authority", "Tribunal"),
            ("territory", "fr"), ("kind", ""), ("targets_rule", "services"), ("start", "2026-08-01T00:00Z"),
            ("end", "2027-08-01T00:00Z"), ("days", "2026-11-24, 2026-11-25"), ("agent", "12"),
            ("calendar", "Ligue 1"), ("Add another court order", "y"), ("id", "AGCOM-1"),
            ("authority", "AGCOM"), ("territory", "IT"), ("kind", "standing"),
            ("targets_rule", "sites"), ("start", "2026-08-01T00:00Z"),
        ]
    )  # fmt: skip
    answer_all(draft, person)
    live, standing = draft.mandate().orders
    assert [day.day for day in live.days] == [24, 25]
    assert live.particulars == {"agent": "12", "calendar": "Ligue 1"}
    assert (standing.kind.value, standing.particulars) == ("standing", {})
    assert person.answers == []
    assert {"method", "reporter", "declared"} <= set(person.asked)
    assert person.asked.count("days") == 1


def test_rules_lists_what_acts_rest_on_with_sources(cautery: Cautery, mandate: Path) -> None:
    rows = [
        json.loads(line)
        for line in cautery("mandate", "rules", "--territory", "it", "--json").out.splitlines()
    ]
    assert {row["territory"] for row in rows} == {"IT"}
    assert {row["rule"]: row["source"] for row in rows}["it-93-2023"] == "S19"
    of_the_mandate = cautery("mandate", "rules", mandate).out
    assert "fr-l333-10" in of_the_mandate
    assert "it-93-2023" not in of_the_mandate
    assert "the official calendar of the competition" in of_the_mandate
    assert "dsa-5-caching" in of_the_mandate  # a notice rests on it
    assert cautery("mandate", "rules", "--territory", "Italy").code == 2


def test_a_rule_is_confirmed_by_the_digest_that_rules_shows(
    cautery: Cautery, mandate: Path, tmp_path: Path
) -> None:
    key = tmp_path / "legal.pem"
    public = cautery("keys", "new", key).out
    mandate.write_text(
        re.sub(r"public_key = .*\n", public, MANDATE).replace(
            'territory = "FR"', 'territory = "DE"'
        )
    )
    rows = map(json.loads, cautery("mandate", "rules", mandate, "--json").out.splitlines())
    digests = {row["rule"]: row["digest"] for row in rows}
    digest = digests["de-live"]
    asked = (
        *("mandate", "confirm", mandate, "de-live", "--source", "UrhG, section 97, read today"),
        *("--as", "A. Legal", "--key", key),
    )
    unseen = cautery(*asked)
    other = cautery(*asked, "--digest", digest.replace(digest[-4:], "0000"))
    assert (unseen.code, other.code) == (1, 1)
    assert f"--digest {digest}" in unseen.err
    assert cautery(*asked, "--digest", digest).code == 0
    for rule in ("de-decide-live", "de-stale-live-address"):
        ours = ("--source", "minutes of 3 November", "--digest", digests[rule])
        assert cautery(*(rule if word == "de-live" else word for word in asked), *ours).code == 0
    assert "A. Legal: UrhG, section 97, read today" in cautery("mandate", "rules", mandate).out
    rows = [
        json.loads(line) for line in cautery("mandate", "show", mandate, "--json").out.splitlines()
    ]
    assert [row["confirmed_rule"] for row in rows if "confirmed_rule" in row] == [
        *("de-live", "de-decide-live", "de-stale-live-address")
    ]
    assert "gap.unconfirmed" not in {row.get("warning") for row in rows}


def test_new_names_the_command_that_the_mandate_is_for(cautery: Cautery, tmp_path: Path) -> None:
    seized = cautery(
        *("mandate", "new", tmp_path / "led.toml", "--who", "Police", "--regime", "led"),
        *("--legal-basis", "decree 1", "--territory", "IT", "--start", "2026-11-03T00:00Z"),
        *("--end", "2999-05-03T00:00Z"),
    )
    assert f"cautery seized take FILES --mandate {tmp_path / 'led.toml'}" in seized.err
    assert "cautery watch" not in seized.err
    fetched = cautery(
        *("mandate", "new", tmp_path / "night.toml", *SCRIPT),
        *("--intermediary", 'name = "isp", territory = "FR"'),
    )
    assert "--case cases/night --publish public/night" in fetched.err
