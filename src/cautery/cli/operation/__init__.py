"""``cautery operation``: the coordinated operation, from its first statement to what grows back."""

from __future__ import annotations

import typer

from cautery.cli._verbs import verbs_of

_VERBS = {
    "open": (
        "cautery.cli.operation.open:open_operation",
        "Begin the case of one agency; each agency in the operation has its own.",
    ),
    "state": (
        "cautery.cli.operation.state:state",
        "Add the agency's statements to its case, or list its own and received statements.",
    ),
    "correct": (
        "cautery.cli.operation.state:correct",
        "Correct or withdraw a statement, and list the agencies that must be informed.",
    ),
    "permit": (
        "cautery.cli.operation.state:permit",
        "Permit an agency to pass one of your own statements on to one other agency.",
    ),
    "partner": (
        "cautery.cli.operation.state:partner",
        "Register another agency's key, to check its statements when others pass them on.",
    ),
    "share": (
        "cautery.cli.operation.share:share",
        "Write a signed bundle of the statements that an agency may see; the sharing is logged.",
    ),
    "receive": (
        "cautery.cli.operation.receive:receive",
        "Verify a bundle's signatures, format and markings, and file it with its original bytes.",
    ),
    "close": (
        "cautery.cli.operation.close:close",
        "Close a case permanently: write its page and exhibits' manifest, and sign every file.",
    ),
    "page": (
        "cautery.cli.operation.page:page",
        "Write the page of an operation again from the records of an open or closed case.",
    ),
    "seizure-page": (
        "cautery.cli.operation.seizure_page:seizure_page",
        "Make the page that stands where a service was, with its DNS and web server files.",
    ),
    "press-sheet": (
        "cautery.cli.operation.press_sheet:press_sheet",
        "Write the counts of an operation for the press, each with the records it leads to.",
    ),
    "replay": (
        "cautery.cli.operation.replay:replay",
        (
            "Replay a coordinated operation: intelligence, deconfliction, the action day and"
            " regrowth."
        ),
    ),
    "money": (
        "cautery.cli.operation.money:money",
        "Follow money through supplied transactions: hops, ends, and sums that could be frozen.",
    ),
    "cut": (
        "cautery.cli.operation.cut:cut",
        "Find the cheapest acts that cut the supply, as far as this desk's statements show it.",
    ),
    "board": (
        "cautery.cli.operation.board:board",
        "Show who has done what, what is late or failed, and what is still served.",
    ),
    "report": (
        "cautery.cli.operation.board:report",
        "Record a team's report on a step; a failed step is re-planned at once.",
    ),
    "answer": (
        "cautery.cli.operation.board:answer",
        "Record the answer to a go/no-go criterion.",
    ),
    "deconflict": (
        "cautery.cli.operation.deconflict:app",
        (
            "Compare targets with another agency. The two agencies exchange four letters, with "
            "five commands: begin, answer, open, conclude, finish."
        ),
    ),
    "instrument": (
        "cautery.cli.operation.instrument:app",
        "Draft legal instruments, for a person to issue.",
    ),
    "person": (
        "cautery.cli.operation.person:app",
        "Keep, review and list persons, record outcomes and access, and erase their names.",
    ),
    "exhibit": (
        "cautery.cli.operation.exhibit:app",
        "Register exhibits; record their custody, add them up, print labels.",
    ),
    "photos": (
        "cautery.cli.operation.photos:photos",
        "List, file or reject the photographs of exhibits that were sent to the room.",
    ),
    "day": (
        "cautery.cli.operation.day:app",
        "Plan the action day by the clock, show it, and re-plan it.",
    ),
}

app = typer.Typer(
    cls=verbs_of(_VERBS),
    no_args_is_help=True,
    help="Run or replay a coordinated operation: agencies, deconfliction, action day, exhibits.",
)
