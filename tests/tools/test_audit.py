"""An audit that asked nobody is not a clean one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import audit
import pins
import pytest

TODAY = date(2026, 11, 28)
PINNED = [("name", "1.0"), ("other", "2.0")]
REASONS = pins.Reasons(compared=TODAY, why={}, licence={}, behind={}, accepted={})
CLEAN = [{"name": name, "version": version, "vulns": []} for name, version in PINNED]
FAULT = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"], "description": ""}
FAULTY = [CLEAN[1], {"name": "name", "version": "1.0", "vulns": [FAULT]}]
SKIPPED = {"name": "name", "skip_reason": "Dependency not found and could not be audited"}


def accepting(advisory: str, pin: str = "name==1.0", until: date = TODAY) -> pins.Reasons:
    return replace(REASONS, accepted={advisory: pins.Accepted(pin=pin, why="x", until=until)})


@pytest.mark.parametrize(
    ("rows", "reasons", "exit_code", "looked_up"),
    [
        (CLEAN, REASONS, 0, 2),
        (FAULTY, REASONS, 1, 2),
        (FAULTY, accepting("PYSEC-1"), 0, 2),
        (FAULTY, accepting("CVE-1"), 0, 2),
        (FAULTY, accepting("CVE-2"), 1, 2),
        (FAULTY, accepting("CVE-1", pin="name==0.9"), 1, 2),
        (FAULTY, accepting("CVE-1", until=date(2026, 11, 27)), 1, 2),
        ([], REASONS, audit.UNKNOWN, 0),
        ([SKIPPED, CLEAN[1]], REASONS, audit.UNKNOWN, 1),
        ([SKIPPED, FAULTY[1]], REASONS, 1, 1),
        ([{**CLEAN[0], "version": "1.1"}, CLEAN[1]], REASONS, audit.UNKNOWN, 1),
    ],
)  # fmt: skip
def test_only_pins_that_were_looked_up_pass(rows, reasons, exit_code, looked_up):
    verdict = audit.judge(PINNED, rows, reasons, today=TODAY)
    assert (verdict.exit_code, verdict.looked_up) == (exit_code, looked_up)


def test_a_service_without_advisories_is_said_to_be_none(capsys):
    def mirror(releases: list[tuple[str, str]]) -> list[dict[str, str]]:
        return [{"name": name, "skip_reason": "not found"} for name, _ in releases]

    assert audit.main(ask=mirror) == audit.UNKNOWN
    assert "NOT AUDITED: no advisories can be reached" in capsys.readouterr().out


def test_a_package_that_two_pythons_want_in_two_versions_is_asked_about_twice():
    batches = audit._batches([("numpy", "2.4.6"), ("numpy", "2.5.5"), ("av", "18")])
    assert batches == [[("numpy", "2.4.6"), ("av", "18")], [("numpy", "2.5.5")]]
