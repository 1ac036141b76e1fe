"""What the score of a picture match rests on: cells of the reference, there and where chance is."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from cautery.fingerprint.placement import around
from cautery.identify._judging import Place
from cautery.identify._scored import Scored
from cautery.identify.basis import Basis
from cautery.identify.references.held import References
from cautery.model.records.scoring import PicturePlace, SensePlace

PLAIN_TRIAL, UNUSUAL_TRIAL = "picture", "picture-view"
"""Which trial says what a score is worth: of pictures as they are, or of all other views."""


def trial_of(scored: Scored) -> str:
    """Return the name of the trial that a score is judged by."""
    return UNUSUAL_TRIAL if scored.unusual else PLAIN_TRIAL


def picture_basis(references: References, scored: Scored) -> Basis | None:
    """Return what the score of a picture match rests on.

    The arrays are ``cells.N`` and ``times.N``: the reference's cell means under the probe at place
    1, then at each place of ``place.places`` from 2 on; and ``windows``, what was taken of each of
    the probe's pictures, if they were held still.
    """
    pictures = references.pictures(scored.place.name)
    if pictures is None:
        return None
    arrays: dict[str, NDArray[Any]] = {}
    for number, place in enumerate((scored.place, *scored.chance), start=1):
        at = place.origin_s + place.speed * scored.probe.at
        under = around(pictures.times, at)
        arrays[f"cells.{number}"] = pictures.cells[under].copy()
        arrays[f"times.{number}"] = pictures.times[under].copy()
    if scored.probe.windows is not None:
        arrays["windows"] = scored.probe.windows
    places = (scored.rough, scored.place, *scored.chance)
    return Basis(
        SensePlace(
            kind="picture",
            reference=scored.place.name,
            family=references.info(scored.place.name).family,
            trial=trial_of(scored),
            places=tuple(map(_placed, places)),
        ),
        arrays,
    )


def _placed(place: Place) -> PicturePlace:
    return PicturePlace(
        origin_s=float(place.origin_s),
        speed=float(place.speed),
        placed=tuple(float(number) for number in place.placed),
        negative=place.view.negative,
    )
