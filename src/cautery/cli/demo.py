"""``cautery demo``: the main job on a lab world, with its scoreboard."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Self

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cautery import wiring
from cautery.adapters.loop_watch import STALL_S, LoopWatch
from cautery.cli import render
from cautery.cli._terminal import Terminal
from cautery.cli.board import Board
from cautery.cli.decoy_report import show_night
from cautery.cli.log import say_proof
from cautery.evidence.manifest import LEDGER
from cautery.evidence.outside.proof import NOBODY
from cautery.lab import build_world
from cautery.lab.blind_check import blind_figures
from cautery.lab.capacity import NEEDED, wait_for_capacity
from cautery.lab.decoys import add_decoys
from cautery.lab.demo import Approvers, Waiting
from cautery.lab.scoreboard import Scoreboard, score
from cautery.lab.start import start_lab
from cautery.model import Digest, Referral
from cautery.model.blind import NightAccount
from cautery.model.ports import Ledger
from cautery.model.records import kinds_of
from cautery.projections.blind_account import account
from cautery.wiring import cases, signing, watching
from cautery.wiring.lab_log import LabLog, lab_log
from cautery.wiring.planted import planted, revealed_in
from cautery.wiring.room import RoomBeside, has_desktop
from cautery.workflows.case.journal import Listener
from cautery.workflows.case.referral import filed_referrals
from cautery.workflows.case.verify import Verified, verify_case
from cautery.workflows.mandate.read import read_mandate
from cautery.workflows.watch.finishing import REPORT

_CASE = "case"
_LEAD_S = 18.0
"""Before kick-off, in which the night is planned and the keeper begins."""


def demo(
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world: same seed, same world.")] = 1,
    folder: Annotated[Path, typer.Option(help="Folder for the runs.")] = Path("demo"),
    window: Annotated[
        float, typer.Option(min=16, max=76, help="Seconds of the match to watch.")
    ] = 60.0,
    media: Annotated[
        Path | None, typer.Option(help="Your own media files for the lab's channels.")
    ] = None,
    publish: Annotated[
        Path | None,
        typer.Option(
            "--publish", help="Folder for the public face, which cautery lists serve serves."
        ),
    ] = None,
    vouched: Annotated[
        bool,
        typer.Option(
            "--vouched", help="Have the lab's authorities and co-signers vouch for the times."
        ),
    ] = False,
    browser: Annotated[
        bool,
        typer.Option(
            "--browser/--no-browser",
            help="Show the night in the operations room, where there is a desktop.",
        ),
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="The scoreboard as one JSON line.")] = False,
) -> None:
    """Build a lab world, watch it for a minute, verify the case and score it against the truth.

    A second person of the lab plants decoys among the streams, which the watch cannot know. After
    the whistle they are revealed; what the blind test counts must be the lab's truth, or the exit
    code is 1.

    On a desktop the night is shown live in the operations room, in a browser. The room stays open
    after the scoreboard until Ctrl-C, so that you can look at the case.

    With --vouched, the case is in a log of the lab. Two time-stamping authorities of the lab stamp
    the log, and three co-signers of the lab sign it. The report and the check of the case then
    state the two times between which each record was made.

    Example: cautery demo --seed 7
    """
    run = folder / f"seed-{seed}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    if not (browser and not json and has_desktop() and sys.stderr.isatty()):
        _show(*_night(seed, run, (), window, media, publish, vouched=vouched), json=json)
        return
    with RoomBeside(run, page=f"/cases/{_CASE}/tonight") as room:
        _show(*_night(seed, run, (room.hear,), window, media, publish, vouched=vouched), json=json)
        if (address := room.address()) is not None:
            render.say(f"room    {address}\n        it stays open until Ctrl-C")
            room.wait()


def _night(
    seed: int,
    run: Path,
    listeners: tuple[Listener, ...],
    window: float,
    media: Path | None,
    publish: Path | None,
    *,
    vouched: bool,
) -> tuple[Scoreboard, Path, NightAccount | None]:
    """Watch one night of the lab; return its scoreboard, where its report is, its blind test."""
    case = run / _CASE
    with Rendering() as rendering:
        world = build_world(seed, lab_cache(), media_dir=media, progress=rendering)
    capacity = wait_for_capacity(render.say)
    with ExitStack() as stack:
        log = None
        if vouched:
            log = stack.enter_context(lab_log(run, keys_dir=run / "case-keys"))
        folder_of_log = None if log is None else log.folder
        lab = stack.enter_context(
            start_lab(world, run, lead_s=_LEAD_S, window_s=window, log=folder_of_log, decoys=True)
        )
        places = lab.decoys
        assert places is not None
        stack.enter_context(planted(places, lab.mandate_path, log=folder_of_log))
        render.say(f"the lab is running; kick-off in a moment; mandate {lab.mandate_path}")
        render.say(f"decoys  a second person has planted some among the streams: {places.night}")
        mandate = read_mandate(lab.mandate_path, now=wiring.clock().now())

        desk = stack.enter_context(_Desk(case))

        def sign(referral: str, digest: Digest, name: str, key: Path) -> None:
            signing.approve(case, referral, shown=digest, name=name, key=key)

        board, loop_watch = Board(mandate), LoopWatch()
        with Approvers(lab, waiting=desk.waiting, sign=sign) as approvers, board:
            watching.watch(
                mandate,
                case,
                mandate_file=lab.mandate_path,
                keys_dir=run / "case-keys",
                listeners=(board.hear, *listeners),
                publish=publish,
                loop_watch=loop_watch,
                on_proof=lambda outcome: say_proof(case, outcome),
            )
        for failure in approvers.failures[:3]:
            render.say(f"approvers: {failure}")
        leaves = revealed_in(places, case, keys_dir=run / "case-keys", log=folder_of_log)
        truth = add_decoys(lab.truth_path, leaves)
    verified = verify_case(
        case,
        store=cases.reading_store(),
        public_key=signing.public_key_of(case, run / "case-keys"),
        trust=NOBODY if log is None else log.trust(),
    )
    if log is not None:
        _say_times(case, log, verified)
    with cases.reading(case) as opened:
        entries = [*opened.ledger.read()]
        night = account(entries)
        scored = score(
            truth,
            entries,
            verified=verified.authentic,
            case=str(case),
            machine=capacity.to_json(),
            loop=loop_watch.to_json(),
            blind=blind_figures(night, truth, entries),
        )
    return scored, case / REPORT, night


class _Desk:
    """Where approvers find what waits for them: the case, opened once and read on.

    Parameters
    ----------
    case : Path
        May not be there yet.
    """

    def __init__(self, case: Path) -> None:
        self._path = case
        self._open = ExitStack()
        self._ledger: Ledger | None = None
        self._next_index = 0
        self._drafted: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def waiting(self, signed: Collection[str]) -> list[Waiting]:
        """Return the referrals that are filed, but those that are signed."""
        if self._ledger is None:
            if not (self._path / LEDGER).exists():
                return []
            self._ledger = self._open.enter_context(cases.reading(self._path)).ledger
        for entry in self._ledger.read(since=self._next_index, kinds=kinds_of(Referral)):
            self._next_index = entry.index + 1
            if isinstance(entry.content, Referral):
                self._drafted.add(entry.content.id)
        if self._drafted <= {*signed}:
            return []
        return [
            Waiting(
                filing.referral.id,
                filing.digest,
                frozenset(approval.approver for approval in filing.approvals),
            )
            for filing in filed_referrals(self._ledger)
            if filing.referral.id not in signed
        ]


def _show(scored: Scoreboard, report: Path, night: NightAccount | None, *, json: bool) -> None:
    """Print the scoreboard and, beside the lab's truth, what the blind test counts."""
    if night is not None and not json:
        render.say("the blind test, from the records alone:")
        show_night(night, trials=False)
    show_score(scored, report, json=json)
    if scored.blind is None or scored.blind["disagrees"]:
        for line in (scored.blind or {"disagrees": ["nothing was planted"]})["disagrees"]:
            render.say(render.printable(f"the blind test is not the lab's truth: {line}"))
        raise typer.Exit(1)
    render.say("the blind test agrees with the lab's truth about each decoy")


