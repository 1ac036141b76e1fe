"""``cautery decoy report`` and ``season``: what blind tests come to, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli.decoy_left_out import end_if_left_out, show_left_out
from cautery.drawing.formatting import number
from cautery.messages import word
from cautery.model import to_json
from cautery.model.blind import BlindCounts, LeftOut, NightAccount, NightsShare, Share, Trial
from cautery.model.decoys import DecoyKind
from cautery.pages.blind import blind_page
from cautery.pages.blind.words import account, between, counted, percents, season, standing
from cautery.projections.blind_account import season_account
from cautery.wiring.blind import CaseNight, night_of, nights_of

Page = Annotated[
    Path | None, typer.Option("--output", "-o", help="Also write a page of its own, an HTML file.")
]
_COUNTS = (
    *("missed", "missed at most", "own not looked at", "licensee right", "median s"),
    *("accused", "accused at most", "innocent not looked at", "let be hit"),
)
_TRIAL = (
    *("title", "address", "truly", "disguise", "delay s", "the watch", "last finding"),
    *("detected s", "licensee"),
)
_OVER = ("missed", "missed, 95 % over nights", "accused", "accused, 95 % over nights")


@render.tabular
def report(
    case: Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")],
    *,
    output: Page = None,
    trials: Annotated[
        bool, typer.Option("--trials", help="Each decoy in a row, instead of the sums.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Report the blind test of a case: missed, accused, licensees, seconds, by kind and disguise.

    Each share has its exact bound at 95 % (Clopper and Pearson). What nobody looked at is counted
    apart. There are no rates before every decoy is revealed, and the exit code is then 1.

    Example: cautery decoy report cases/md14
    """
    _check(output)
    tested = night_of(case)
    _write(output, [tested], [tested.night], over=False)
    if json:
        render.json_line(to_json(tested.night))
    else:
        show_night(tested.night, trials=trials)
    if not tested.night.is_whole:
        raise typer.Exit(1)


@render.tabular
def over_nights(
    cases: Annotated[list[Path], typer.Argument(help="Folders of closed cases, in any order.")],
    *,
    output: Page = None,
    public_key: Annotated[
        list[Path] | None,
        typer.Option(
            "--public-key",
            help="Public key of one of the cases, obtained from outside it; may be repeated. With "
            "it, a case that none of these keys signed does not count.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Report blind tests over several nights, with intervals that allow for nights that differ.

    Decoys of one night are alike, so nights are the clusters. A night whose decoys are not all
    revealed, or that its planner ended early, is named and left out. A warning says what becomes
    worse; how often such a warning is false is said beside it.

    Only cases that are closed and as they were signed count, all of the organisation of the first
    one. Any other case is named, and the exit code is then 1.

    Example: cautery decoy season cases/md12 cases/md13 cases/md14
    """
    _check(output)
    season_cases = nights_of(cases, public_keys=public_key or ())
    together = season_account(one.night for one in season_cases.counted)
    nights = (*together.nights, *together.left_out)
    _write(output, season_cases.counted, nights, over=True, left_out=season_cases.left_out)
    if json:
        render.json_line({**to_json(together), "uncounted": to_json(season_cases.left_out)})
        end_if_left_out(season_cases)
        return
    for sentence in season(together):
        render.say(sentence)
    render.table(
        ("night", *_COUNTS), ((night.night, *_cells(night.counts)) for night in together.nights)
    )
    for head, rows in (("kind", together.by_kind), ("disguise", together.by_disguise)):
        render.table(
            (head, *_OVER),
            (
                (_named(name), *_interval(missed), *_interval(accused))
                for name, missed, accused in rows
            ),
        )
    show_left_out(season_cases)
    end_if_left_out(season_cases)


def show_night(night: NightAccount, *, trials: bool) -> None:
    """Print the sentences and tables of a night, or a row for each decoy."""
    render.say(standing(night))
    if not night.is_whole:
        return
    for sentence in account(night.counts):
        render.say(sentence)
    if trials:
        render.table(_TRIAL, map(_row, night.trials))
        return
    render.table(
        ("kind", *_COUNTS), ((word(kind), *_cells(counts)) for kind, counts in night.by_kind)
    )
    render.table(
        ("disguise", *_COUNTS), ((name, *_cells(counts)) for name, counts in night.by_disguise)
    )


def _cells(counts: BlindCounts) -> tuple[str, ...]:
    return (
        *_bounded(counts.missed),
        str(counts.own_unseen) if counts.own else "",
        counted(counts.licensee_right) if counts.licensee_right.whole else "",
        "" if counts.median_s is None else number(counts.median_s),
        *_bounded(counts.accused),
        str(counts.look_alikes_unseen) if counts.look_alikes else "",
        counted(counts.hit) if counts.hit.whole else "",
    )


def _bounded(share: Share) -> tuple[str, str]:
    return (counted(share), f"{percents(share.at_most)} %") if share.whole else ("", "")


def _interval(share: NightsShare) -> tuple[str, str]:
    if not share.exact.whole:
        return "", ""
    return counted(share.exact), between(share.low, share.high)


def _row(trial: Trial) -> Sequence[str]:
    right = {True: "right", False: "wrong", None: ""}[trial.licensee_right]
    return (
        *(trial.offered_as, trial.url, word(trial.kind), trial.disguise, number(trial.delay_s)),
        word(trial.outcome),
        "" if trial.finding is None else word(trial.finding),
        "" if trial.detected_s is None else number(trial.detected_s),
        right,
    )


def _named(name: DecoyKind | str) -> str:
    return word(name) if isinstance(name, DecoyKind) else name


def _check(output: Path | None) -> None:
    if output is not None:
        wiring.check_output(output)


def _write(
    output: Path | None,
    tested: Sequence[CaseNight],
    nights: Sequence[NightAccount],
    *,
    over: bool,
    left_out: Sequence[LeftOut] = (),
) -> None:
    if output is None:
        return
    page = blind_page(
        nights,
        cases=[one.case for one in tested],
        lab=any(one.lab for one in tested),
        season=season_account(nights) if over else None,
        left_out=left_out,
    )
    wiring.write_secret(output, (page.encode(),))
    render.say(f"page    {output}")
