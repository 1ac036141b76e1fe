"""The demonstration is the acceptance test: how right it is, on any seed.

``CAUTERY_DEMO_SEEDS="2 7"`` runs it on other seeds, too.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.exchange.validators import FAULTS

from cautery.exchange.catalogue import format_named
from cautery.lab.decoys import LOOK_ALIKES, OWN_STREAMS
from cautery.model.exchange import Package
from cautery.wiring.cases import reading
from cautery.workflows.exchange.of_watch import of_watch

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

SEEDS = [int(one) for one in os.environ.get("CAUTERY_DEMO_SEEDS", "1").split()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """One run of ``cautery demo --json``."""

    code: int
    out: str
    said: str
    most_mb: float

    @property
    def score(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return body

    @property
    def report(self) -> Path:
        return Path(self.score["case"]) / "report.html"


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed {seed}")
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "cautery", "demo", "--seed", str(request.param), "--json"]
    command += ["--folder", str(folder)]
    # A process begins with the peak of the one that forked it, and this one may have grown: a small
    # one stands between, and weighs the largest of its children alone.
    begin = (
        "import resource, subprocess, sys\n"
        f"code = subprocess.run({command!r}, check=False).returncode\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)\n"
        "sys.exit(code)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", begin],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said: list[str] = []
        assert process.stderr is not None
        assert process.stdout is not None
        talk = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
        talk.start()
        out = process.stdout.read()
        talk.join(30)
        code = process.wait()
    out, _, most_mb = out.rstrip().rpartition("\n")
    return Demo(code=code, out=out, said="".join(said), most_mb=float(most_mb))


def test_it_ends_well_and_its_last_line_is_the_scoreboard(demo: Demo) -> None:
    assert demo.code == 0, demo.said[-2000:]
    assert set(demo.score) == {
        "recall",
        "precision",
        "false_accusations",
        "bystanders_hit",
        "time_to_detection_s",
        "time_to_dark_s",
        "networks_bcubed",
        "licensee_accuracy",
        "looked_at",
        "late",
        "machine",
        "loop",
        "blind",
        "verified",
        "case",
    }


def test_it_says_what_it_does_from_the_start_and_never_shows_a_traceback(demo: Demo) -> None:
    assert "Traceback" not in demo.said
    assert "the lab is running" in demo.said


def test_its_decoys_are_revealed_and_the_blind_test_is_the_truth(demo: Demo) -> None:
    blind = demo.score["blind"]
    assert blind["disagrees"] == []
    assert blind["accused"] == blind["hit"] == 0
    assert (blind["own"], blind["look_alikes"]) == (OWN_STREAMS, LOOK_ALIKES)
    assert "the blind test agrees with the lab's truth" in demo.said


def test_it_finds_nearly_all_that_is_re_broadcast(demo: Demo) -> None:
    # Wanted is 0.95, which bench/watch/demo_seeds.py shows on a quiet machine. One that is too slow
    # for all streams misses some that vanish, and the watch says that it was late: a test is no clock.
    least = 0.9 if demo.score["late"] is None else 0.5
    assert demo.score["recall"] >= least, demo.score["late"]


def test_it_accuses_nobody_wrongly(demo: Demo) -> None:
    assert demo.score["precision"] == 1.0
    assert demo.score["false_accusations"] == 0


def test_it_hits_no_bystander(demo: Demo) -> None:
    assert demo.score["bystanders_hit"] == 0


def test_time_to_detection_is_counted_from_the_appearance_in_a_source(demo: Demo) -> None:
    # How fast it is stands in bench/RESULTS.md: speed is not a test.
    times = demo.score["time_to_detection_s"]
    longest = 60.0 if times["max"] is None else times["max"]  # one may be missed: see above
    assert 0 < times["median"] <= longest <= 60.0


def test_it_measures_the_machine_and_says_whether_its_figures_mean_something(demo: Demo) -> None:
    machine = demo.score["machine"]
    assert machine["enough"] == (machine["has_cores"] >= machine["needs_cores"])
    assert ("its figures will have no meaning" in demo.said) == (not machine["enough"])


def test_its_own_probe_sees_streams_go_dark(demo: Demo) -> None:
    assert demo.score["time_to_dark_s"]["median"] is not None


def test_it_groups_the_hosts_as_the_criminals_do(demo: Demo) -> None:
    assert demo.score["networks_bcubed"] >= 0.90


def test_it_names_the_licensee_whose_feed_was_taken(demo: Demo) -> None:
    assert demo.score["licensee_accuracy"] >= 0.95


def test_its_case_verifies(demo: Demo) -> None:
    assert demo.score["verified"] is True


@pytest.fixture(scope="module")
def leaves(demo: Demo) -> Package:
    """What leaves of the case for partners."""
    with reading(Path(demo.score["case"])) as case:
        return of_watch(case.ledger, at=datetime.now(UTC)).package


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_what_leaves_of_its_case_has_no_fault_for_the_validators_of_the_field(
    leaves: Package, name: str, tmp_path: Path
) -> None:
    assert leaves.items
    assert FAULTS[name](b"".join(format_named(name).write(leaves)), tmp_path) == []


def test_it_stays_below_1500_mb(demo: Demo) -> None:
    assert 50 < demo.most_mb < 1500


def test_the_report_loads_nothing_and_is_stamped_as_the_labs(demo: Demo) -> None:
    page = _Page()
    text = demo.report.read_text(encoding="utf-8")
    page.feed(text)
    assert page.loads == []
    assert not re.search(r"@import|url\((?!['\"]?(?:data:|#))", "".join(page.styles))
    assert page.pictures > 2, "pairs of frames are in it"
    assert "LAB" in text


class _Page(HTMLParser):
    """Notes whatever would be loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.styles: list[str] = []
        self.pictures = 0
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        held = dict(attrs)
        self.pictures += tag == "img"
        names = ("src", "srcset", "data", "poster") + (() if tag == "a" else ("href",))
        for name in names:
            value = held.get(name) or ""
            if value and not value.startswith(("data:", "#")):
                self.loads.append(f"{tag} {value}")
        self.styles.append(held.get("style") or "")

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles.append(data)
