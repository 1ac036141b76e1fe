"""A night on many nodes, simulated from measured unit costs: what fills first, how many, how dear.

    python bench/scale/plan.py [--night CHANNELS LOOKS_A_MINUTE VANTAGES ...] [--records 1e9]
        [--cores 16] [--memory 64] [--network 10] [--speed 1] [--seconds 240] [--out FOLDER]

Looks become due by chance (Poisson). The driver files each, a node with a free place takes it,
fetches at what its server gives, waits for one of its cores, decodes and searches, seals into the
vault, and the driver appends the answer. References are heard on the same nodes all the time, and
each node fetches all that is heard. CPU of a look scatters as it was measured; what a server gives
is log-normal around four times the stream's own rate, by a factor of two. A plan holds if the 95 %
of looks that are answered first take at most ``--within`` seconds longer than they would without
any queue, and nothing is fuller than 70 %: then one node of each vantage may die. The number of
nodes is the least that holds, for unit costs at their least, in the middle and at their most.

What is not in it: nodes of unequal speed, servers that are slow because we ask often, a database on
the same machine as the vault, and matches beyond 4,096 live references of one index, for which each
look searches several volumes (counted as the CPU of one that is as large).
"""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from simulation import Simulated, simulated

from cautery.estimate.machines import (
    FULL,
    Machine,
    Needs,
    Night,
    measured,
    needs,
    unit_costs,
)

