"""``cautery backup``: copies of all cases and of the people of their room, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.cli._verbs import Verbs
from cautery.errors import EvidenceError, InputError
from cautery.model import to_json
from cautery.wiring import backups
from cautery.wiring.kept import usual_place
from cautery.wiring.people import are_there
from cautery.wiring.people_returned import restore_people
from cautery.workflows.backup.check import CheckedCase

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Back up all cases and the people of their room; check a backup; bring it back.",
)

_Folder = Annotated[Path, typer.Argument(help="Folder of the backups, on another disk.")]
_Name = Annotated[
    str | None, typer.Option("--backup", help="Which, as list shows it; default: the newest.")
]
_Key = Annotated[
    Path | None,
    typer.Option("--public-key", help="backups.pub, had from elsewhere than the backups."),
]
_Keys = Annotated[
    Path | None,
    typer.Option(help="Folder with the key of the log of backups; default $CAUTERY_KEYS."),
]
_Json = Annotated[bool, typer.Option("--json", help="JSON.")]


@app.command()
def make(
    folder: _Folder,
    cases: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the cases, or server: for those of the organisation; default: server: "
            "where one is named, or else cases."
        ),
    ] = None,
    people: Annotated[
        Path | None,
        typer.Option(help="Folder of the people; default: people beside the cases."),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="So many backups that lack nothing stay, and nothing older; default: all.",
        ),
    ] = None,
    let_go: Annotated[
        list[str] | None,
        typer.Option(
            help="A case that earlier backups have, and that was removed, replaced or put back on "
            "purpose; people/ stands for the people. May be given again."
        ),
    ] = None,
    keys: _Keys = None,
    json: _Json = False,
) -> None:
    """Back up all cases of a folder or of the server, while others work on them.

    A backup has each case as a folder of its own, as it stood at one moment. Exhibits that an
    earlier backup has are not copied again. If it is cut short, give the same command again. A
    signed log says which backups were made, and by which digests they are known.

    A case that the newest backup has and that does not lie there any more is named, and the command
    ends with 1. As long as one is named, --keep removes nothing.

    Private keys are in no backup: keep the folder of keys by itself, encrypted. An erased exhibit
    stays erased, since its key is gone; an erased account is gone with the last backup that has it.

    Example: cautery backup make /mnt/backups --keep 14
    """
    cases = usual_place() if cases is None else cases
    beside = cases.absolute().parent / "people" if people is None else people
    who = beside if are_there(beside) else None
    if people is not None and who is None:
        raise InputError(f"--people: nobody is in {people}", hint="Omit --people to go without.")
    with Progress("files copied", None) as bar:

        def copied(case: str) -> None:
            bar.doing(case)
            bar.step()

        outcome = backups.make(
            folder,
            cases,
            people=who,
            keep=keep,
            let_go=let_go or (),
            keys_dir=keys,
            progress=copied,
        )
    if json:
        render.json_line(to_json(outcome))
    else:
        entry = outcome.backup
        render.say(
            f"{folder / entry.name}: {entry.cases} cases, {entry.files} files, {entry.size} bytes"
            f"{', and the people of the room' if outcome.people else ''}. No private key is in it."
        )
        for file in outcome.damaged:
            render.say(
                render.printable(f"the earlier backup has {file} damaged; it was copied anew")
            )
        if outcome.removed:
            render.say(f"removed: {', '.join(outcome.removed)}")
    for case, why in outcome.faults.items():
        render.say(render.printable(f"not in the backup: {case}: {why}"))
    for why in outcome.unsealed:
        render.say(render.printable(f"not in the backup: of the room's tray: {why}"))
    for name in outcome.changed:
        render.say(f"the list of the backup {name} is not the one that was signed")
    if outcome.faults or outcome.unsealed or outcome.changed:
        raise typer.Exit(1)


@app.command(name="list")
@render.tabular
def list_backups(folder: _Folder, json: _Json = False) -> None:
    """List the backups that were made, the newest first, and which of them are still there.

    Example: cautery backup list /mnt/backups
    """
    lines = backups.lines(folder)[::-1]
    if json:
        for line in lines:
            render.json_line(to_json(line.backup) | {"is_here": line.is_here})
        return
    render.table(
        ("backup", "cases", "files", "bytes", "lacks", "is here"),
        (
            (
                line.backup.name,
                line.backup.cases,
                line.backup.files,
                line.backup.size,
                ", ".join(line.backup.lacks),
                "yes" if line.is_here else "no",
            )
            for line in lines
        ),
    )


@app.command()
@render.tabular
def check(
    folder: _Folder, backup: _Name = None, public_key: _Key = None, json: _Json = False
) -> None:
    """Hash each file of a backup again, and verify each case in it.

    A closed case is checked as `cautery verify` does. Of an open one, the command checks the
    records that a signed root covers, and all files by the signed list of the backup. Without
    --public-key that list is only consistent with the key beside it.

    Example: cautery backup check /mnt/backups --public-key backups.pub
    """
    with Progress("cases checked", None) as bar:

        def checking(case: str) -> None:
            bar.doing(case)
            bar.step()

        report = backups.check(folder, backup, public_key=public_key, progress=checking)
    if json:
        render.json_line(to_json(report) | {"holds": report.holds})
    else:
        render.table(
            ("case", "state", "records", "not signed", "verdict"),
            (
                (
                    case.case,
                    "closed" if case.closed else "open",
                    case.records,
                    case.unsigned,
                    _verdict(case),
                )
                for case in report.cases
            ),
        )
        render.say(
            f"{report.backup.name}: {'authentic' if report.authentic else 'consistent'}, made "
            f"with {report.backup.cases} cases"
            f"{'' if report.people else '; it has no people of a room'}"
        )
    if not report.holds:
        raise EvidenceError(
            report.fault
            or next(f"{case.case}: {case.fault}" for case in report.cases if case.fault),
            hint="An earlier backup may have it whole: cautery backup list FOLDER",
        )


@app.command()
def restore(
    folder: _Folder,
    to: Annotated[
        Path, typer.Option(help="Where the cases will lie: a folder, or server: for the server.")
    ],
    backup: _Name = None,
    case: Annotated[
        list[str] | None,
        typer.Option("--case", help="Only this one, by its name in the backup; repeatable."),
    ] = None,
    public_key: _Key = None,
    json: _Json = False,
) -> None:
    """Bring cases back, each checked before and after, over nothing that is there.

    If the command is cut short, give it again: what came already is compared and passed over. A
    case to which more was signed after the backup opens only after two approvers accept that: see
    cautery case restore.

    Example: cautery backup restore /mnt/backups --to cases --case md34
    """
    with Progress("files copied", None) as bar:

        def copied(name: str) -> None:
            bar.doing(name)
            bar.step()

        returned = backups.restore(
            folder, backup, to, only=tuple(case or ()), public_key=public_key, progress=copied
        )
    if json:
        render.json_line(to_json(returned))
        return
    render.say(
        f"{len(returned.cases)} cases came back from {returned.backup}"
        f"{f'; {len(returned.stood)} stood there already' if returned.stood else ''}. Where more "
        "was signed since: cautery case restore CASE --why ... (two approvers)."
    )


@app.command()
def people(
    folder: _Folder,
    to: Annotated[Path, typer.Option(help="Where the people will lie: a new folder.")],
    why: Annotated[str, typer.Option(help="Why, in one line: it stands in the new access log.")],
    backup: _Name = None,
    public_key: _Key = None,
    keys: _Keys = None,
) -> None:
    """Bring the accounts of the room back, and begin their access log anew.

    The new log begins with a record of this. The log until then lies beside it, in the folder
    until-BACKUP. Nobody is logged in, and no one-time word is good any more. Accounts that were
    erased or changed after the backup are as they were before: erase and change them again.

    Photographs that waited in the tray wait again if the key of the old access log is in the folder
    of keys. The exit code is 1 if one does not come back.

    Example: cautery backup people /mnt/backups --to people --why "the disk broke"
    """
    came = restore_people(folder, backup, to, why=why, public_key=public_key, keys_dir=keys)
    photographs = f", {came.photographs} photographs wait again" if came.photographs else ""
    render.say(f"{to}: the accounts of {came.backup}{photographs}; everybody logs in anew")
    for lack in came.lacks:
        render.say(render.printable(f"did not come back: {lack}"))
    if came.lacks:
        raise typer.Exit(1)


def _verdict(case: CheckedCase) -> str:
    return case.fault or ("as it was signed" if case.closed else "as its signed roots have it")
