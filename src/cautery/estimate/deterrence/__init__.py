"""Deterrence: what studies measured after such acts, beside what was measured here.

A study's figure is no measurement of this case: the two stand in tables of their own.

Examples
--------
>>> from cautery.estimate.deterrence import Act, expected
>>> [(finding.low, finding.high) for finding in expected(Act(kind="takedown", wave=2, units=13))
...  if finding.quantity == "attacks-all"]
[(-0.05, 0.05)]
"""

from cautery.estimate.deterrence.findings import (
    KINDS,
    Act,
    Finding,
    expected,
    findings,
    in_words,
    not_studied,
)

__all__ = ["KINDS", "Act", "Finding", "expected", "findings", "in_words", "not_studied"]
