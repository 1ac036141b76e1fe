"""``cautery seized``: material of a seizure, or of who cooperates; for an authority only."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cells import csv_cell
from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.cli._verbs import Verbs
from cautery.errors import InputError
from cautery.formats import address_in
from cautery.messages import say
from cautery.model import Authority, LedCategory, Link, revealed, to_json
from cautery.model.records import MaterialTaken
from cautery.wiring import cases
from cautery.wiring.seized import erase_seized, place_of
from cautery.workflows.mandate.read import read_mandate
from cautery.workflows.seized.consult import account_names, write_original
from cautery.workflows.seized.links import COLUMNS, links_of_seized
from cautery.workflows.seized.tables import Derivative
from cautery.workflows.seized.take import take as take_file
from cautery.workflows.seized.views import views

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Take in seized or handed-over material. Cautery seals it as received, and shows "
    "people only under pseudonyms.",
)

REVIEW_DAYS = 365

_Case = Annotated[Path, typer.Option("--case", help="Folder of the case.")]
_Keys = Annotated[
    Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
]
_By = Annotated[str, typer.Option("--by", help="Who does it; this is logged (LED art. 25).")]
_Why = Annotated[str, typer.Option("--why", help="For which purpose; this is logged.")]
_Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]


@app.command()
def take(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="SQL dumps, tables of lines, access logs, NetFlow CSV; also .gz, .xz, .zst, .bz2."
        ),
    ],
    case: _Case,
    mandate: Annotated[
        Path, typer.Option("--mandate", help="The mandate's TOML file, regime led.")
    ],
    by: _By,
    panel: Annotated[
        str | None, typer.Option(help="Name of the panel that all files belong to.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="Kind: panel_sql, panel_dump, access_log or netflow; default: by content."
        ),
    ] = None,
    server: Annotated[
        list[str] | None,
        typer.Option(help="Address of the service itself, which stays in clear; may be repeated."),
    ] = None,
    category: Annotated[
        str,
        typer.Option(
            help="LED category of resellers' accounts: suspect, convicted, victim or other."
        ),
    ] = "suspect",
    review: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="Date on which a person reviews whether to keep them; default: in a year.",
        ),
    ] = None,
    registered: Annotated[
        str | None, typer.Option("--exhibit", help="Exhibit number in the operation's register.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Read also the files that the case already has.")
    ] = False,
    links: Annotated[
        Path | None, typer.Option(help="Write the case's links to this CSV, for cautery cluster.")
    ] = None,
    keys: _Keys = None,
    json: _Json = False,
) -> None:
    """Seal files encrypted, and write tables for analysis.

    In these tables keyed hashes replace people.

    Customers' names, credentials, MACs and addresses are hashed under a key outside the case;
    counts, times, countries and networks stay. Files that the case has already are not read again.

    Example: cautery seized take dump.sql.gz --case cases/x --mandate led.toml --by "A. Bianchi"
    """
    now = wiring.clock().now()
    checked = read_mandate(mandate, now=now)
    authority, facts = Authority(checked), revealed(checked.network.facts)
    if category not in list(LedCategory):
        raise InputError(
            f"{category!r} is not an LED category", hint=f"Give one of {', '.join(LedCategory)}."
        )
    servers = {text: address_in(text) for text in server or ()}
    for text, address in servers.items():
        if address is None:
            raise InputError(f"--server {text!r}: not an address")
    size = sum(file.stat().st_size for file in files if file.is_file())
    failed = False
    with (
        cases.writing(case, keys_dir=keys, regime=checked.regime) as opened,
        Progress("sealing", 3 * size >> 20) as bar,
    ):
        total_bytes = 0

        def advance(count: int) -> None:
            nonlocal total_bytes
            for _ in range(((total_bytes + count) >> 20) - (total_bytes >> 20)):
                bar.step()
            total_bytes += count

        place = place_of(facts)
        for file in files:
            bar.doing(file.name)
            result, was_known = take_file(
                file,
                case=opened,
                authority=authority,
                place=place,
                by=by,
                review_at=(review or now + timedelta(days=REVIEW_DAYS)).date(),
                kind=kind,
                panel=panel,
                servers=frozenset(address for address in servers.values() if address is not None),
                category=LedCategory(category),
                registered=registered,
                again=again,
                told=advance,
            )
            failed = failed or result.failed is not None
            _tell(file, result, was_known=was_known, json=json)
    if links is not None:
        _write_links(case, links)
    if failed:
        raise typer.Exit(1)


@app.command()
@render.tabular
def show(
    case: Annotated[Path, typer.Argument(help="Folder of the case.")],
    json: _Json = False,
) -> None:
    """Show what is in the material: counts by country, account, server, stream, host.

    Counts of fewer than five customers are not shown.

    Example: cautery seized show cases/x
    """
    with cases.reading(case) as opened:
        derivative = Derivative(opened.ledger, opened.vault)
        overview = views(derivative, on=wiring.clock().now())
    _warn(derivative)
    if not overview:
        render.say("no seized material in this case")
    for title, rows in overview.items():
        if json:
            for row in rows:
                render.json_line({"table": title, **row})
            continue
        columns = list(dict.fromkeys(name for row in rows for name in row))
        render.table(
            columns, ([_cell(row.get(name)) for name in columns] for row in rows), title=title
        )


@app.command("links")
def links_(
    case: Annotated[Path, typer.Argument(help="Folder of the case.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="CSV file to write; default: stdout.")
    ] = None,
    json: _Json = False,
) -> None:
    """Write links from the material, for cautery cluster; they contain no customer.

    Example: cautery seized links cases/x -o links.csv
    """
    if out is not None:
        _write_links(case, out)
        return
    if not json:
        typer.echo(_links_csv(case), nl=False)
        return
    for link in _links(case):
        render.json_line(to_json(link, words=say))


@app.command()
@render.tabular
def accounts(
    case: Annotated[Path, typer.Argument(help="Folder of the case.")],
    id: Annotated[str, typer.Argument(help="Id of the material, from cautery seized show.")],
    by: _By,
    why: _Why,
    keys: _Keys = None,
    json: _Json = False,
) -> None:
    """Read the sealed names of resellers' and administrators' accounts; this is logged.

    Example: cautery seized accounts cases/x 5d41402abc4b2a76 --by "A. Bianchi" --why "report 12"
    """
    with cases.writing(case, keys_dir=keys) as opened:
        rows = account_names(opened, id, by=by, why=why)
    if json:
        for row in rows:
            render.json_line(row)
        return
    render.table(list(rows[0]) if rows else [], (list(row.values()) for row in rows))


@app.command()
def original(
    case: Annotated[Path, typer.Argument(help="Folder of the case.")],
    id: Annotated[str, typer.Argument(help="Id of the material, from cautery seized show.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write, with mode 0600.")],
    by: _By,
    why: _Why,
    keys: _Keys = None,
) -> None:
    """Write the original bytes, checked against their SHA-256; this is logged.

    Example: cautery seized original cases/x 5d41402abc4b2a76 -o dump.sql --by "A. B." --why court
    """
    with cases.writing(case, keys_dir=keys) as opened:
        name, sha256 = write_original(
            opened, id, lambda pieces: wiring.write_secret(out, pieces), by=by, why=why
        )
    render.say(f"{name}\nsha256  {sha256}\nwritten {out}")


@app.command()
def erase(
    case: Annotated[Path, typer.Argument(help="Folder of the case.")],
    by: _By,
    why: _Why,
    id: Annotated[
        str | None, typer.Argument(help="Id of the material whose original is erased.")
    ] = None,
    customers: Annotated[
        bool, typer.Option("--customers", help="Destroy the key under which customers are hashed.")
    ] = False,
    keys: _Keys = None,
) -> None:
    """Destroy forever the key of an original and its accounts' names, or of all customers' hashes.

    Every digest and proof of the case stays valid.

    Example: cautery seized erase cases/x 5d41402abc4b2a76 --by "A. Bianchi" --why "retention ended"
    """
    if (id is None) != customers:
        raise InputError("give either the id of the material or --customers")
    destroyed = erase_seized(case, id, by=by, why=why, keys_dir=keys)
    render.say(f"{destroyed} keys destroyed" if destroyed else "the key was already destroyed")


def _tell(file: Path, result: MaterialTaken, *, was_known: bool, json: bool) -> None:

    if json:
        render.json_line({"known": was_known, **to_json(result, words=say)})
        return
    kinds = sorted({table.kind for table in result.tables})
    counts = ", ".join(f"{result.rows(kind):,} {kind}" for kind in kinds) or "no rows"
    render.say(f"{render.printable(file.name)}: {result.id} {result.kind}: {counts}")
    if was_known:
        render.say("  the case has this file already")
    for warning in result.warnings:
        shape = f" {warning.shape}" if warning.shape else ""
        render.say(f"  line {warning.line}: {warning.count} x {say(warning.why)}{shape}")
    if result.accounts is not None:
        render.say(
            f"  names of {result.accounts.names} accounts sealed, category "
            f"{result.accounts.category.value} (an assessment), to be reviewed by "
            f"{result.accounts.review_at}"
        )
    if result.failed is not None:
        render.say(f"  reading ended early: {say(result.failed)}")


def _links(case: Path) -> tuple[Link, ...]:

    with cases.reading(case) as opened:
        derivative = Derivative(opened.ledger, opened.vault)
        links = links_of_seized(derivative)
    _warn(derivative)
    return links


def _warn(derivative: Derivative) -> None:
    for warning in derivative.warnings:
        render.say(warning)


def _links_csv(case: Path) -> str:

    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for link in _links(case):
        first, last = (
            at.astimezone(UTC).isoformat().replace("+00:00", "Z")
            for at in (link.first_seen, link.last_seen)
        )
        cells = (link.subject, link.kind, link.value, first, last, link.source)
        rows.writerow([csv_cell(cell) for cell in cells])
    return out.getvalue()


def _write_links(case: Path, out: Path) -> None:

    wiring.write_file(out, _links_csv(case).encode())
    render.say(f"links   {out}")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return "\n".join(f"{name} {count:,}" for name, count in value.items())
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
