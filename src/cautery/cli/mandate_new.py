"""``cautery mandate new``: write a mandate, by questions on a terminal or by options."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery import wiring
from cautery.act.jurisdictions import profile_of
from cautery.cli import render
from cautery.cli._mandate_rows import say_warnings
from cautery.errors import InputError
from cautery.model import Mandate, OrderKind
from cautery.workflows.mandate.draft import (
    HEAD,
    TO_FIND,
    AnswerError,
    Draft,
    choices_of,
    required_of,
    sentence_of,
    table_of_option,
    value_of,
)
from cautery.workflows.mandate.gaps import gaps_of
from cautery.workflows.mandate.signatures import signatures_path

Ask = Callable[[str, str], str]
"""``ask(question, default)`` returns what a person answers; an empty default is none."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The keys of a table that are asked for.

    Parameters
    ----------
    what : str
        The table in words, with its article.
    together : tuple of str
        Keys that are checked together, after the last of them.
    then : tuple of str
        Keys that are asked for after these, and may be skipped.
    """

    what: str
    together: tuple[str, ...]
    then: tuple[str, ...] = ()


_HEAD = _Asked("the mandate", ("id", "who", "regime", "legal_basis", "territories", "start", "end"))
_TABLES: Mapping[str, _Asked] = {
    "event": _Asked("an event", ("id", "name", "kick_off"), ("clean_feed",)),
    "fixtures": _Asked("a calendar of events", ("path", "url"), ("matching", "clean_feed")),
    "channel": _Asked("a channel", ("id", "names"), ("territory", "event", "reference")),
    "work": _Asked("a film or series", ("id", "title"), ("year", "reference")),
    "partner": _Asked("a licensed partner", ("name", "hosts", "channels")),
    "purchase": _Asked(
        "a test purchase",
        (
            "id", "service", "authorised_by", "authorisation", "bought_at", "merchant", "amount",
            "currency", "means",
        ),
        ("line", "receipt"),
    ),
    "source": _Asked("a source", ("path", "url", "purchase", "kind")),
    "order": _Asked(
        "a court order", ("id", "authority", "territory", "kind", "targets_rule", "start", "end"),
        ("days", "particulars"),
    ),
    "intermediary": _Asked("an access provider", ("name", "territory"), ("list_url", "proxy")),
    "approver": _Asked("an approver", ("name", "role", "public_key")),
}  # fmt: skip
_NETWORK = _Asked("the network", (), ("facts", "resolver", "user_agent"))
_INSTEAD = {"url": "path"}
"""Keys that are not asked for once the other one is answered."""


def _tables(what: str) -> Any:
    return typer.Option(metavar="TOML", help=f"{what}; may be repeated.")


def new(
    path: Annotated[Path, typer.Argument(help="TOML file to write.")],
    id_: Annotated[str | None, typer.Option("--id", help="Id; default: the file's name.")] = None,
    who: Annotated[str | None, typer.Option(help="The right-holder or authority.")] = None,
    regime: Annotated[str | None, typer.Option(help="gdpr (a private party) or led.")] = None,
    legal_basis: Annotated[str | None, typer.Option(help="The right that it rests on.")] = None,
    territory: Annotated[
        list[str] | None, typer.Option(help="Country, two letters; may be repeated.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="Start, such as 2026-11-24T20:30Z.")] = None,
    end: Annotated[str | None, typer.Option(help="End, such as 2026-11-24T23:00Z.")] = None,
    budget: Annotated[
        int | None,
        typer.Option("--collateral-budget", help="Most bystanders outside events; default 0."),
    ] = None,
    event: Annotated[list[str] | None, _tables("An event")] = None,
    fixtures: Annotated[list[str] | None, _tables("A calendar of events")] = None,
    channel: Annotated[list[str] | None, _tables("A channel")] = None,
    work: Annotated[list[str] | None, _tables("A film, series or documentary")] = None,
    partner: Annotated[list[str] | None, _tables("A licensed partner")] = None,
    vantage: Annotated[list[str] | None, _tables("A vantage")] = None,
    purchase: Annotated[list[str] | None, _tables("A test purchase")] = None,
    source: Annotated[list[str] | None, _tables("A source")] = None,
    order: Annotated[list[str] | None, _tables("A court order")] = None,
    intermediary: Annotated[list[str] | None, _tables("An access provider")] = None,
    service: Annotated[list[str] | None, _tables("A service of your own")] = None,
    approver: Annotated[list[str] | None, _tables("An approver")] = None,
    facts: Annotated[str | None, typer.Option(help="Facts folder, as seen from the file.")] = None,
    network: Annotated[
        str | None, typer.Option(metavar="TOML", help="More keys of [network].")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a mandate with a comment for each key, and say what it switches off.

    On a terminal, the command asks questions. It checks each answer at once, as a watch checks the
    file. With --who and the other options, it asks nothing. An option marked TOML is one table,
    with the keys that docs/reference/mandate.md lists; --event 'id = "md34", name = "Home v Away",
    kick_off = 2026-11-24T20:45:00Z' is an event.

    Example: cautery mandate new mandate.toml
    """
    _refuse_to_replace(path, force=force)
    draft = Draft(path=path, now=wiring.clock().now())
    head = {
        "id": id_, "who": who, "regime": regime, "legal_basis": legal_basis,
        "territories": territory, "start": start, "end": end, "collateral_budget": budget,
    }  # fmt: skip
    head_values = {key: value for key, value in head.items() if value is not None}
    tables = {
        "event": event, "fixtures": fixtures, "channel": channel, "work": work,
        "partner": partner, "vantage": vantage, "purchase": purchase, "source": source,
        "order": order, "intermediary": intermediary, "service": service, "approver": approver,
    }  # fmt: skip
    reach = {} if network is None else table_of_option("network", network)
    if facts is not None:
        reach["facts"] = facts
    options = bool(head_values or reach or any(tables.values()))
    if not options and sys.stdin.isatty() and sys.stderr.isatty():
        answer_all(draft, _ask)
    else:
        _take(draft, head_values, tables, reach)
    mandate = draft.mandate()
    wiring.write_secret(path, [draft.text().encode()])
    say_warnings(gaps_of(mandate))
    render.say(
        f"{path} is written, and only its owner can read it. Next:\n"
        f"  cautery mandate show {path}     # all that it puts in force\n"
        f"  cautery mandate sign {path} --name NAME --role ROLE --key KEY.pem    # two people\n"
        f"  cautery mandate check {path}    # who has signed\n"
        f"  {_first_use(path, mandate)}"
    )


