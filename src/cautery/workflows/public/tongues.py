"""In which language a public page answers: as its address asks, else as the browser does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from cautery.messages import in_language, languages
from cautery.model.web import HTML, Answered, Asked

_MOST = 30
"""Languages of one header that are looked at: browsers send about five."""
_RANGE = re.compile(r"([A-Za-z]{1,8})(?:-[A-Za-z0-9-]{1,30})?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?")


def tongue_of(asked: Asked) -> str:
    """Return the code of the language that a request asks for, of those that there are.

    ``?lang=`` counts first, then ``Accept-Language`` (RFC 9110, section 12.5.4); English if neither
    names one of ours.

    Examples
    --------
    >>> browser = {"accept-language": "de, fr-CH;q=0.8, it;q=0.9"}
    >>> tongue_of(Asked(method="GET", path="/", address="192.0.2.1", headers=browser))
    'it'
    """
    ours = languages()
    chosen = asked.query.get("lang", "")
    if chosen in ours:
        return chosen
    wanted: dict[str, float] = {}
    for part in asked.headers.get("accept-language", "").split(",")[:_MOST]:
        match = _RANGE.fullmatch(part.strip())
        if match is not None and (code := match[1].lower()) in ours:
            wanted[code] = max(float(match[2] or 1), wanted.get(code, 0.0))
    best = max(wanted, key=lambda code: wanted[code], default="en")
    return best if wanted.get(best) else "en"


def in_tongue(asked: Asked, answer: Callable[[], Answered]) -> Answered:
    """Return an answer in the language of a request, with the headers that say so.

    Caches keep a page apart for each ``Accept-Language``.
    """
    tongue = tongue_of(asked)
    with in_language(tongue):
        answered = answer()
    if answered.media_type != HTML:
        return answered
    said = {"Content-Language": tongue, "Vary": "Accept-Language"}
    return replace(answered, headers={**answered.headers, **said})
