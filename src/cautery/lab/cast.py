"""Draws a world's lawful side: the match, its licensees, other channels, the film, look-alikes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cautery.lab.names import Names
from cautery.lab.spec import ChannelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The lawful programmes, and what they are called."""

    channels: tuple[ChannelSpec, ...]
    event: str
    event_name: str
    work_title: str
    broadcaster: str

    def of(self, *roles: str) -> tuple[ChannelSpec, ...]:
        """Return the channels of some roles."""
        return tuple(channel for channel in self.channels if channel.role in roles)


def draw_cast(seed: int, size: str, names: Names) -> Cast:
    """Draw the lawful programmes of a world of that size."""
    # The second number keeps this draw apart from those of other parts of the same seed's world.
    rng = np.random.default_rng([seed, 71])
    base = (seed % 1_000_003 + 11) * 100
    demo = size == "demo"
    home, away = names.title(), names.title()
    event = f"{home}-{away}".lower()
    sport = {territory: names.title() for territory in ("FR", "IT", "GB")}
    broadcaster = names.domain("feeds")
    lights = rng.permutation([60, 120, 190])
    corners = rng.permutation(4)
    channels = [
        _channel("clean", f"{home} v {away}", "clean", "match", base, event=event),
    ]
    territories = ("FR", "IT", "GB") if demo else ("FR", "GB")
    for i, territory in enumerate(territories):
        channels.append(
            ChannelSpec(
                id=f"{sport[territory].lower()}-sport-{territory.lower()}",
                name=f"{sport[territory]} Sport {1 + i % 2}",
                role="licensee",
                style="match",
                seed=base + 1 + i,
                territory=territory,
                event=event,
                short=f"{sport[territory][:3].upper()}{1 + i % 2}",
                corner=int(corners[i]),
                colour=(int(lights[i]), int(rng.integers(50, 200)), int(rng.integers(50, 200))),
            )
        )
    linear = [
        ("film", "Cinema", "FR"),
        ("music", "Hits", "IT"),
        ("documentary", "Discoveries", "GB"),
    ]
    for i, (style, word, territory) in enumerate(linear if demo else linear[:1]):
        title = names.title()
        channel = _channel(
            f"{title}-{word}".lower(), f"{title} {word}", "linear", style, base + 1100 + 100 * i
        )
        channels.append(_with(channel, territory=territory, short=title[:4].upper()))
    lawful = ["talk", "music", "news", "sport-talk", "kids"]
    words = {
        "talk": "Live",
        "music": "Radio TV",
        "news": "News 24",
        "sport-talk": "Arena",
        "kids": "Kids",
    }
    for i, style in enumerate(lawful if demo else lawful[:1]):
        title = names.title()
        channel = _channel(
            f"{title}-{style}".lower(),
            f"{title} {words[style]}",
            "lawful",
            style,
            base + 2100 + 100 * i,
        )
        channels.append(_with(channel, short=title[:4].upper()))
    alikes = [("other-match", 3100), ("room", 3200), ("slate", 3300), ("black", 3400)]
    for style, offset in alikes if demo else alikes[:1]:
        channel = _channel(
            style, style.replace("-", " ").title(), "look-alike", style, base + offset
        )
        if style == "other-match":
            near = channels[1]
            channel = _with(
                channel,
                short=f"{names.title()[:3].upper()}2",
                corner=near.corner,
                colour=near.colour,
            )
        channels.append(channel)
    title = f"The {names.title()} Letters"
    if demo:
        channels.append(_with(_channel("film-work", title, "work", "film", base + 4100), short=""))
    return Cast(
        channels=tuple(channels),
        event=event,
        event_name=f"{home} v {away}",
        work_title=title,
        broadcaster=broadcaster,
    )


def _channel(
    id: str, name: str, role: str, style: str, seed: int, *, event: str | None = None
) -> ChannelSpec:
    return ChannelSpec(id=id, name=name, role=role, style=style, seed=seed, event=event)


def _with(channel: ChannelSpec, **changes: object) -> ChannelSpec:

    return replace(channel, **changes)  # type: ignore[arg-type]
