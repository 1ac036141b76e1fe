"""``cautery estimate machines``: how many machines a night of so many channels and looks needs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from cautery.cli import render
from cautery.estimate.machines import FULL, Machine, Needs, Night, measured, needs
from cautery.lab.capacity import core_speed

_LEVELS = ("low", "mid", "high")
_ROWS = (
    "nodes", "cores of nodes, used", "network in, used", "network out, used", "memory of a node",
    "a driver's core, used", "database's commits, used", "drivers", "indexes of references",
    "from streams", "out of the vault", "vault, a month", "objects, a month", "records, a month",
    "ledger, a month",
)  # fmt: skip


def machines(
    channels: Annotated[float, typer.Option(min=1, help="Reference channels of your own.")],
    looks: Annotated[float, typer.Option(min=0, help="Looks at streams a minute.")],
    vantages: Annotated[
        int, typer.Option(min=1, max=250, help="Places from which streams are looked at.")
    ] = 1,
    month_hours: Annotated[
        float, typer.Option(min=0, max=744, help="Hours of such nights in a month.")
    ] = 120.0,
    settled: Annotated[
        float, typer.Option(min=0, max=1, help="Share of looks that the sound alone settles.")
    ] = 0.5,
    unmatched: Annotated[
        float, typer.Option(min=0, max=1, help="Share of looks that match nothing.")
    ] = 0.4,
    stream_mbit: Annotated[
        float, typer.Option(min=0.01, max=200, help="Mbit/s of a stream that is looked at.")
    ] = 2.5,
    cores: Annotated[int, typer.Option(min=1, max=1024, help="Cores of a machine.")] = 16,
    memory_gb: Annotated[float, typer.Option(min=1, help="Memory of a machine, GB.")] = 64.0,
    network_gbit: Annotated[
        float, typer.Option(min=0.001, help="Network of a machine, Gbit/s each way.")
    ] = 10.0,
    speed: Annotated[
        float | None,
        typer.Option(
            min=0.05,
            max=20,
            help="Speed of a core, 1: as the one where costs were measured; default: this machine.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say how many machines a night needs, and which of their resources is used up first.

    The figures follow from what one look, one minute of a reference and one record took when they
    were measured, at the least, in the middle and at the most. They are no promise: what your
    streams take is told by the console while a watch is on.

    Example: cautery estimate machines --channels 2500 --looks 3000
    """
    night = Night(
        channels=channels,
        looks_a_minute=looks,
        vantages=vantages,
        month_hours=month_hours,
        settled=settled,
        unmatched=unmatched,
        stream_mbit=stream_mbit,
    )
    machine = Machine(
        cores=cores,
        memory_gb=memory_gb,
        network_gbit=network_gbit,
        speed=core_speed() / float(measured()["core_speed"]) if speed is None else speed,
    )
    found = {level: needs(night, machine, level) for level in _LEVELS}
    if json:
        render.json_line(
            {
                "night": asdict(night),
                "machine": asdict(machine),
                "measured": measured(),
                "full": FULL,
                **{level: asdict(need) for level, need in found.items()},
            }
        )
        return
    columns = [_column(found[level]) for level in _LEVELS]
    render.table(
        ("what", "at the least", "middle", "at the most"), zip(_ROWS, *columns, strict=True)
    )
    middle = found["mid"]
    render.say(
        f"the middle: {middle.nodes} nodes of {cores} cores, one of them at each vantage spare; "
        f"used up first: {middle.first}"
    )
    if machine.memory_gb < found["high"].memory_gb:
        render.say(
            f"a machine may need up to {found['high'].memory_gb:.0f} GB of memory: each node holds "
            "all references"
        )
    if middle.drivers > 1:
        render.say(
            f"one driver cannot do it: split the night into {middle.drivers} cases, by event"
        )
    said = measured()
    render.say(
        f"unit costs measured on {said['at']} ({said['machine']}); a core here counts as "
        f"{machine.speed:.2f} of one there"
    )


def _column(need: Needs) -> list[str]:
    use = {name: f"{share:.0%}" for name, share in need.use.items()}
    return [
        f"{need.nodes:,}",
        use["cores of nodes"],
        use["network in"],
        use["network out"],
        f"{need.memory_gb:.1f} GB",
        use["a driver's core"],
        use["database's commits"],
        f"{need.drivers:,}",
        f"{need.indexes:,}",
        f"{need.stream_gbit:.2f} Gbit/s",
        f"{need.pulled_gbit:.2f} Gbit/s",
        f"{need.vault_tb:,.1f} TB",
        f"{need.vault_objects / 1e6:,.1f} million",
        f"{need.records / 1e6:,.1f} million",
        f"{need.ledger_gb:,.1f} GB",
    ]
