"""``cautery season``: each fixture of a mandate's calendars becomes a watch of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cautery.act.fixture_signatures import fixtures_to_sign
from cautery.cli import render
from cautery.cli._signing import ask, on_a_terminal, refuse_another, to_sign
from cautery.cli._verbs import Verbs
from cautery.errors import ApprovalError, InputError
from cautery.messages import word
from cautery.model import Digest, digest, to_json
from cautery.model.season import FixtureRow, FixtureState, SeasonFixture
from cautery.wiring import season
from cautery.workflows.mandate.fixture_approvals import (
    approvals_path,
    fixtures_lines,
)
from cautery.workflows.season.plan import LEAD

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Watch each fixture of a mandate's calendars by a watch of its own, and close its case.",
)

_Mandate = Annotated[Path, typer.Argument(help="The mandate's TOML file.")]
_Cases = Annotated[
    Path, typer.Option("--cases", help="Folder of the cases, or server: for the organisation's.")
]
_State = Annotated[
    Path | None,
    typer.Option(
        "--state", help="Folder of seasons; $CAUTERY_SEASONS, or .seasons in the folder of cases."
    ),
]
_Signers = Annotated[
    Path | None,
    typer.Option(
        "--signers",
        help="TOML file with [[signer]]; two of them must have signed the mandate, and nobody else "
        "who signed it lets a fixture in.",
    ),
]
_LEAD_MIN = LEAD.total_seconds() / 60
_LONGEST_LEAD_MIN = 24 * 60


@app.command()
def run(
    mandate: _Mandate,
    cases: _Cases,
    state: _State = None,
    most: Annotated[
        int | None,
        typer.Option("--most", min=1, help="Most watches at once; default: half of the cores."),
    ] = None,
    lead_min: Annotated[
        float,
        typer.Option(
            "--lead",
            min=0,
            max=_LONGEST_LEAD_MIN,
            help="Minutes before a fixture's window at which its watch starts.",
        ),
    ] = _LEAD_MIN,
    publish: Annotated[
        Path | None,
        typer.Option("--publish", help="Folder for public faces: one folder in it for each case."),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the cases; default $CAUTERY_KEYS.")
    ] = None,
    signers: _Signers = None,
) -> None:
    """Run a season until its mandate's window ends: start, restart and close its watches.

    Each fixture is watched by a process of its own, in its own case. A watch that dies is started
    again, after a longer and longer wait, and its case says so. A fixture is watched if the
    mandate's file names it, if two people signed it together with the mandate, or if an approver
    has approved it: cautery season approve. With --signers, of those who signed it only people of
    that list count, also in each watch; the list is read when the service starts. A fixture that
    its calendar moves is followed; one that is called off before its window is not watched.

    If the service is stopped, it asks its watches to end in order. If it is killed, they go on.
    Started again with the same mandate, it goes on with both.

    Example: cautery season run league.toml --cases cases
    """
    board = season.run(
        mandate,
        cases,
        state=state,
        most=season.default_most() if most is None else most,
        lead=timedelta(minutes=lead_min),
        keys_dir=keys,
        publish=publish,
        signers=signers,
        say=lambda text: render.say(render.printable(text)),
    )
    closed = sum(row.state is FixtureState.CLOSED for row in board.rows)
    render.say(f"the season is over: {closed} of {len(board.rows)} fixtures have a closed case")


@app.command()
@render.tabular
def show(
    mandate: _Mandate,
    cases: _Cases,
    state: _State = None,
    signers: _Signers = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Show the fixtures of a season: when each is watched, how it stands, and what waits for you.

    Nothing is started. What waits for approval is listed with the digest to sign.

    Example: cautery season show league.toml --cases cases
    """
    rows = season.rows_of(mandate, cases, state=state, signers=signers)
    if json:
        for row in rows:
            render.json_line({**to_json(row), "digest": str(digest(row.fixture))})
        return
    render.table(
        ("fixture", "kick-off", "watched", "state", "restarts", "case", "approved by", "id"),
        (
            (
                row.fixture.name,
                f"{row.fixture.kick_off:%Y-%m-%d %H:%MZ}",
                f"{row.fixture.watched.start:%H:%MZ} to {row.fixture.watched.end:%H:%MZ}",
                _state_words(row),
                str(row.restarts or ""),
                row.case,
                ", ".join(row.allowed_by),
                row.fixture.id,
            )
            for row in rows
        ),
    )
    waiting = _waiting(rows)
    if waiting:
        render.say(f"{len(waiting)} fixtures wait for approval: cautery season approve {mandate}")
        render.say(to_sign(fixtures_to_sign(waiting)))


