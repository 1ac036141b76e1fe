"""Draw the decoys of a night from its programme; all that is random comes from one generator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from random import Random

from cautery.errors import InputError
from cautery.model import Mandate
from cautery.model.decoys import SALT_HEX, Decoy, DecoyKind, DecoyLeaf
from cautery.workflows.decoys.programme import OwnHost, OwnMedia, Programme

PLAYLIST = "index.m3u8"
_LEAST_LIFE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A decoy with what the keeper needs to serve it.

    Parameters
    ----------
    leaf : DecoyLeaf
        The truth about it.
    media : int
        Number of its media in the programme.
    """

    leaf: DecoyLeaf
    media: int


def draw(programme: Programme, mandate: Mandate, rng: Random) -> tuple[Drawn, ...]:
    """Return the decoys of a night, in random order.

    Parameters
    ----------
    rng : Random
        Of the system (``SystemRandom``), but for tests: whoever knows its seed knows the plan.

    Raises
    ------
    InputError
        If the programme has nothing for a kind that is drawn.
    """
    showing = [media for media in programme.media if media.event is not None]
    look_alikes = [media for media in programme.media if media.event is None]
    plain_hosts = [host for host in programme.hosts if not host.partner]
    partners = [
        (host, media)
        for host in programme.hosts
        if host.partner
        for media in showing
        if media.licensee in _channels(host, mandate)
    ]
    # Each medium and each partner's stream is as likely as another one.
    innocent = [(None, media) for media in look_alikes] + list(partners)
    if programme.look_alikes and not innocent:
        raise InputError("programme: no look-alike can be drawn: no partner may carry its media")
    picks: list[tuple[OwnHost | None, OwnMedia]] = [
        (None, rng.choice(showing)) for _ in range(programme.own_streams)
    ]
    picks += [rng.choice(innocent) for _ in range(programme.look_alikes)]
    rng.shuffle(picks)
    # No host has two before each has one: an act on a host ends the trial of all decoys there.
    turns = cycle(rng.sample(plain_hosts, len(plain_hosts)))
    return tuple(
        _drawn(programme, mandate, host or next(turns), media, rng) for host, media in picks
    )


def _channels(host: OwnHost, mandate: Mandate) -> frozenset[str]:
    return frozenset(
        channel
        for partner in mandate.partners
        if partner.carries(host.name)
        for channel in partner.channels
    )


def _drawn(
    programme: Programme, mandate: Mandate, host: OwnHost, media: OwnMedia, rng: Random
) -> Drawn:
    kind = DecoyKind.PARTNER if host.partner else media.kind
    appears_at = programme.window.start + timedelta(seconds=_between(rng, programme.appears_s))
    event = next((event.name for event in mandate.events if event.id == media.event), None)
    title = rng.choice(media.titles or programme.titles)
    title = title.replace("{number}", str(rng.randint(1, 99)))
    decoy = Decoy(
        kind=kind,
        url=f"{host.base}/live/{rng.randbytes(6).hex()}/{PLAYLIST}",
        addresses=host.addresses,
        offered_as=title.replace("{event}", event or _any_event(mandate)),
        event=media.event,
        licensee=media.licensee,
        # A licensed partner hides nothing.
        disguise="none" if host.partner else rng.choice(programme.disguises).name,
        delay_s=round(_between(rng, programme.delay_s), 1),
        appears_at=appears_at,
        vanishes_at=max(programme.window.end, appears_at + _LEAST_LIFE),
    )
    leaf = DecoyLeaf(salt=rng.randbytes(SALT_HEX // 2).hex(), decoy=decoy)
    return Drawn(leaf=leaf, media=programme.media.index(media))


def _between(rng: Random, bounds: tuple[float, float]) -> float:
    return rng.uniform(*bounds)


def _any_event(mandate: Mandate) -> str:
    """Return the name by which a look-alike lures: that of the mandate's first event."""
    return mandate.events[0].name if mandate.events else "LIVE"
