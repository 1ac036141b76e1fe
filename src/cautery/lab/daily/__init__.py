"""The lab's daily world: networks over markets, day by day, with strikes whose effect is known.

What anybody could see and what is true are two values, and two places on disk: an estimator gets
the first, and its nouns have no field for the second.

Examples
--------
>>> sources, truth = daily_world(7, displacement=0.6)
>>> sorted({series.measure.value for series in sources.series})
['level', 'served']
>>> [strike.units for strike in sources.strikes] == [(truth.struck[0].unit,)]
True
>>> truth.struck[0].effect[30] < 0 < truth.displaced[0].gain[30]
True
"""

from cautery.lab.daily.spec import (
    Act,
    DailySources,
    DailySpec,
    DailyTruth,
    DisplacedTruth,
    LifeTruth,
    StruckTruth,
)
from cautery.lab.daily.world import daily_world

__all__ = [
    "Act",
    "DailySources",
    "DailySpec",
    "DailyTruth",
    "DisplacedTruth",
    "LifeTruth",
    "StruckTruth",
    "daily_world",
]
