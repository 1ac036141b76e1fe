"""Sentences about what a strike did: effect, displacement, what was served, and lifetimes."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    # What is estimated
    "quantity.use-after-strike": (
        "%(unit)s in %(market)s: use over %(days)s days against the use without the strike"
    ),
    "quantity.displacement": (
        "%(market)s: use of %(count)s other service over %(days)s days",
        "%(market)s: mean use of %(count)s other services over %(days)s days",
    ),
    "quantity.served-after": (
        "%(unit)s: served over %(days)s days after the strike, in days of usual service"
    ),
    "quantity.median-life": "median life, %(kind)s, %(group)s",
    # How it is estimated
    "method.placebo": (
        "regression on %(donors)s services far away and the calendar, %(count)s placebos"
    ),
    "method.placebo-own-past": "regression on the calendar and the own past, %(count)s placebos",
    "method.area": "area under the share served, from %(count)s probes",
    "method.kaplan-meier": "Kaplan-Meier: %(count)s lives, %(deaths)s of them over",
    # Why it cannot be said
    "course.before-data": "the strike is before the first day of the data, %(day)s",
    "course.after-data": "the strike is after the last day of the data, %(day)s",
    "course.few-days-before": (
        "%(count)s day was measured before the strike, and %(least)s are needed",
        "%(count)s days were measured before the strike, and %(least)s are needed",
    ),
    "course.few-days-after": (
        "%(count)s day was measured after the strike, and %(least)s are needed",
        "%(count)s days were measured after the strike, and %(least)s are needed",
    ),
    "course.struck-before": (
        "an earlier strike hit it %(count)s day before, and %(least)s days are needed between",
        "an earlier strike hit it %(count)s days before, and %(least)s days are needed between",
    ),
    "course.second-strike": "a second strike hit it on %(day)s, too soon to tell the two apart",
    "course.few-placebos": (
        "%(count)s independent placebo is too few: longer data or more services are needed",
        "%(count)s independent placebos are too few: longer data or more services are needed",
    ),
    "course.no-receivers": "%(market)s has no other service in the data that was not struck",
    "course.no-far-services-for-gain": (
        "all services in the data are in %(market)s, and no other market shows what they gained"
    ),
    "course.no-usual": (
        "%(count)s day was probed in the two months before, and %(least)s are needed",
        "%(count)s days were probed in the two months before, and %(least)s are needed",
    ),
    "course.span-not-over": "the data end %(count)s days after the strike, not %(days)s",
    "course.long-gap": "nobody probed for %(count)s days on end, of %(days)s",
    "course.never-served": "nothing was served before the strike either",
    "course.few-lives": "%(count)s lives and %(deaths)s deaths are too few",
    "course.half-alive": "%(alive_share)s are still alive at the longest life that was seen",
    "course.no-level": "nothing measures how much is used: no effect and no displacement is known",
    # What a reader must know
    "course.market-unknown": "its market is unknown, so that no service is known to be far from it",
    "course.no-far-services": (
        "all services in the data are in %(market)s: compared with the own past, less certain"
    ),
    "course.few-donors": (
        "the counterfactual rests on %(count)s service far away",
        "the counterfactual rests on %(count)s services far away",
    ),
    "course.others-struck": (
        "%(count)s other service was struck within these days: all strikes act together",
        "%(count)s other services were struck within these days: all strikes act together",
    ),
    "course.gain-of-all": (
        "%(count)s more service here was struck within these days: the gain is of all strikes",
        "%(count)s more services here were struck within these days: the gain is of all strikes",
    ),
    "course.until-second": "only %(days)s days count: then a second strike hit it",
    "course.until-end": "only %(days)s days count: then the data end",
    "course.gaps": (
        "%(count)s of %(days)s days was not measured",
        "%(count)s of %(days)s days were not measured",
    ),
    "course.zeros": (
        "nothing was seen on %(count)s of %(days)s days: less than the smallest value counts",
        "nothing was seen on %(count)s of %(days)s days: less than the smallest value counts",
    ),
    "course.faults": (
        "%(count)s day with zero between two usual days is taken as not measured",
        "%(count)s days with zero between two usual days are taken as not measured",
    ),
    "course.noisier-after": "days after the strike are noisier than before: less certain",
    "course.sensors-changed": "sensors were lost or gained about the strike: less certain",
    "course.vantage-left-out": "the vantage %(vantage)s shares too few days with the others",
    "course.vantage": (
        "as seen from %(vantage)s; %(count)s day was bridged",
        "as seen from %(vantage)s; %(count)s days were bridged",
    ),
    "course.median-open": "the upper end is open: no life of more than %(days)s days was seen",
    "course.calendar-zoneless": (
        "%(count)s match names no time zone: its day is taken as UTC",
        "%(count)s matches name no time zone: their days are taken as UTC",
    ),
    "course.calendar-unread": (
        "%(count)s entry of the calendar could not be read",
        "%(count)s entries of the calendar could not be read",
    ),
    "course.no-calendar": "no calendar of fixtures: match days count as noise, less certain",
    "course.odd-records": (
        "%(count)s record of the case is passed over: its time is odd",
        "%(count)s records of the case are passed over: their times are odd",
    ),
}
