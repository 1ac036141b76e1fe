"""Lets services of one network carry one feed, and with it the faults that its encoder made.

In each network two streams or more of the event are made from one copy: the same delay, the same
logo, the same freeze, the same advert in place of the match. Each service codes it anew, as its own
transcoder would. All other streams keep a delay of their own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cautery.lab.spec import FeedSpec, Plan, StreamSpec

CARRIERS = 3
"""Most services of one feed."""
FREEZE_S, ADVERT_S = 2.4, 14.0
"""Long enough to be seen in one probe, and to fill one."""


def share_feeds(plan: Plan) -> Plan:
    """Return the plan with one feed shared in each network that has the streams for it."""
    # The second number keeps this draw apart from those of other parts of the same seed's world.
    rng = np.random.default_rng([plan.seed, 95])
    changed: dict[str, StreamSpec] = {}
    for number, network in enumerate(plan.networks):
        carriers = _carriers(plan, network.id)
        if len(carriers) < 2:
            continue
        model = carriers[0]
        delay_s = model.delay_s or 20.0
        edge_s = plan.timing.edge_s - delay_s
        feed = FeedSpec(
            id=f"feed-{network.id}",
            seed=plan.seed * 1000 + 700 + number * 37,
            # Content seconds after the stream's own live edge at T0.
            freeze=(round(edge_s + float(rng.uniform(6, 9)), 1), FREEZE_S),
            advert=(round(edge_s + plan.timing.after_s - ADVERT_S - 4, 1), ADVERT_S),
        )
        for carrier in carriers:
            changed[carrier.id] = replace(
                carrier,
                content=model.content,
                event=model.event,
                licensee=model.licensee,
                delay_s=delay_s,
                speed=1.0,
                disguise=("logo", "re-encode"),
                coding=replace(carrier.coding, fmp4=False, fps=25),
                feed=feed,
            )
    return replace(plan, streams=tuple(changed.get(stream.id, stream) for stream in plan.streams))


def _carriers(plan: Plan, network: str) -> list[StreamSpec]:
    """Return live streams of the event, each on another host of a network."""
    hosts = {host.name for host in plan.hosts if host.network == network and host.scored}
    carriers: dict[str, StreamSpec] = {}
    for stream in plan.streams:
        place = stream.edge or stream.host
        carries = (
            stream.kind == "rebroadcast" and stream.event is not None and stream.delivery != "vod"
        )
        if carries and place in hosts and "aes-128" not in stream.disguise:
            carriers.setdefault(place, stream)
    return list(carriers.values())[:CARRIERS]
