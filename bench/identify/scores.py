"""Fit what scores are worth, and write src/cautery/identify/error_rates.toml.

``--cases FILE`` takes probes that were asked elsewhere (``bench/identify/run.py``, and
``bench/identify/joint.py`` of sound and pictures at once), one JSON object a line: kind, group
(``fit`` or ``test``), truth, score, right, probe_s, disguise, references. What is not measured anew
stays as it is. Run: python bench/identify/scores.py --cases scores.jsonl
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from fit import (
    JOINT,
    VIEW_HANDICAPS,
    borrowed,
    calibration,
    fitted,
    joint,
    joint_rates,
    lengths_of,
    rates,
    read_cases,
    spread,
    written,
)

from cautery.identify.likelihood import tail

OUT = Path(__file__).parents[2] / "src/cautery/identify/error_rates.toml"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, nargs="+", required=True, help="JSON lines of probes")
    parser.add_argument("--dry-run", action="store_true", help="print, write nothing")
    asked = parser.parse_args()
    cases = [one for path in asked.cases for one in read_cases(path)]
    source = f"bench/identify/scores.py, {datetime.now(UTC).date().isoformat()}"
    tails, published = {}, []
    for kind in ("sound", "picture"):
        for name, mine in sorted(lengths_of(cases, kind).items()):
            tails[name] = (
                borrowed(mine, tail(kind, mine[0].probe_s), VIEW_HANDICAPS[name])
                if name in VIEW_HANDICAPS
                else fitted(mine)
            )
            error, true, false = calibration(mine, tails[name])
            print(f"{name}: {tails[name]}, cap {tails[name].cap:.2f}; "
                  f"calibration error {error:.4f} ({true} true, {false} false)")  # fmt: skip
            for line in [] if name in VIEW_HANDICAPS else spread(mine):
                print(f"{name}: {line}")
            published += rates(mine, tails[name], name, source)
    trials = {}
    for name, mine in sorted(lengths_of(cases, JOINT).items()):
        trials[name] = joint(mine)
        print(f"{name}: {trials[name]}, cap {trials[name].cap:.2f}")
        published += joint_rates(mine, trials[name], source)
    text = written(tails, published, OUT.read_text(encoding="utf-8"), source, trials)
    if (tails or trials) and not asked.dry_run:
        OUT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
