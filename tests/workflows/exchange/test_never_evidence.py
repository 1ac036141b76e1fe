"""What a partner tells changes nothing of a case but what it says of partners."""

from dataclasses import fields, replace
from datetime import timedelta
from functools import partial

import pytest
from tests.console.conftest import filled
from tests.exchange import plain
from tests.exchange.packages import AMBER, NOON

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.exchange.shape import Reading
from cautery.model import Finding, Lever, host_of
from cautery.model.exchange import Item, ItemKind, Package, Relation, RelationKind
from cautery.model.operation import LedCategory, StatementKind
from cautery.model.records import Evaluated, kinds_of
from cautery.model.records.importing import ExchangeImported
from cautery.projections.case import case_records
from cautery.projections.kept import Asked
from cautery.wiring.cases import mapped
from cautery.wiring.kept import kept_case
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import open_case
from cautery.workflows.case.report import write_report
from cautery.workflows.case.report_view import report_view
from cautery.workflows.exchange.of_watch import of_watch
from cautery.workflows.exchange.reading import ReadFile
from cautery.workflows.exchange.take_in import take_in

A1 = Evaluated(source="A", accuracy=1)
"""The best that there is: it makes no evidence either."""
_OF_THE_LEDGER = {"ledger", "told", "made_at", "sealed", "exhibits"}
"""Parts of the report that count all records and exhibits."""


@pytest.fixture
def case(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    store = FolderStore(KeyFolder(tmp_path / "keys"), patience_s=0.1)
    opened = open_case(tmp_path / "case", store=store, clock=FixedClock(NOON))
    filled(opened, streams=18)
    yield opened
    opened.leave()


def accusing(case):
    """Return a package that accuses every host of a case, the licensed ones, too, and its graph."""
    by = "example-league"
    streams = [
        entry.content.url.text
        for entry in case.ledger.read()
        if hasattr(getattr(entry.content, "url", None), "text")
    ]
    assert streams
    urls = sorted(set(streams))
    hosts = sorted({host_of(url) for url in urls})
    one = partial(
        Item, by=by, marking=AMBER, at=NOON, statement=StatementKind.FACT, confidence=100,
        probability=1.0, log10_lr=300.0,
    )  # fmt: skip
    network = one(kind=ItemKind.NETWORK, id="network-1", name="The boss")
    accused = [
        *(one(kind=ItemKind.STREAM, id=url, finding=Finding.PROVEN) for url in urls),
        *(one(kind=ItemKind.HOST, id=host, role="panel") for host in hosts),
    ]
    blocks = [
        one(
            kind=ItemKind.BLOCK, id=host, lever=Lever.NAME, order="order-1", territory="IT",
            valid_from=NOON, valid_until=NOON + timedelta(days=900),
        )
        for host in hosts
    ]  # fmt: skip
    boss = one(kind=ItemKind.PERSON, id="P-boss", category=LedCategory.SUSPECT)
    order = one(kind=ItemKind.ORDER, id="order-1", text="Block all of them.")
    return Package(
        id="accusation", name="Block them", by=by, made_at=NOON, marking=AMBER,
        items=(network, boss, order, *accused, *blocks),
        relations=tuple(
            Relation(
                kind=RelationKind.PART_OF, source=item.key, target=network.key, marking=AMBER,
                at=NOON, probability=1.0,
            )
            for item in accused
        ),
    )  # fmt: skip


def what_the_case_says(case):
    """Return all that is computed of a case: its report, streams, map, acts and plan."""
    view = report_view(case.ledger.read(), case.vault.read, at=NOON)
    said = {
        each.name: repr(getattr(view, each.name))
        for each in fields(view)
        if each.name not in _OF_THE_LEDGER
    }
    records = case_records(case.ledger.read())
    said |= {
        f"acts.{name}": repr(getattr(records.acts, name)) for name in ("graph", "plan", "referrals")
    }
    said["export"] = repr(of_watch(case.ledger, at=NOON).package)
    said["map"] = repr(mapped(case.path))
    kept = kept_case(case.path)
    try:
        while kept.catch_up(most=10_000) < case.ledger.size():
            pass
        said["streams"] = repr(kept.streams(Asked(limit=100)).rows)
    finally:
        kept.close()
    return said


def test_a_file_that_accuses_everybody_changes_no_figure(case):
    before = what_the_case_says(case)
    package = accusing(case)
    read = ReadFile(
        file="accusation.json", raw=b"accusation", format=plain.FORMAT,
        reading=Reading(package=package),
    )  # fmt: skip
    imported = take_in(case, read, source="Liga", evaluation=A1).imported
    after = what_the_case_says(case)

    assert imported.total > 20
    assert set(before) >= {"streams", "map", "graph", "plan", "referrals", "estimates", "lists"}
    for name, said in before.items():
        assert after[name] == said, name


def test_the_report_tells_of_it_in_one_section_alone(case):
    before = write_report(case.ledger, case.vault, at=NOON)
    package = replace(accusing(case), name="A very special name")
    read = ReadFile(
        file="accusation.json", raw=b"accusation", format=plain.FORMAT,
        reading=Reading(package=package),
    )  # fmt: skip
    take_in(case, read, source="Liga Speciale", evaluation=A1)
    after = write_report(case.ledger, case.vault, at=NOON)

    start = after.index('<section class="new" id="told">')
    end = after.index("</section>", start)
    section, rest = after[start:end], after[:start] + after[end:]
    assert "Told by partners" not in before
    assert "Liga Speciale" in section
    assert "A1" in section
    assert "What partners tell is not evidence" in section
    assert "Liga Speciale" not in rest
    assert "boss" not in after
    # Only counts of records and exhibits, and the root over them, differ elsewhere.
    changed = set(rest.splitlines()) - set(before.splitlines())
    assert len(changed) <= 12, changed


def test_the_kind_is_known_and_the_case_closes_with_it(case):
    read = ReadFile(
        file="accusation.json", raw=b"accusation", format=plain.FORMAT,
        reading=Reading(package=accusing(case)),
    )  # fmt: skip
    take_in(case, read, source="Liga", evaluation=A1)

    case.write("report.html", write_report(case.ledger, case.vault, at=NOON).encode())
    close_case(case, at=NOON)
    assert kinds_of(ExchangeImported) == ("exchange.imported",)
