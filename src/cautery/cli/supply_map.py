"""``cautery map``: the supply graph of a case or a file as a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.errors import InputError
from cautery.messages import tr
from cautery.pages.supply_map.draw import draw_supply, svg_file
from cautery.pages.supply_map.layers import as_json, layers_of
from cautery.pages.supply_map.render import supply_page
from cautery.pages.supply_map.view import Picture
from cautery.wiring import cases
from cautery.workflows.plan.graph import read_graph_file
from cautery.workflows.supply.infer import plan_graph_of
from cautery.workflows.supply.known import read_known
from cautery.workflows.supply.picture import around as near
from cautery.workflows.supply.picture import of_plan, of_supply


def draw_map(
    graph: Annotated[
        Path,
        typer.Argument(
            help="A case's folder, or a graph for cautery plan (JSON, also packed; - for stdin)."
        ),
    ],
    around: Annotated[
        str | None,
        typer.Option(help="Show only assets near this one; give its name in the graph."),
    ] = None,
    ways: Annotated[
        int,
        typer.Option(min=1, max=9, help="With --around: how many relations away an asset may be."),
    ] = 2,
    by: Annotated[str, typer.Option(help="Layers by role or by country.")] = "role",
    svg: Annotated[Path | None, typer.Option(help="Write the picture to this SVG file.")] = None,
    png: Annotated[Path | None, typer.Option(help="Write the picture to this PNG file.")] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the picture and all its relations to this HTML file.")
    ] = None,
    plan_graph: Annotated[
        Path | None,
        typer.Option(
            help="For a case: infer roles, and write a graph for cautery plan to this file."
        ),
    ] = None,
    known: Annotated[
        Path | None,
        typer.Option(help="With --plan-graph: CSV of assets with their demand, needs or cost."),
    ] = None,
    uncertain: Annotated[
        bool,
        typer.Option(
            "--uncertain",
            help="With --plan-graph: give each need the probability of both roles.",
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object with everything shown.")
    ] = False,
) -> None:
    """Draw the supply graph by role or country: who supplies, hosts, sells and is paid.

    Without an output file, the layers are printed as a table.

    Example: cautery map graph.json --around panel.example --svg panel.svg
    """
    if by not in ("role", "country"):
        raise InputError(f"--by: {by!r} is not valid; give role or country")
    by_country = by == "country"
    with Progress(f"reading {graph}", None) as progress:
        picture = _picture(graph)
        whole = len(picture.assets)
        progress.doing(f"drawing {whole:,} assets")
        if around is not None:
            picture = near(picture, around, most=ways)
        drawing = draw_supply(picture, middle=around, by_country=by_country)
    if svg is not None:
        wiring.write_file(svg, svg_file(drawing).encode("utf-8", "backslashreplace"))
    if png is not None:
        wiring.write_png(svg_file(drawing), png)
    if html is not None:
        page = supply_page(picture, drawing, middle=around)
        wiring.write_file(html, page.encode("utf-8", "backslashreplace"))
    if plan_graph is not None:
        _write_plan_graph(graph, plan_graph, known, uncertain=uncertain)
    elif known is not None or uncertain:
        raise InputError("--known and --uncertain need --plan-graph")
    if json:
        render.json_line(as_json(picture, by_country=by_country))
    elif not any((svg, png, html, plan_graph)):
        render.table(
            (by, "assets", "names"),
            (
                (name, len(assets), " ".join(asset.name for asset in assets[:12]))
                for name, assets in layers_of(picture, by_country=by_country)
            ),
        )
    render.say(f"{len(picture.assets):,} of {whole:,} assets, {len(picture.relations):,} relations")


def _write_plan_graph(case: Path, out: Path, known_file: Path | None, *, uncertain: bool) -> None:

    if not cases.may_be_case(case):
        raise InputError("--plan-graph needs a case: this file is a graph for cautery plan already")
    mapped = cases.mapped(case)
    known_values = None
    if known_file is not None:
        known_values = read_known(known_file, names=[asset.id for asset in mapped.assets])
    document = plan_graph_of(mapped, known_values, uncertain=uncertain)
    wiring.write_file(out, (json.dumps(document, indent=1) + "\n").encode())


def _picture(graph: Path) -> Picture:

    if cases.may_be_case(graph):
        mapped, met_at, source = cases.mapped_and_met(graph)
        return of_supply(mapped, met=met_at, source=source)
    name = "stdin" if str(graph) == "-" else graph.name
    return of_plan(
        read_graph_file(graph), source=tr("A graph for cautery plan: %(file)s", file=name)
    )
