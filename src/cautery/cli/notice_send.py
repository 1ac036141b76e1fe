"""``cautery notice send``, ``settle`` and ``replies``: what leaves, and what comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.errors import InputError
from cautery.model import to_json
from cautery.model.records import AnswerKind
from cautery.wiring import notices

OpenCase = Annotated[Path, typer.Argument(help="Folder of an open case; a watch may be running.")]
Id = Annotated[str, typer.Argument(help="Id of the notice, from cautery notice list.")]
As = Annotated[str, typer.Option("--as", help="Your name, as in the mandate.")]
Seen = Annotated[
    int | None,
    typer.Option(
        "--seen",
        min=0,
        help="Number of the newest record about it that you saw: if it has gone on since, the "
        "command says so and records nothing.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON lines.")]
Keys = Annotated[
    Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
]


def send(
    case: OpenCase,
    notice: Id,
    name: As,
    postbox: Annotated[
        Path | None,
        typer.Option(
            "--postbox",
            help="TOML file (chmod 600) with [mail] and [api]; default: $CAUTERY_POSTBOX.",
        ),
    ] = None,
    api: Annotated[
        bool, typer.Option("--api", help="Send XARF reports to the API instead of a mail.")
    ] = False,
    remind: Annotated[
        bool, typer.Option("--remind", help="Send a reminder of a notice, if a reminder is due.")
    ] = False,
    confirm: Annotated[
        list[str] | None,
        typer.Option(
            "--confirm", help="RULE=SOURCE: you have read the rule of law in that source."
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check all and print the mail; send and record nothing."),
    ] = False,
    keys: Keys = None,
) -> None:
    """Send a notice that a second person has approved: by mail, or as reports to an API.

    Cautery sends the notice once. If the server refuses it for now, Cautery tries again. If the
    server refuses it permanently, Cautery records a failure. If Cautery was cut off before an
    answer came, it sends the notice again only after you have recorded that it did not leave.

    Example: cautery notice send cases/md34 N-0123456789ab --as "C. Desk" --postbox postbox.toml
    """
    # The schema of its file takes time to build, and the other commands have no use for it.
    from cautery.wiring.postbox import read_postbox  # noqa: PLC0415

    if not dry_run:
        notices.refuse_closed_case(case)
    if dry_run:
        if api:
            raise InputError("--dry-run prints the mail", hint="Leave --api out.")
        mail = notices.preview(
            case,
            notice,
            postbox=read_postbox(postbox),
            remind=remind,
            confirmed=_confirmed(confirm or []),
        )
        for line in mail.decode("utf-8", "replace").splitlines():
            typer.echo(render.printable(line))
        render.say(f"{notice}: not sent")
        return
    sending = notices.send(
        case,
        notice,
        postbox=read_postbox(postbox),
        by_api=api,
        name=name,
        remind=remind,
        confirmed=_confirmed(confirm or []),
        keys_dir=keys,
    )
    render.say(
        render.printable(
            f"{notice}: sent to {sending.to} by {sending.means.value} at {sending.at:%H:%M:%SZ}"
        )
    )


def _confirmed(pairs: list[str]) -> dict[str, str]:
    confirmed = {}
    for pair in pairs:
        rule, equals, source = pair.partition("=")
        if not (rule.strip() and equals and source.strip()):
            raise InputError(f"--confirm {pair[:60]!r} is not RULE=SOURCE")
        confirmed[rule.strip()] = source.strip()
    return confirmed


def settle(
    case: OpenCase,
    notice: Id,
    name: As,
    sent: Annotated[
        bool | None, typer.Option("--sent/--unsent", help="Whether the notice has left.")
    ] = None,
    keys: Keys = None,
) -> None:
    """Record whether a notice left, if its sending was cut off and Cautery cannot know.

    Look for the Message-ID, which cautery notice send prints, in the log of your mail server. After
    --unsent the notice can be sent again.

    Example: cautery notice settle cases/md34 N-0123456789ab --sent --as "C. Desk"
    """
    if sent is None:
        raise InputError("has it left or not?", hint="Give --sent or --unsent.")
    notices.settle(case, notice, arrived=sent, name=name, keys_dir=keys)
    words = "sent" if sent else "not sent: cautery notice send sends it"
    render.say(render.printable(f"{name} has settled {notice}: {words}"))


def replies(
    case: OpenCase,
    files: Annotated[
        list[Path], typer.Argument(help="Mails: .eml files, mbox files or Maildir folders.")
    ],
    what: Annotated[
        AnswerKind | None,
        typer.Option("--what", help="What you have read in these mails; needs --as."),
    ] = None,
    name: Annotated[str | None, typer.Option("--as", help="Your name.")] = None,
    keys: Keys = None,
    json: AsJson = False,
) -> None:
    """File replies and bounces.

    Cautery seals each mail encrypted, and finds the notice by the mail's Message-IDs or its
    subject.

    The content of a mail is only a claim. No mail closes a notice. Only the watch's own probes show
    a takedown.

    Example: cautery notice replies cases/md34 inbox.mbox
    """
    filed = notices.replies(case, files, what=what, name=name, keys_dir=keys)
    if json:
        for answer in filed.filed:
            render.json_line(to_json(answer))
    else:
        render.table(
            ("notice", "claims", "sender's domain", "names our mail", "read by"),
            (
                (
                    answer.notice or "none of this case",
                    answer.what.value,
                    answer.domain or "",
                    "yes" if answer.names_message else "no",
                    answer.by or "",
                )
                for answer in filed.filed
            ),
        )
    if filed.known:
        render.say(f"filed before: {filed.known}")
    for why in filed.refused:
        render.say(render.printable(f"not filed: {why}"))
    if filed.refused:
        raise typer.Exit(1)
