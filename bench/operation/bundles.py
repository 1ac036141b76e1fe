"""A bundle is the same bytes whatever is hidden from its recipient: 1,000 random changes.

The intelligence of a lab operation is what one desk holds. For a random recipient, facts that are
hidden from it are edited, added, removed, reordered, marked or addressed otherwise, and who else
was named on what it does see; the bundle is made anew and compared, byte by byte. Then the same
through the ledger of a case, where facts can only appear: statements, persons kept and erased,
bundles to others. Goal: byte-identical, always.

    python bench/operation/bundles.py [CHANGES] [SEED]
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.lab.operations import build_world
from cautery.model import (
    Agency,
    AgencyRole,
    LedCategory,
    Operation,
    Person,
    Statement,
    StatementKind,
    Tlp,
)
from cautery.operation.bundle import NotedStatement, bundle_for
from cautery.operation.sharing import releasable
from cautery.operation.signed import recipients_of, text_of_statement
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.holdings import own_statements
from cautery.workflows.operation.outcomes import erase_person
from cautery.workflows.operation.persons import register_person
from cautery.workflows.operation.share import add_statements, share

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SCALE = 0.01
MOST = 600  # statements at the desk: a bundle of a few hundred is made in hundredths of a second
LEDGER_SHARE = 10  # one change in ten is also made through the ledger: it writes to disk


def hidden_change(
    rows: list[Statement], *, to: Agency, by: Agency, operation: Operation, rng: np.random.Generator
) -> list[Statement]:
    """Return what a desk holds after one random change of what ``to`` may not see."""
    hidden = [
        place
        for place, one in enumerate(rows)
        if not releasable(one, to=to, operation=operation, by=by.id)
    ]
    rows = list(rows)
    kind = int(rng.integers(6)) if hidden else 4
    place = int(rng.choice(hidden)) if hidden else 0
    others = [one.id for one in operation.agencies if one.id not in (to.id, by.id)]
    if kind == 0:
        rows[place] = _edited(rows[place], rng)
    elif kind == 1:
        rows.append(replace(_edited(rows[place], rng), id=rng.bytes(16).hex()))
    elif kind == 2:
        del rows[place]
    elif kind == 3:
        named = frozenset(rng.choice(others, size=2).tolist())
        rows[place] = replace(rows[place], to=named)
    elif kind == 4:
        seen = int(rng.integers(len(rows)))
        if rows[seen].to:  # somebody else is named on what the recipient may see
            rows[seen] = replace(rows[seen], to=rows[seen].to | {str(rng.choice(others))})
    else:  # a hidden statement claims to correct one that is seen
        seen = int(rng.integers(len(rows)))
        rows[place] = replace(rows[place], details={"corrects": rows[seen].id})
        if rows[seen].by != rows[place].by:
            rows[place] = replace(rows[place], by=rows[seen].by, to=frozenset({others[0]}))
    if kind in {0, 1, 5}:
        # What an edit lays open is no hidden fact any more (a person's name taken out of a link,
        # say, lets industry see it): such an edit is made under a marking that hides it.
        changed = len(rows) - 1 if kind == 1 else place
        if releasable(rows[changed], to=to, operation=operation, by=by.id):
            red = replace(rows[changed].marking, tlp=Tlp.RED)
            rows[changed] = replace(rows[changed], marking=red, to=frozenset({others[0]}))
    return [rows[one] for one in rng.permutation(len(rows)).tolist()]


def _noted(one: Statement, operation: Operation) -> NotedStatement:
    """Return a statement with the texts that its provider would sign."""
    notes = {
        to: str(text_of_statement(one, operation=operation.id, to=to)) for to in recipients_of(one)
    }
    return NotedStatement(statement=one, notes=notes)


def _edited(one: Statement, rng: np.random.Generator) -> Statement:
    """Return another statement under the same marking and names."""
    return replace(
        one,
        text=f"edited {rng.bytes(int(rng.integers(1, 40))).hex()}",
        subject=f"host:{rng.bytes(4).hex()}.example",
        kind=StatementKind.ASSESSMENT,
        at=one.at + timedelta(seconds=int(rng.integers(1, 10**6))),
        details={"n": int(rng.integers(10**6))},
    )


def ledger_change(desk: Desk, to: Agency, turn: int, rng: np.random.Generator) -> None:
    """Let something appear in a case that ``to`` may not see."""
    others = [one.id for one in desk.operation.agencies if one.id not in (to.id, desk.agency.id)]
    own = list(own_statements(desk))
    base = own[int(rng.integers(len(own)))]
    marking = replace(base.marking, tlp=Tlp.RED)
    kind = turn % 3
    if kind == 0:
        named = frozenset({str(rng.choice(others))})
        add_statements(desk, [replace(_edited(base, rng), marking=marking, to=named)], at=NOW)
    elif kind == 1:
        share(desk, str(rng.choice(others)), at=NOW)
    else:
        pseudonym = f"P-{rng.bytes(6).hex()}"
        person = Person(
            pseudonym=pseudonym,
            category=LedCategory.SUSPECT,
            kind=StatementKind.ASSESSMENT,
            role="reseller",
            marking=marking,
            review_at=NOW.date() + timedelta(30),
            erase_at=NOW.date() + timedelta(60),
        )
        register_person(desk, f"Invented {turn}", person)
        erase_person(PersonFile.of(desk), pseudonym, by="bench", why="bench", at=NOW)


def measure(changes: int, seed: int) -> tuple[int, int, int, float]:
    """Return changes made, of them through the ledger, bundles that differ, and seconds."""
    world = build_world("taken-down", seed=seed, scale=SCALE)
    lead = next(one for one in world.agencies if one.role is AgencyRole.LEAD)
    operation = Operation(
        id="bench",
        name="bench",
        agencies=world.agencies,
        legal_basis="none: a bench",
        opened_at=NOW,
        lab=True,
    )
    recipients = [one for one in world.agencies if one.id != lead.id]
    rng = np.random.default_rng(seed)
    rows = list(world.intelligence)[:MOST]  # own and received alike
    begun = time.perf_counter()
    differ = through = 0
    with tempfile.TemporaryDirectory() as folder:
        desk = open_desk(
            Path(folder) / "case",
            store=FolderStore(KeyFolder(Path(folder) / "keys")),
            clock=FixedClock(NOW),
            operation=operation,
            agency=lead.id,
        )
        add_statements(desk, [one for one in rows if one.by == lead.id], at=NOW)
        for turn in range(changes):
            to = recipients[int(rng.integers(len(recipients)))]
            if turn % LEDGER_SHARE == 0:
                through += 1
                before = share(desk, to.id, at=NOW, everything=True)
                ledger_change(desk, to, turn // LEDGER_SHARE, rng)
                differ += share(desk, to.id, at=NOW, everything=True) != before
                continue
            after = hidden_change(rows, to=to, by=lead, operation=operation, rng=rng)
            bundles = {
                bundle_for(
                    (_noted(one, operation) for one in held),
                    to=to,
                    by=lead,
                    operation=operation,
                    at=NOW,
                ).to_bytes()
                for held in (rows, after)
            }
            differ += len(bundles) - 1
            rows = after  # changes pile up
        desk.leave()
    return changes, through, differ, time.perf_counter() - begun


def main() -> int:
    """Print how many changed bundles differ: none may."""
    changes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    made, through, differ, seconds = measure(changes, seed)
    print(f"{made} changes of hidden facts, {through} of them through a ledger, {seconds:.0f} s")
    print(f"bundles that differ: {differ} (goal: 0)")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())
