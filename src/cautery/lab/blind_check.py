"""Holds the account of a blind test against the lab's truth, by the scoreboard's own rules.

Both start from the same ledger and share nothing else: the account opens leaves and follows
records, the scoreboard has the planner's plan. Where they differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cautery.lab.decoys import decoys_of
from cautery.lab.scoreboard import score, stream_key
from cautery.model import Entry, RedactedUrl, Verdict
from cautery.model.blind import NightAccount, TrialEnd
from cautery.model.records import DecoyRevealed, ProbeDone


def blind_figures(
    account: NightAccount | None, truth: Mapping[str, Any], entries: Sequence[Entry]
) -> dict[str, Any] | None:
    """Return what the line of ``demo --json`` has of a blind test; ``None``: there was none."""
    if account is None:
        return None
    counts = account.counts
    return {
        "own": counts.own,
        "look_alikes": counts.look_alikes,
        "missed": counts.missed.part,
        "accused": counts.accused.part,
        "not_looked_at": counts.own_unseen + counts.look_alikes_unseen,
        "cut_short": counts.cut_short,
        "licensee_right": [counts.licensee_right.part, counts.licensee_right.whole],
        "hit": counts.hit.part,
        "median_s": counts.median_s,
        "disagrees": disagreements(account, truth, entries),
    }


def disagreements(
    account: NightAccount, truth: Mapping[str, Any], entries: Sequence[Entry]
) -> list[str]:
    """Return in which the account of a night and the lab's truth differ; empty: they agree.

    Parameters
    ----------
    truth : Mapping
        That of the run, with its decoys.
    entries : sequence of Entry
        The whole ledger.
    """
    alone = decoys_of(truth)
    ids = {stream_key(stream["url"]): stream["id"] for stream in alone["streams"]}
    ends: dict[TrialEnd, set[str]] = {end: set() for end in TrialEnd}
    wrong = set()
    for trial in account.trials:
        named = ids.get(stream_key(trial.url), trial.url)
        ends[trial.outcome].add(named)
        if trial.licensee_right is False:
            wrong.add(named)
    scored = score(alone, _blind(entries, ids))
    own = {stream["id"] for stream in alone["streams"] if stream["mandated"]}
    missed = set(scored.missed) - ends[TrialEnd.CUT_SHORT]
    # What an approved act would have hit counts as accused, whatever the verdict was.
    hit = {ids.get(stream_key(trial.url), "") for trial in account.trials if trial.is_hit}
    compared = (
        ("planted", set(ids.values()), set().union(*ends.values())),
        ("missed", missed, ends[TrialEnd.MISSED] | (ends[TrialEnd.NOT_LOOKED_AT] & own)),
        ("accused", set(scored.accused) - own, ends[TrialEnd.ACCUSED] - (hit - {*scored.accused})),
        ("wrong licensee", set(scored.wrong_licensee), wrong),
    )
    return [
        f"{what}: the lab says {_listed(true)}, the blind test {_listed(counted)}"
        for what, true, counted in compared
        if true != counted
    ]


def _blind(entries: Sequence[Entry], places: Mapping[str, str]) -> Iterable[Entry]:
    """Yield what was recorded of each decoy until it was opened."""
    opened: set[str] = set()
    for entry in entries:
        match entry.content:
            case DecoyRevealed(opening=opening):
                opened.add(stream_key(opening.decoy.url))
            case Verdict(url=RedactedUrl(text=url)) | ProbeDone(url=str(url)):
                place = stream_key(url)
                if place in places and place not in opened:
                    yield entry


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