def _first_use(path: Path, mandate: Mandate) -> str:
    """Return the command that a mandate is written for."""
    if not mandate.may_find:
        return f"cautery seized take FILES --mandate {path} --case cases/{mandate.id} --by NAME"
    fetched = any(to.list_url is None for to in mandate.intermediaries)
    publish = f" --publish public/{mandate.id}" if fetched else ""
    return f"cautery watch {path} --case cases/{mandate.id}{publish}"


def answer_all(draft: Draft, ask: Ask) -> None:
    """Fill a draft by a person's answers; one that cannot stand is asked for again."""
    render.say(
        "Enter skips what may be left out, or keeps what stands in brackets; a dash removes it. "
        "Lists are written with commas."
    )
    defaults = {"id": draft.path.stem}
    _answer(draft, HEAD, _HEAD, ask, defaults)
    draft.tables[HEAD][0]["keep_open"] = True
    while True:
        for table in TO_FIND:
            _answer_tables(draft, table, ask)
        if not draft.finds_nothing or _is_led(draft):
            break
        render.say("\nA watch needs an event, a calendar, a channel or a work: there is none yet.")
    for table in _TABLES:
        if table not in TO_FIND:
            _answer_tables(draft, table, ask)
    _answer(draft, "network", _NETWORK, ask, {})


def _answer_tables(draft: Draft, table: str, ask: Ask) -> None:
    """Ask for any number of tables of one name."""
    table_question = _TABLES[table]
    question = f"Add {table_question.what}?"
    while _yes(ask, question):
        _answer(draft, table, table_question, ask, {})
        question = f"Add another {table_question.what.partition(' ')[2]}?"


