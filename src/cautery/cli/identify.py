"""``cautery identify``: name what files and streams are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.cli._schema import schema_option
from cautery.drawing.formatting import counted
from cautery.identify.plot import clock
from cautery.model import verbal
from cautery.model.identification import Stretch
from cautery.wiring import identification
from cautery.workflows.identification.probes import probes_of
from cautery.workflows.identification.records import Answer, line_schema
from cautery.workflows.identification.results import Results, Stamp, same_question
from cautery.workflows.identification.run import Asked
from cautery.workflows.mandate.read import read_mandate

_MOST_ROWS = 200
"""Of a table; for more probes only counts are printed; --json or -o has all."""


def _schema() -> dict[str, Any]:

    return line_schema()


@render.tabular
def identify(
    probes: Annotated[
        list[str],
        typer.Argument(
            help="Media files (also .gz, .xz, .zst), folders of media files, - for stdin, or URLs "
            "with a mandate."
        ),
    ],
    references: Annotated[
        Path, typer.Option(help="A .ref file or folder, from: cautery references build.")
    ],
    hint: Annotated[
        list[str] | None,
        typer.Option(
            help="Reference that you expect in the probe, compared most closely; may be repeated."
        ),
    ] = None,
    mandate: Annotated[Path | None, typer.Option(help="Mandate, needed for URLs only.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line per probe.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Append JSON lines to this file; continue a stopped run."),
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw an SVG per probe.")] = False,
    plots: Annotated[Path, typer.Option(help="Folder for the drawings.")] = Path("plots"),
    base_rate: Annotated[
        float, typer.Option(help="Expected share of probes that show a reference, for triage.")
    ] = 0.05,
    jobs: Annotated[
        int, typer.Option(min=1, max=64, help="Number of probes at the same time.")
    ] = 2,
    schema: Annotated[bool, schema_option(_schema)] = False,  # noqa: ARG001 - answered before
) -> None:
    """Identify each probe: which reference it shows, if any, and how certain that is.

    Each probe gets an answer, or the reason why it could not be read. The exit code is 0 if all
    probes were answered ("none of the references" is an answer), and 1 if some could not be read.

    Example: cautery identify capture.ts --references league.ref
    """
    checked = None if mandate is None else read_mandate(mandate, now=wiring.clock().now())
    captures = probes_of(probes, mandate=checked)
    request = Asked(hints=tuple(hint or ()), base_rate=base_rate, mandate=checked)
    keep: AbstractContextManager[Results | None] = nullcontext()
    if out is not None:
        stamp = None if references.is_dir() else Stamp.of(references)
        keep = Results(out, asked=same_question(references, stamp, request.hints, base_rate))
    tally = Tally(rows=not json)
    with keep as results, Progress("listening", len(captures)) as progress:

        def tell(answer: Answer) -> None:
            progress.step()
            tally.add(answer)
            if json:
                render.json_line(answer.line)
            elif answer.unread:
                progress.say(f"{answer.probe}: {answer.reason}")

        identification.identify(
            captures,
            references,
            request,
            jobs=jobs,
            results=results,
            plots=plots if plot else None,
            on_answer=tell,
        )
    tally.tell(table=not json)
    if plot:
        render.say(f"drawings in {plots}")
    if tally.unread:
        raise typer.Exit(1)


class Tally:
    """What a run has given so far: rows for people, and counts."""

    def __init__(self, *, rows: bool) -> None:
        self._prints_rows = rows
        self._rows: list[tuple[object, ...]] = []
        self._count = self._named_count = self._confirmed = self._none_count = self._kept_count = 0
        self._mute: dict[str, int] = {}
        self.unread = 0

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        line = answer.line
        self._count += 1
        self._kept_count += answer.kept is not None
        if line["score"] is None:
            self.unread += 1
        elif line["channels"] or line["event"]:
            self._named_count += 1
            self._confirmed += bool(line["confirmed"])
        elif line["probability"] is None:
            why = str(line["reason"]).partition(";")[0]
            self._mute[why] = self._mute.get(why, 0) + 1
        else:
            self._none_count += 1
        if self._prints_rows and len(self._rows) <= render.most_rows(_MOST_ROWS):
            self._rows += rows_of(answer)

    def tell(self, *, table: bool) -> None:
        """Print the table, if wanted, and the counts."""
        if table and self._count <= render.most_rows(_MOST_ROWS):
            render.table(("probe", "is", "from", "how sure", "by"), self._rows)
        parts = [
            f"{self._named_count} named ({self._confirmed} confirmed)",
            f"{self._none_count} none of the references",
        ]
        mute = sum(self._mute.values())
        if mute:
            why = ", ".join(
                f"{count} {why}"
                for why, count in sorted(self._mute.items(), key=lambda item: -item[1])[:5]
            )
            parts.append(f"{mute} could not be judged ({why})")
        if self.unread:
            parts.append(f"{self.unread} could not be read")
        head = counted(self._count, "probe")
        if self._kept_count:
            head += f" ({self._kept_count} answered before)"
        render.say(render.printable(f"{head}: {', '.join(parts)}"))


def rows_of(answer: Answer) -> list[tuple[object, ...]]:
    """Return the table's rows of one answer: itself, and the stretches of a long one."""
    line: dict[str, Any] = answer.line
    # Every stream is called index.m3u8; a file's folders would fill the column.
    name = answer.probe if "://" in answer.probe else Path(answer.probe).name
    if line["score"] is None:
        return [(name, "could not be read", "", _why(line), "")]
    if not (line["channels"] or line["event"]):
        what = "could not be judged" if line["probability"] is None else "none"
        result = answer.found
        if result is not None and result.quoted:
            what = f"none, but quotes {', '.join(result.quoted)}"
        return [(name, what, "", _why(line), "")]
    stretches = answer.found.stretches if answer.found is not None else ()
    what = _what(line["channels"], stretches) or line["event"]
    if line["event"]:
        whose = line["licensee"] or "licensee unknown"
        what = f"{line['event']} ({whose})" if not line["channels"] else f"{what}, {line['event']}"
    where = "" if line["offset_s"] is None else clock(line["offset_s"])
    if line["delay_s"] is not None:
        where = f"{line['delay_s']:.1f} s behind"
    sure = verbal(_log10(line["likelihood_ratio"]))
    sure += ", confirmed" if line["confirmed"] else ", not confirmed"
    rows: list[tuple[object, ...]] = [(name, what, where, sure, " and ".join(line["witnesses"]))]
    if len(stretches) > 1:
        rows += [
            (
                f"  {clock(stretch.start_s)} to {clock(stretch.end_s)}",
                " or ".join(stretch.references),
                clock(stretch.offset_s),
                verbal(stretch.log10_lr) + (", confirmed" if stretch.confirmed else ""),
                "",
            )
            for stretch in stretches[:40]
        ]
    return rows


def _what(channels: list[str], stretches: Sequence[Stretch]) -> str:
    """Say which references they are: any of those that are a set, all that follow or are beside."""
    words: dict[str, Stretch] = {}
    for stretch in stretches:
        word = " or ".join(name for name in channels if name in stretch.references)
        if word:
            words.setdefault(word, stretch)
    all_names = {name for stretch in stretches for name in stretch.references}
    if len(words) < 2 or not all_names.issuperset(channels):
        return " or ".join(channels)
    (words_said, last), *further = words.items()
    for word, stretch in further:
        beside = stretch.start_s < last.end_s and stretch.part != last.part
        words_said, last = f"{words_said}{' beside ' if beside else ', then '}{word}", stretch
    return words_said


def _why(line: dict[str, Any]) -> str:
    return str(line["reason"]).removeprefix("could not be read: ")


def _log10(ratio: float) -> float:

    return math.log10(ratio) if ratio > 0 else -300.0
