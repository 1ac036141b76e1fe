"""Ask for advisories about every pin, whatever machine or Python it is for.

Exit codes: 0 every pin was looked up and nothing is known but what requirements/pins.toml accepts,
1 an advisory is known that is not accepted, 3 some pin was not looked up. pip-audit by itself exits
0 when the service knows no package at all, as a mirror without advisories answers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pins

UNKNOWN = 3
Release = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What is known about the pins."""

    looked_up: int = 0
    vulnerable: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """A known fault weighs more than an unknown one."""
        return 1 if self.vulnerable else UNKNOWN if self.unknown else 0


def judge(
    pinned: Sequence[Release], rows: Iterable[dict[str, Any]], reasons: pins.Reasons, *, today: date
) -> Verdict:
    """Decide from pip-audit's rows; a pin that no row speaks of was not looked up."""
    verdict = Verdict()
    known: dict[Release, list[dict[str, Any]]] = {}
    for row in rows:
        if "vulns" in row:
            known.setdefault((row["name"], row["version"]), []).extend(row["vulns"])
    for release in pinned:
        pin = "==".join(release)
        if release not in known:
            verdict.unknown.append(pin)
            continue
        verdict.looked_up += 1
        for fault in known[release]:
            names = [fault["id"], *fault.get("aliases", ())]
            fixed = ", ".join(fault.get("fix_versions", ())) or "none"
            line = f"{pin}: {' '.join(names)} (fixed in: {fixed})"
            found = next(
                (reasons.accepted[name] for name in names if name in reasons.accepted), None
            )
            if found is None or found.pin != pin:
                verdict.vulnerable.append(line)
            elif found.until < today:
                verdict.vulnerable.append(f"{line}: accepted until {found.until} only")
            else:
                verdict.accepted.append(f"{line}: {found.why}")
    return verdict


def ask(releases: Sequence[Release], *options: str) -> list[dict[str, Any]]:
    """Return pip-audit's rows; none where no service answers."""
    rows: list[dict[str, Any]] = []
    for batch in _batches(releases):
        with tempfile.TemporaryDirectory() as folder:
            listed = Path(folder) / "pins.txt"
            listed.write_text("".join(f"{name}=={version}\n" for name, version in batch))
            answered = subprocess.run(
                [
                    *(sys.executable, "-m", "pip_audit", "--format", "json", *options),
                    *("--disable-pip", "--no-deps", "--progress-spinner", "off", "-r", str(listed)),
                ],
                capture_output=True,
                text=True,
                check=False,
            )
        try:
            rows += json.loads(answered.stdout)["dependencies"]
        except (ValueError, KeyError):
            reason = answered.stderr.strip().splitlines()[-1:] or ["no answer"]
            print(f"audit: {reason[0]}", file=sys.stderr)
    return rows


def _batches(releases: Iterable[Release]) -> list[list[Release]]:
    """Split so that a package stands once in each: two Pythons may want two versions."""
    batches: list[dict[str, str]] = []
    for name, version in releases:
        for batch in batches:
            if name not in batch:
                batch[name] = version
                break
        else:
            batches.append({name: version})
    return [list(batch.items()) for batch in batches]


def main(
    options: Sequence[str] = (),
    *,
    ask: Callable[..., list[dict[str, Any]]] = ask,
    today: date | None = None,
) -> int:
    """Audit; return the exit code."""
    pinned = pins.releases(pins.read_sets())
    verdict = judge(
        pinned,
        ask(pinned, *options),
        pins.read_reasons(),
        today=today or datetime.now(UTC).date(),
    )
    for line in verdict.vulnerable:
        print(f"VULNERABLE {line}")
    for line in verdict.accepted:
        print(f"accepted   {line}")
    if not verdict.looked_up:
        print("NOT AUDITED: no advisories can be reached from here; nothing is known about any pin")
    elif verdict.unknown:
        print(f"NOT AUDITED, of {len(pinned)} pins: {', '.join(verdict.unknown)}")
    print(
        f"{len(pinned)} pins, {verdict.looked_up} looked up: {len(verdict.vulnerable)} vulnerable,"
        f" {len(verdict.accepted)} accepted, {len(verdict.unknown)} not looked up"
    )
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