@app.command()
def approve(
    mandate: _Mandate,
    cases: _Cases,
    name: Annotated[str, typer.Option("--as", help="Your name, as an approver of the mandate.")],
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", help="Your signing key (PEM, mode 0600); without it your passkey is asked."
        ),
    ] = None,
    people: Annotated[
        Path, typer.Option("--people", help="Folder of the people of the room, for a passkey.")
    ] = Path("people"),
    fixture: Annotated[
        list[str] | None,
        typer.Option("--fixture", help="Id of a fixture; may be repeated. Default: all that wait."),
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option("--digest", help="Digest of what you sign, which the command shows."),
    ] = None,
    state: _State = None,
    signers: _Signers = None,
) -> None:
    """Approve fixtures that a calendar lists and that nobody has let in yet.

    The command shows the fixtures that you sign and asks you to confirm. Without a terminal, give
    the --digest instead, which `cautery season show` prints. Each fixture is signed for itself, in
    a file next to the mandate; a running season reads it within seconds. A fixture that is moved
    later needs no further approval; one with another name does.

    An approver with a passkey gives no --key: the command lays the fixtures in the operations room,
    where they are signed on a second device, and ends with exit code 1. Run it again when they are
    signed.

    Example: cautery season approve league.toml --cases cases --as "A. Legal" --key a.pem
    """
    waiting = _waiting(season.rows_of(mandate, cases, state=state, signers=signers))
    if fixture:
        ids = {entry.id for entry in waiting}
        for id_ in fixture:
            if id_ not in ids:
                raise InputError(
                    f"no fixture {id_!r} waits for approval",
                    hint=f"Look at them: cautery season show {mandate} --cases {cases}",
                )
        waiting = tuple(entry for entry in waiting if entry.id in fixture)
    if not waiting:
        raise ApprovalError("no fixture waits for approval")
    subject = fixtures_to_sign(waiting)
    expected = None if digest is None else Digest(digest)
    if key is None:
        refuse_another(subject, expected, what="the list of fixtures")
        expected = subject  # the room shows them
    elif expected is None or on_a_terminal():
        refuse_another(subject, expected, what="the list of fixtures")
        ask(
            fixtures_text(waiting),
            question=f"Sign these fixtures as {render.printable(name)}?",
            hint=f"Give --digest {subject} if you have read the list in cautery season show.",
        )
        expected = subject
    season.approve(mandate, waiting, shown=expected, name=name, key=key, people=people)
    render.say(
        render.printable(f"{name} has approved {len(waiting)} fixtures: {approvals_path(mandate)}")
    )


def fixtures_text(fixtures: Sequence[SeasonFixture]) -> str:
    """Return all that signatures under fixtures cover."""
    text = "\n".join(render.printable(line) for line in fixtures_lines(fixtures))
    return f"{text}\n{to_sign(fixtures_to_sign(fixtures))}"


def _waiting(rows: Sequence[FixtureRow]) -> tuple[SeasonFixture, ...]:
    return tuple(row.fixture for row in rows if row.state is FixtureState.WAITS_FOR_APPROVAL)


def _state_words(row: FixtureRow) -> str:
    words = word(row.state)
    return words if row.why is None else f"{words}: {word(row.why)}"
