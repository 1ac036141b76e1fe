"""``cautery guard``: would this block hurt bystanders?"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Annotated, cast

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.messages import say
from cautery.model import Decision, GuardVerdict, to_utc
from cautery.model.message import Message
from cautery.packed import require_file
from cautery.plan import parse_target
from cautery.plan.guard.budget import spend
from cautery.plan.guard.revalidation import withdrawal
from cautery.wiring.facts import known_facts, named_folder
from cautery.workflows.guard.judge import judge_targets, line_of
from cautery.workflows.guard.judge import schema as json_schema
from cautery.workflows.guard.overrides import read_allowed, read_overrides
from cautery.workflows.guard.targets import Asked, read_targets, targets_in

_MOST_ROWS = 200
"""Of a table; for more targets only counts are printed, and --json lists all."""
_FILES = (".csv", ".txt", ".lst", ".list", ".xz", ".gz", ".zst", ".json", ".jsonl")


@render.tabular
def guard(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            help="File of targets (lines, or CSV with a column target; also .xz, .gz, .zst), "
            "- for stdin, or addresses, ranges, names and URLs."
        ),
    ] = None,
    facts: Annotated[Path | None, typer.Option(help="Facts folder; default $CAUTERY_DATA.")] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Time to judge at, such as 2026-08-22T20:00:00Z; default: now."),
    ] = None,
    second_approver: Annotated[
        str | None,
        typer.Option(
            help="Name of a second person who takes responsibility for exact URLs on popular names."
        ),
    ] = None,
    override: Annotated[
        Path | None,
        typer.Option(help="TOML file of overrides: two people's answers to objections."),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(min=0, help="Largest number of bystanders that the whole list may hit."),
    ] = None,
    since: Annotated[
        Path | None, typer.Option(help="JSON lines of an earlier run: report what to withdraw.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line per target.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of rows and answers, and exit.")
    ] = False,
) -> None:
    """Judge each target: allow, narrow or refuse, with the facts behind the verdict.

    The exit code is 1 if a target is refused or the list exceeds its budget, and 2 if the input is
    not valid.

    Example: cautery guard 188.114.97.7 drive.usercontent.google.com --facts facts
    """
    if schema:
        render.json_line(json_schema())
        return
    if not targets:
        raise InputError("guard needs targets", hint="cautery guard TARGETS --facts DIR; see -h.")
    folder = named_folder(facts)
    if folder is None:
        raise InputError(
            "guard needs facts", hint="Give --facts DIR, or set CAUTERY_DATA to a facts folder."
        )
    now = moment(at) if at is not None else wiring.clock().now
    answers = None if override is None else read_overrides(override)
    before = {} if since is None else read_allowed(since)
    requests = _asked(targets)
    fact_source = known_facts(folder)
    tally = Tally()

    def verdicts() -> Iterator[GuardVerdict]:

        with Progress("judging", None) as progress:
            for request, verdict in judge_targets(
                requests,
                facts=fact_source,
                now=now,
                overrides=answers,
                second_approver=second_approver,
            ):
                progress.step()
                reason = withdrawal(verdict, before)
                tally.add(request, verdict, withdrawn=reason is not None)
                if json:
                    line = line_of(request, verdict)
                    if reason is not None:
                        line["reasons"].insert(
                            0,
                            {
                                "code": reason.code,
                                "text": say(reason.text),
                                "fact": None,
                                "fact_date": None,
                            },
                        )
                    render.json_line(line)
                yield verdict

    spent = spend(verdicts(), budget=budget or 0)
    tally.tell(table=not json)
    for name, count in fact_source.broken.items():
        render.say(f"facts: {count} line(s) of {name} could not be used")
    if budget is not None:
        upper = "an unknown number" if spent.high is None else str(spent.high)
        render.say(
            f"bystanders: at least {spent.low}, at most {upper}; the budget is {budget}"
            + (": OVER" if spent.over else "")
        )
    if tally.counts[Decision.REFUSE] or (budget is not None and spent.over):
        raise typer.Exit(1)


class Tally:
    """What a run has given so far: rows for people, and counts."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._rows: list[tuple[object, ...]] = []
        self._withdrawn: list[str] = []
        self._withdrawn_count = 0
        self._replay: Message | None = None

    def add(self, asked: Asked, verdict: GuardVerdict, *, withdrawn: bool) -> None:
        """Count a verdict."""
        self.counts[verdict.decision] += 1
        replay = next((reason.text for reason in verdict.reasons if reason.code == "replay"), None)
        self._replay = self._replay or replay
        if withdrawn:
            self._withdrawn_count += 1
            self._withdrawn = [*self._withdrawn, verdict.target][:20]
        if len(self._rows) < render.most_rows(_MOST_ROWS):
            high = verdict.collateral.high
            self._rows.append(
                (
                    asked.target[:200],
                    verdict.decision,
                    "\n".join(verdict.narrow_to),
                    f"{verdict.collateral.low} to {'unknown' if high is None else high}",
                    "\n".join(
                        say(reason.text)
                        + (f" ({reason.fact}, {reason.fact_date})" if reason.fact else "")
                        for reason in verdict.reasons
                        if reason.code != "replay"
                    ),
                )
            )

    def tell(self, *, table: bool) -> None:
        """Print the table, if wanted, and the counts."""
        count = sum(self.counts.values())
        if table and self._rows:
            render.table(("target", "verdict", "narrow to", "bystanders", "reasons"), self._rows)
            if count > len(self._rows):
                render.say(f"{count - len(self._rows):,} more targets: --json lists all")
        counts = ", ".join(
            f"{self.counts[decision]:,} {decision}" for decision in ("allow", "narrow", "refuse")
        )
        render.say(f"{counted(count, 'target')}: {counts}")
        if self._replay is not None:
            render.say(say(self._replay))
        if self._withdrawn_count:
            render.say(
                render.printable(
                    f"withdraw {self._withdrawn_count:,}: {', '.join(self._withdrawn)}"
                )
            )


