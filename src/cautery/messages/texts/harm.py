"""Sentences about harm, and about what acts are known to do."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    "harm-hull.events": (
        (
            "These events cost from EUR %(low)s to EUR %(high)s, if the %(count)s assumption that "
            "gives a sum holds. Nothing says that it does."
        ),
        (
            "These events cost from EUR %(low)s to EUR %(high)s, if one of the %(count)s "
            "assumptions that give a sum holds. None of them is known to hold, and no number in "
            "between is more likely than another."
        ),
    ),
    "harm-hull.year": (
        (
            "A year costs from EUR %(low)s to EUR %(high)s, if the %(count)s assumption that gives "
            "a sum holds. Nothing says that it does."
        ),
        (
            "A year costs from EUR %(low)s to EUR %(high)s, if one of the %(count)s assumptions "
            "that give a sum holds. None of them is known to hold, and no number in between is "
            "more likely than another."
        ),
    ),
    "harm.no-one-number": (
        "each row holds the truth with 90 %% or more if its assumption holds; shares and prices "
        "are ends, and nothing is said of what lies between"
    ),
    "harm.unmeasured": "%(minutes)s minutes inside of the curves were not measured",
    "harm.several-channels": (
        "who changes from one channel to another is counted on both at the high ends"
    ),
    "harm.spread": (
        "a month's price is spread over %(fewest)s to %(most)s viewings, and at most %(times)s "
        "times the viewers of the fullest minute have watched: both are as the file of assumptions "
        "states them"
    ),
    "harm.of-viewings": "it is about viewings, and says nothing of users in a year",
    "harm.streams": (
        "the curves are %(low)s to %(high)s viewers a stream, by your word, times the streams that "
        "the case's probes saw up"
    ),
    "harm.claim-possible": (
        "%(claim)s is possible under %(count)s assumption: %(titles)s",
        "%(claim)s is possible under %(count)s assumptions: %(titles)s",
    ),
    "harm.claim-between": "%(claim)s lies between the assumptions: none of them holds it",
    "harm.claim-below": (
        "%(claim)s does not fit: it is below the low end of all assumptions, EUR %(low)s"
    ),
    "harm.claim-headline": (
        "%(claim)s does not fit: it is %(times)s times the high end of all assumptions that "
        "have a source, and is possible only if: %(titles)s"
    ),
    "harm.claim-above": (
        "%(claim)s does not fit: it is %(times)s times the high end of all assumptions that have a "
        "source, and it is out of reach even if every viewer had paid the full lawful price"
    ),
    # What studies measured after acts
    "deterred.attacks-all": "attacks in all",
    "deterred.piracy-all": "pirated use in all",
    "deterred.visits-sites": "visits to the sites that were hit",
    "deterred.visits-returned": "visits to those that came back",
    "deterred.traffic": "pirated traffic on the next day",
    "deterred.legal-use": "use of lawful services",
    "deterred.legal-sales": "lawful sales",
    "deterred.days-back": "time until sites are back",
    "studied.booters": "booters (attacks for hire)",
    "studied.iptv-one": "pirate IPTV, one operation, press",
    "studied.streaming": "free streaming of films and series",
    "studied.downloads": "films, downloads and streams",
    "deterrence.change": "%(quantity)s: %(low)s to %(high)s %%",
    "deterrence.one": "%(quantity)s: %(change)s %%",
    "deterrence.days": "%(quantity)s: %(low)s to %(high)s days",
    "deterrence.nothing": "no study of such an act is known here",
    "deterrence.not-here": (
        "not measured here: nothing of this case says what the act did. Probes before and after "
        "it do (cautery estimate effect)"
    ),
    "deterrence.other-field": (
        "none of these studies is about pirate IPTV with a counterfactual: they say what was seen "
        "elsewhere, and are no measurement of this case"
    ),
    "harm.beside": "%(what)s: EUR %(size)s; the claim is %(times)s times that",
}
"""By id."""