def _answer(draft: Draft, table: str, asked: _Asked, ask: Ask, defaults: Mapping[str, str]) -> None:
    """Ask for one table until it can stand, and add it."""
    row: dict[str, Any] = {}
    answers = dict(defaults)
    open_keys: Sequence[str] = asked.together
    while open_keys:
        for key in open_keys:
            _answer_key(draft, table, key, row, answers, ask)
        try:
            draft.check(table, row)
            break
        except AnswerError as error:
            _say_fault(error)
            open_keys = (error.key,) if error.key in asked.together else asked.together
    for key in asked.then:
        while True:
            _answer_key(draft, table, key, row, answers, ask)
            try:
                draft.check(table, row)
                break
            except AnswerError as error:
                _say_fault(error)
    if row:
        draft.add(table, row)


def _answer_key(
    draft: Draft,
    table: str,
    key: str,
    row: dict[str, Any],
    answers: dict[str, str],
    ask: Ask,
) -> None:
    """Ask for one key until its value by itself can stand; Enter leaves it out if it may be."""
    if _is_idle(draft, key, row):
        return
    if key == "particulars":
        if particulars := _particulars(row, ask):
            row[key] = particulars
        return
    choices = choices_of(table, key)
    question = f"{key} [{' or '.join(choices)}]" if choices else key
    render.say(f"\n{sentence_of(table, key)}")
    while True:
        answer = ask(question, answers.get(key, "")).strip()
        answer = "" if answer == "-" else answer
        row.pop(key, None)
        if not answer and key not in required_of(table):
            answers.pop(key, None)
            return
        value = value_of(table, key, answer)
        try:
            draft.check_key(table, key, value)
        except AnswerError as error:
            _say_fault(error)
            continue
        row[key], answers[key] = value, answer
        return


def _particulars(order: Mapping[str, Any], ask: Ask) -> dict[str, str]:
    """Ask for what the country of an order needs; what is left out can be added later."""
    kind = OrderKind(order.get("kind", OrderKind.LIVE))
    profile = profile_of(order["territory"])
    answers = {}
    for name in profile.particulars(kind):
        render.say(f"\n{profile.name} asks for {profile.fields(kind)[name].text}.")
        answers[name] = ask(name, "").strip()
    return {name: answer for name, answer in answers.items() if answer not in ("", "-")}


def _take(
    draft: Draft,
    head: Mapping[str, Any],
    tables: Mapping[str, list[str] | None],
    network: Mapping[str, Any],
) -> None:
    """Fill a draft by options."""
    missing = [key for key in required_of(HEAD) if key not in {"id": "", **head}]
    if missing:
        options = ", ".join(f"--{key}" for key in missing).replace("--territories", "--territory")
        raise InputError(
            f"a mandate needs {options}", hint="On a terminal, without options, it asks for all."
        )
    texts = {"id": draft.path.stem, **head, "keep_open": True}
    draft.tables[HEAD] = [
        {
            key: value_of(HEAD, key, value) if isinstance(value, str) else value
            for key, value in texts.items()
        }
    ]
    for table, rows in tables.items():
        if rows:
            draft.tables[table] = [table_of_option(table, row) for row in rows]
    if network:
        draft.tables["network"] = [dict(network)]


def _refuse_to_replace(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise InputError(f"{path} exists", hint="Give another name, or --force to replace it.")
    signatures = signatures_path(path)
    if signatures.exists():
        raise InputError(
            f"{signatures} has signatures under an earlier {path.name}",
            hint="Give another name, or remove these signatures: they would not hold any more.",
        )
    if not path.parent.is_dir():
        raise InputError(f"{path.parent}: no such folder", hint=f"mkdir -p {path.parent}")


def _ask(question: str, default: str) -> str:
    answer: str = typer.prompt(
        question, default=default, show_default=bool(default), err=True, prompt_suffix=": "
    )
    return answer


def _yes(ask: Ask, question: str) -> bool:
    return ask(f"\n{question} [y/N]", "").strip().lower() in ("y", "yes")


def _say_fault(error: AnswerError) -> None:
    render.say(f"  {error}\n  {error.hint}")


def _is_led(draft: Draft) -> bool:
    return any(head["regime"] == "led" for head in draft.tables.get(HEAD, ()))


def _is_idle(draft: Draft, key: str, row: Mapping[str, Any]) -> bool:
    """Tell whether a key need not be asked for after what was answered before."""
    return (
        bool(row.get(_INSTEAD.get(key, "")))
        or (key == "authorisation" and not _is_led(draft))
        or (key == "days" and row.get("kind") == OrderKind.STANDING)
        or (key == "purchase" and not draft.tables.get("purchase"))
    )
