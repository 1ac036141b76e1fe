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
look searches several indexes (counted as the CPU of one that is as large).
"""

from __future__ import annotations

import argparse
import heapq
import math
from collections import deque
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from cautery.estimate.machines import (
    FULL,
    Machine,
    Needs,
    Night,
    hearing_cores,
    look_bytes,
    look_cpu_s,
    measured,
    needs,
    unit_costs,
)

LEVELS = ("low", "mid", "high")
PLACES = 8
"""Looks in hand for each core of a node: most of a look is waiting for its server."""
FASTER, FACTOR = 4.0, 2.0
"""A server gives media at so many times the stream's rate, log-normal, a standard deviation of a
factor of two: assumed, no server was asked."""
PUT_S = 0.08
"""Seconds that a vault takes for an object besides its bytes: assumed."""
EARLY = 1 / 3
"""Share of the simulated time that fills the queues and does not count."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A simulated night: delays of looks in seconds, and the shares of time that parts worked."""

    median_s: float
    p95_s: float
    bare_p95_s: float
    answered: float
    use: dict[str, float]


def simulated(
    night: Night, machine: Machine, nodes: int, level: str, *, seconds: float, seed: int = 1
) -> Simulated:
    """Simulate a night on so many nodes.

    Returns
    -------
    Simulated
        ``answered`` is the share of the looks due in the counted time that were answered before
        its end; ``bare_p95_s`` what 95 % would have taken without any queue.
    """
    rng, of = np.random.default_rng(seed), unit_costs()
    count = int(rng.poisson(night.looks_a_minute / 60 * seconds))
    due = np.sort(rng.uniform(0, seconds, count))
    size = look_bytes(night)
    rate = night.stream_mbit * 1e6 / 8 * FASTER * np.exp(rng.normal(0, math.log(FACTOR), count))
    fetch = 0.1 + size / rate
    heard = hearing_cores(night, level) / (nodes * machine.cores * machine.speed)
    free = max(0.01, 1 - heard)
    spread = math.log(of["seal_s"].high / of["seal_s"].mid) if of["seal_s"].mid else 0.3
    cpu = look_cpu_s(night, level) / machine.speed / free
    cpu = cpu * np.exp(rng.normal(-(spread**2) / 2, spread, count))
    nic = machine.network_gbit * 1e9 / 8
    pulled = night.channels * of["published_bytes_a_channel_s"].at(level)
    seal = size / max(1.0, nic - pulled)
    file_s = of["driver_look_s"].at(level) / machine.speed / 2
    append_s = of["records_a_look"].mid / of["appends_a_s"].at(_other(level))
    drivers = needs(night, machine, level).drivers
    bare = 2 * file_s + fetch + cpu + PUT_S + seal + append_s

    ends = np.full(count, np.inf)
    at_driver = [0.0] * drivers
    taken_up, database = [0.0] * drivers, 0.0
    places = [(0, node) for node in range(nodes)]  # looks in hand, node: the emptiest first
    in_hand, cores_free = [0] * nodes, [machine.cores] * nodes
    waiting: deque[int] = deque()
    queues: list[deque[int]] = [deque() for _ in range(nodes)]
    in_until, out_until = [0.0] * nodes, [0.0] * nodes
    worked = 0.0
    most = PLACES * machine.cores
    where = [0] * count
    events: list[tuple[float, int, int]] = []  # when, what, which look
    filed, fetched, decoded, sealed = range(4)
    for look in range(count):
        driver = look % drivers
        at_driver[driver] = max(at_driver[driver], due[look]) + file_s
        heapq.heappush(events, (at_driver[driver], filed, look))

    def begin(look: int, now: float) -> None:
        while True:
            hand, node = heapq.heappop(places)
            if hand == in_hand[node]:
                break
        in_hand[node] += 1
        heapq.heappush(places, (in_hand[node], node))
        where[look] = node
        # The line is shared: what comes in at once is done when all of it has come through.
        in_until[node] = max(in_until[node], now) + size / max(1.0, nic - pulled)
        heapq.heappush(events, (max(now + fetch[look], in_until[node]), fetched, look))

    def work(look: int, node: int, now: float) -> None:
        nonlocal worked
        cores_free[node] -= 1
        worked += cpu[look]
        heapq.heappush(events, (now + cpu[look], decoded, look))

    while events and events[0][0] <= seconds:
        now, what, look = heapq.heappop(events)
        node = where[look]
        if what == filed:
            if min(in_hand) >= most:
                waiting.append(look)
            else:
                begin(look, now)
        elif what == fetched:
            if cores_free[node]:
                work(look, node, now)
            else:
                queues[node].append(look)
        elif what == decoded:
            cores_free[node] += 1
            if queues[node]:
                work(queues[node].popleft(), node, now)
            out_until[node] = max(out_until[node], now) + seal
            heapq.heappush(events, (out_until[node] + PUT_S, sealed, look))
        else:
            in_hand[node] -= 1
            heapq.heappush(places, (in_hand[node], node))
            if waiting:
                begin(waiting.popleft(), now)
            driver = look % drivers
            taken_up[driver] = max(taken_up[driver], now) + file_s
            database = max(database, taken_up[driver]) + append_s
            ends[look] = database
    counted = (due >= seconds * EARLY) & (due <= seconds - np.quantile(bare, 0.95) * 2)
    delays = (ends - due)[counted]
    done = np.isfinite(delays)
    each = seconds * nodes
    return Simulated(
        median_s=float(np.quantile(delays, 0.5)) if done.any() else math.inf,
        p95_s=float(np.sort(delays)[int(0.95 * (len(delays) - 1))]) if len(delays) else 0.0,
        bare_p95_s=float(np.quantile(bare, 0.95)),
        answered=float(done.mean()) if len(delays) else 1.0,
        use={
            "cores": min(1.0, worked * free / each / machine.cores + heard),
            "network in": (count * size / each + pulled) / nic,
            "driver": count * 2 * file_s / seconds / drivers,
            "database": count * append_s / seconds,
        },
    )


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


def _other(level: str) -> str:
    return {"low": "high", "high": "low"}.get(level, level)


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
