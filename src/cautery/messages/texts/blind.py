"""Words of blind tests: what decoys are, how their trials end, what becomes worse."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    "decoy-kind.own-stream": "own stream",
    "decoy-kind.other-match": "another match",
    "decoy-kind.highlights": "highlights",
    "decoy-kind.last-year": "last year's match",
    "decoy-kind.fan-talk": "a fan talks over a still picture",
    "decoy-kind.partner": "licensed partner",
    "trial-end.caught": "caught",
    "trial-end.missed": "missed",
    "trial-end.accused": "accused",
    "trial-end.cleared": "left alone",
    "trial-end.not-looked-at": "not looked at",
    "trial-end.cut-short": "opened before it was decided",
    "drifting.missed": "more own streams are missed",
    "drifting.accused": "more innocents are accused",
    "drifting.licensee-wrong": "more licensees are named wrong",
    "drifting.slower": "detection takes longer",
    "uncounted.broken": "it is not closed, or not as it was signed",
    "uncounted.strange-key": "none of the given keys has signed it",
    "uncounted.other-holder": "it is of another organisation",
    "uncounted.lab": "one is of the lab, and the other is not",
    "spread.robust": "nights as clusters (CR2, Student's t)",
    "spread.smaller-sample": "nights as clusters (effective sample, Korn and Graubard)",
}