LEVELS = ("low", "mid", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one of something costs a month, EUR: from, to, and by which list."""

    least: float
    most: float
    source: str


PRICES = {
    "node": Price(least=110, most=750, source="assumed: 16 cores, 64 GB, 10 Gbit/s, rented by the"
                  " month at the least, in a large cloud by the hour of a whole month at the most"),
    "TB kept": Price(least=5.0, most=23.0, source="F126: 0.0067 EUR a TB-hour; 0.023 USD a GB and"
                     " month, taken as EUR"),
    "million objects": Price(least=0.0, most=5.4, source="F126: no charge; 0.0054 USD a 1,000 PUT,"
                             " taken as EUR"),
}  # fmt: skip


def least_nodes(
    night: Night, machine: Machine, level: str, *, within_s: float, seconds: float
) -> tuple[int, Simulated]:
    """Return the least nodes with which a night holds, without spare ones, and how it went."""
    nodes = max(night.vantages, 1)
    guess = needs(night, machine, level)
    nodes = max(nodes, guess.nodes - night.vantages)
    for _ in range(8):
        found = simulated(night, machine, nodes, level, seconds=seconds)
        full = max(found.use["cores"], found.use["network in"])
        if found.p95_s <= found.bare_p95_s + within_s and full <= FULL * 1.02:
            break
        nodes = max(nodes + 1, math.ceil(nodes * full / FULL))
    return nodes, found


def full_at(night: Night, machine: Machine, nodes: int) -> dict[str, float]:
    """Return the looks a minute at which each part is full, with so many nodes."""
    found = {}
    for name in needs(night, machine).use:
        least, most = 1.0, 1e8
        for _ in range(60):
            middle = math.sqrt(least * most)
            asked = needs(replace(night, looks_a_minute=min(middle, 1e7)), machine)
            share = asked.use[name]
            if name not in {"memory of a node", "a driver's core", "database's commits"}:
                share *= (asked.nodes - night.vantages) / nodes
            least, most = (middle, most) if share <= FULL else (least, middle)
        found[name] = least
    return found


def euro(need: Needs, nodes: int) -> dict[str, tuple[float, float]]:
    """Return what a month costs: from, to."""
    amounts = {"node": nodes + 2, "TB kept": need.vault_tb + need.ledger_gb / 1e3,
               "million objects": need.vault_objects / 1e6}  # fmt: skip
    return {
        name: (amount * PRICES[name].least, amount * PRICES[name].most)
        for name, amount in amounts.items()
    }


def shown(night: Night, machine: Machine, asked: argparse.Namespace) -> dict[str, Simulated]:
    """Print the rows of a night; return its middle, simulated at several loads."""
    print(
        f"\n{night.channels:,.0f} channels, {night.looks_a_minute:,.0f} looks a minute,"
        f" {night.vantages} vantages; nodes of {machine.cores} cores (speed {machine.speed:g}),"
        f" {machine.memory_gb:g} GB, {machine.network_gbit:g} Gbit/s"
    )
    print(
        "| unit costs | nodes (and spare) | first full | cores | network in | driver | database |"
        " look, median / 95 % s | memory of a node |\n| --- " * 1
        + "| --- " * 8 + "|"
    )  # fmt: skip
    kept: dict[str, tuple[int, Needs]] = {}
    for level in LEVELS:
        nodes, found = least_nodes(
            night, machine, level, within_s=asked.within, seconds=asked.seconds
        )
        need = needs(night, machine, level)
        kept[level] = nodes, need
        use = " | ".join(f"{found.use[part]:.0%}" for part in found.use)
        print(
            f"| {level} | {nodes} (+{night.vantages}) | {need.first} | {use} |"
            f" {found.median_s:.1f} / {found.p95_s:.1f} | {need.memory_gb:.1f} GB |",
            flush=True,
        )
    nodes, need = kept["mid"]
    prices = euro(need, nodes + night.vantages)
    told = "; ".join(f"{name} {a:,.0f} to {b:,.0f}" for name, (a, b) in prices.items())
    total = [sum(one[at] for one in prices.values()) for at in (0, 1)]
    print(
        f"- a month of {night.month_hours:g} hours: {need.vault_objects / 1e6:,.1f} million looks,"
        f" {need.vault_tb:,.0f} TB into the vault, {need.records / 1e6:,.0f} million records,"
        f" {need.ledger_gb:,.0f} GB of ledger; {need.drivers} drivers, {need.indexes} indexes"
    )
    print(f"- EUR of the first month, media kept for it: {told}; together {total[0]:,.0f} to"
          f" {total[1]:,.0f}")  # fmt: skip
    print(
        f"- {need.stream_gbit:.1f} Gbit/s come from streams; {need.pulled_gbit:.1f} Gbit/s of what"
        " is heard go out of the vault to all nodes"
    )
    at = full_at(night, machine, nodes)
    print("- full at looks a minute: " + "; ".join(f"{n} {v:,.0f}" for n, v in at.items()))
    loads = {}
    for share in (0.5, 0.8, 1.0, 1.2, 1.35, 1.45, 1.6):
        more = replace(night, looks_a_minute=night.looks_a_minute * share)
        loads[f"{more.looks_a_minute:.0f}"] = simulated(
            more, machine, nodes, "mid", seconds=asked.seconds / 2
        )
    return loads


def picture(title: str, loads: dict[str, Simulated], out: Path) -> None:
    """Draw how long looks take, and how full parts are, over the looks a minute."""
    import matplotlib as mpl  # noqa: PLC0415 - only where a picture is wanted

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    looks = [float(one) / 1e3 for one in loads]
    figure, (upper, lower) = plt.subplots(2, 1, sharex=True, figsize=(7.2, 6.0))
    upper.plot(looks, [min(one.p95_s, 120) for one in loads.values()], "o-", label="95 % of looks")
    upper.plot(
        looks, [min(one.median_s, 120) for one in loads.values()], "s--", label="half of looks"
    )
    upper.set_ylabel("answered within, s")
    upper.set_ylim(0, None)
    upper.set_title(title, fontsize=10)
    upper.legend(loc="upper left")
    names = {"driver": "each driver", "database": "the database"}
    for name, line in zip(next(iter(loads.values())).use, ("o-", "s--", "^:", "d-."), strict=True):
        shares = [100 * one.use[name] for one in loads.values()]
        lower.plot(looks, shares, line, label=names.get(name, f"{name} of nodes"))
    lower.axhline(100 * FULL, color="0.5", linewidth=0.8)
    lower.text(looks[-1], 100 * FULL + 1.5, "as full as planned for", fontsize=8, ha="right")
    lower.set_ylabel("used, %")
    lower.set_xlabel("looks a minute, thousands")
    lower.set_ylim(0, 105)
    lower.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=4, fontsize=8, frameon=False)
    for one in (upper, lower):
        one.grid(alpha=0.3)
    figure.tight_layout()
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, metadata={"Date": None} if out.suffix == ".svg" else None)


def records(count: float) -> None:
    """Print what so many records take, and into how many cases they belong."""
    of = unit_costs()
    print(f"\n{count:.0e} records:")
    for level in LEVELS:
        size = count * of["record_bytes"].at(level) / 1e12
        verify = count / 1e6 * of["verify_million_s"].at(level) / 3600
        close = count / 1e6 * of["close_million_s"].at(level) / 3600
        lists = count / 1e6 * of["lists_million_s"].at(level) / 3600
        print(
            f"- {level}: {size:.2f} TB of tables and indexes; {verify:.1f} h of one core to verify"
            f" all, {close:.1f} h to close, {lists:.1f} h to make all lists of the console anew"
        )


def main() -> None:
    """Print the plan."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--night", type=float, nargs=3, action="append",
                     metavar=("CHANNELS", "LOOKS", "VANTAGES"))  # fmt: skip
    ask.add_argument("--records", type=float, default=1e9)
    ask.add_argument("--cores", type=int, default=16)
    ask.add_argument("--memory", type=float, default=64.0)
    ask.add_argument("--network", type=float, default=10.0)
    ask.add_argument("--speed", type=float, default=1.0)
    ask.add_argument("--within", type=float, default=1.0, help="seconds that queues may add")
    ask.add_argument("--seconds", type=float, default=240.0, help="simulated")
    ask.add_argument("--out", type=Path, help="folder for pictures")
    asked = ask.parse_args()
    machine = Machine(cores=asked.cores, memory_gb=asked.memory, network_gbit=asked.network,
                      speed=asked.speed)  # fmt: skip
    print(f"unit costs: {measured()}; machine: {asdict(machine)}")
    nights = asked.night or [(2500, 3000, 1), (10_000, 12_000, 3), (25_000, 30_000, 5)]
    for channels, looks, vantages in nights:
        night = Night(channels=channels, looks_a_minute=looks, vantages=int(vantages))
        loads = shown(night, machine, asked)
        if asked.out:
            title = f"{channels:,.0f} channels, planned for {looks:,.0f} looks a minute"
            picture(title, loads, asked.out / f"scale-{channels:.0f}.svg")
    records(asked.records)


if __name__ == "__main__":
    main()
