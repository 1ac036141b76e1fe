"""What the score of a picture match rests on: cells of the reference, there and where chance is."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from cautery.fingerprint.placement import around
from cautery.identify._judging import Place
from cautery.identify._seeing import Scored
from cautery.identify._shown import Probe
from cautery.identify.basis import Basis
from cautery.identify.references.held import References
from cautery.model.records.scoring import PicturePlace, SensePlace


def picture_basis(probe: Probe, references: References, scored: Scored) -> Basis | None:
    """Return what the score of a picture match rests on.

    The arrays are ``cells.N`` and ``times.N``: the reference's cell means under the probe at place
    1, then at each place of ``place.places`` from 2 on.
    """
    pictures = references.pictures(scored.place.name)
    if pictures is None:
        return None
    arrays: dict[str, NDArray[Any]] = {}
    for number, place in enumerate((scored.place, *scored.chance), start=1):
        at = place.origin_s + place.speed * probe.at
        under = around(pictures.times, at)
        arrays[f"cells.{number}"] = pictures.cells[under].copy()
        arrays[f"times.{number}"] = pictures.times[under].copy()
    places = (scored.rough, scored.place, *scored.chance)
    return Basis(
        SensePlace(
            kind="picture",
            reference=scored.place.name,
            family=references.info(scored.place.name).family,
            places=tuple(map(_placed, places)),
        ),
        arrays,
    )


def _placed(place: Place) -> PicturePlace:
    return PicturePlace(
        origin_s=float(place.origin_s),
        speed=float(place.speed),
        placed=tuple(float(number) for number in place.placed),
    )