def _say_times(case: Path, log: LabLog, verified: Verified) -> None:
    for line in verified.times:
        render.say(f"times   {render.printable(line)}")
    render.say(f"check   cautery verify {case} --cosigners {log.policy} --tsa-roots {log.roots}")


def show_score(score: Scoreboard, report: Path | None, *, json: bool) -> None:
    """Print a scoreboard as a table, or as the one JSON line."""
    figures = score.to_json()
    if not json:
        render.table(("scoreboard", "", "wanted"), _rows(figures), title="against the lab's truth")
        for what, which in (
            ("missed", score.missed),
            ("wrongly accused", score.accused),
            ("wrong licensee", score.wrong_licensee),
            ("bystanders hit", score.hit),
        ):
            if which:
                render.say(f"{what}: {', '.join(which)}")
    if score.machine is not None and not score.machine["enough"]:
        render.say("these figures have no meaning: this machine had too few free cores")
    if score.late is not None:
        render.say(f"the watch was late: {score.late}")
    render.say(f"case    {figures['case']}")
    if report is not None:
        render.say(f"report  {report.resolve()}")
    if json:
        render.json_line(figures)


_VERIFIED = {True: "yes", False: "NO", None: "-"}


def _rows(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    detection, dark = figures["time_to_detection_s"], figures["time_to_dark_s"]
    looked_at = figures["looked_at"]
    return [
        ("streams looked at", f"{looked_at['streams']} of {looked_at['of']}", "all"),
        ("recall", _share(figures["recall"]), ">= 0.95"),
        ("precision", _share(figures["precision"]), "1.00"),
        ("false accusations", str(figures["false_accusations"]), "0"),
        ("bystanders hit", str(figures["bystanders_hit"]), "0"),
        ("time to detection, median", _seconds(detection["median"]), "<= 15 s"),
        ("time to detection, longest", _seconds(detection["max"]), ""),
        ("time to dark, median", _seconds(dark["median"]), ""),
        ("networks, B-cubed F", _share(figures["networks_bcubed"]), ">= 0.90"),
        ("licensee accuracy", _share(figures["licensee_accuracy"]), ">= 0.95"),
        ("verified", _VERIFIED[figures["verified"]], "yes"),
        *_machine_rows(figures),
    ]


def _machine_rows(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Say what the machine could do; of a case that is scored later, nothing is known."""
    rows = []
    if (machine := figures["machine"]) is not None:
        # In cores of the machine on which the need was measured.
        rows.append(("capacity before", f"{machine['has_cores']:.1f}", f">= {NEEDED:.1f}"))
    if (loop := figures["loop"]) is not None:
        rows.append(("event loop, longest turn", f"{loop['longest_s']:.2f} s", f"<= {STALL_S} s"))
    return rows


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def lab_cache() -> Path:
    """Return where rendered lab media are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "cautery" / "lab"


class Rendering:
    """A progress bar of the lab's media; quiet when everything was cached."""

    def __init__(self) -> None:

        console = Terminal(stderr=True)
        self._plain = not console.is_terminal
        self._bar = Progress(
            TextColumn("rendering the lab's world", markup=False),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} {task.fields[what]}", markup=False),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=self._plain,
        )
        self._task = self._bar.add_task("", total=None, what="")
        self._last_tenth = -1

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show how far it is."""
        self._bar.update(self._task, completed=done, total=total, what=what)
        tenth = done * 10 // max(total, 1)
        if self._plain and tenth != self._last_tenth:
            self._last_tenth = tenth
            render.say(f"rendering the lab's world {done}/{total}")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