def moment(text: str) -> Callable[[], datetime]:
    """Return a clock that stands at the moment that ``--at`` names."""
    try:
        parsed = datetime.fromisoformat(text)
        if len(text) == len("2026-08-22"):
            parsed = parsed.replace(tzinfo=UTC)
        fixed = to_utc("--at", parsed)
    except ValueError as error:
        raise InputError(
            f"--at: {text!r} is not a valid time", hint="Write it as 2026-08-22T20:00:00Z."
        ) from error
    if not 1970 <= fixed.year < 9999:  # rules look days back and ahead
        raise InputError(f"--at: {text}: the year must be from 1970 to 9998")
    return lambda: fixed


def _asked(words: list[str]) -> Iterator[Asked]:
    """Return what the words on the command line ask for; a slip of the pen ends it at once."""
    for word in words:
        if word == "-" or _is_file(word):
            continue
        if _named_like_a_file(word):
            require_file(Path(word))
        parse_target(word)
    return _read(words)


def _read(words: list[str]) -> Iterator[Asked]:

    for word in words:
        if word == "-":
            yield from targets_in(_typed(cast("BufferedReader", sys.stdin.buffer)), name="stdin")
        elif _is_file(word):
            yield from read_targets(Path(word))
        else:
            yield Asked(target=word)


def _typed(stdin: BufferedReader) -> Iterator[bytes]:
    """Yield bytes as they come: a line is answered before the next is typed."""
    while piece := stdin.read1(1 << 20):
        yield piece


def _named_like_a_file(word: str) -> bool:
    if "://" in word:
        return False
    return word.lower().endswith(_FILES) or word.startswith((".", "/")) or _is_folder(word)


def _is_folder(word: str) -> bool:
    try:
        return Path(word).is_dir()
    except OSError:  # a URL may be longer than any file's name
        return False


def _is_file(word: str) -> bool:
    try:
        return Path(word).is_file()
    except OSError:  # a URL may be longer than any file's name
        return False
