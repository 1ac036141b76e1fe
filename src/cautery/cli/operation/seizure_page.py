"""``cautery operation seizure-page``: what stands where a service was, as a folder of files."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.errors import InputError
from cautery.model.toml import toml_string
from cautery.packed import small_file
from cautery.wiring import desks

_LANGUAGES = "en,fr,it,es"


def seizure_page(
    case: Annotated[Path | None, typer.Argument(help="The agency's case of the operation.")] = None,
    offers: Annotated[
        Path | None,
        typer.Option(help="TOML list: lawful offers, whom to ask, where the page is served."),
    ] = None,
    agency: Annotated[
        list[str] | None,
        typer.Option("--agency", help="Id of an agency that agreed to be named; may be repeated."),
    ] = None,
    languages: Annotated[
        str, typer.Option(help="Languages of the page; the first is for who asks for no other.")
    ] = _LANGUAGES,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A new folder for the files.")
    ] = None,
    brand: Annotated[
        list[str] | None,
        typer.Option(
            "--brand", help="Name only this brand; may be repeated. Default: all that may be named."
        ),
    ] = None,
    panel: Annotated[
        list[str] | None,
        typer.Option(
            "--panel", help="Release the host of a panel against its marking; may be repeated."
        ),
    ] = None,
    logo: Annotated[
        list[str] | None,
        typer.Option("--logo", help="AGENCY=FILE.png: a logo to show; may be repeated."),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print an example of a list and exit.")
    ] = False,
    texts: Annotated[
        bool, typer.Option("--texts", help="Print the page's sentences, to translate, and exit.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, and write nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Make the page that stands where a service was, with its DNS and web server files.

    The folder has a static page in each language, files for nginx, Caddy and Apache that keep no
    log, and a zone for BIND
    and Knot. A person decides which agencies are named. Nothing is published.

    Example: cautery operation seizure-page cases/op-rome --offers offers.toml --agency it-postal -o
    seized
    """
    # Pages and their texts are heavy, and the other commands have no use for them.
    from cautery.pages.seizure import own_texts  # noqa: PLC0415
    from cautery.workflows.operation.seizure_site import EXAMPLE, Choice  # noqa: PLC0415

    if example:
        typer.echo(EXAMPLE, nl=False)
        return
    if texts:
        sentences = own_texts()
        typer.echo("[language.texts]")
        for field in fields(sentences):
            typer.echo(f"{field.name} = {toml_string(getattr(sentences, field.name))}")
        return
    if case is None or offers is None or (out is None and not dry_run):
        raise InputError(
            "a case, --offers and -o are needed",
            hint="cautery operation seizure-page CASE --offers offers.toml --agency ID -o FOLDER; "
            "--example prints a list.",
        )
    choice = Choice(
        agencies=agency or (),
        languages=[code.strip() for code in languages.split(",") if code.strip()],
        brands=brand or (),
        panels=panel or (),
        logos=dict(_logo(text) for text in logo or ()),
    )
    site = desks.write_seizure_site(case, offers, choice, None if dry_run else out)
    if json:
        render.json_line(
            {
                "folder": None if dry_run else str(out),
                "files": sorted(site.files),
                "domains": [domain.name for domain in site.seizures.domains],
                "panels": [host.host for host in site.seizures.panels],
                "agencies": site.agencies,
                "brands": site.brands,
                "languages": site.languages,
                "withheld": dict(site.withheld),
            }
        )
        return
    render.table(
        ("taken over", "since", "by"),
        [
            *(
                (
                    domain.name,
                    f"{domain.at:%Y-%m-%d}",
                    f"exhibit {domain.exhibit}, {domain.measure}",
                )
                for domain in site.seizures.domains
            ),
            *((panel.host, f"{panel.at:%Y-%m-%d}", "action day") for panel in site.seizures.panels),
        ],
    )
    render.say(f"agencies  {', '.join(site.agencies)}")
    render.say(f"brands    {', '.join(site.brands) or 'none'}")
    for what, count in site.withheld:
        render.say(f"withheld  {what}: {count}, by their markings")
    if dry_run:
        render.say("nothing was written")
    elif out is not None:
        render.say(f"folder    {out.resolve()}: read READ-ME.txt; nothing was published")


def _logo(text: str) -> tuple[str, bytes]:
    agency, sign, name = text.partition("=")
    if not sign or not name:
        raise InputError(f"--logo {text[:60]!r}: write AGENCY=FILE.png")
    return agency, small_file(Path(name), most=500_000, of="a logo")
