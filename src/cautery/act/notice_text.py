"""The text of a notice: each sentence rests on a value of it, and on nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from cautery.act.addressees import Form
from cautery.model import Notice, NoticedUrl

LANGUAGE = "en"
"""The language of the forms; there is no other yet."""


def notice_text(notice: Notice, form: Form) -> str:
    """Return the statement of a notice in a form, in :data:`LANGUAGE`.

    Who reviewed it is not in it: that is known once somebody has signed (:func:`with_review`).
    """
    return "\n".join(_lines(notice, form)) + "\n"


def _lines(notice: Notice, form: Form) -> Iterator[str]:
    several = len(notice.urls) > 1
    yield f"To {notice.addressee.name} ({notice.addressee.kind.value})"
    yield f"Notice under: {notice.legal_basis}"
    yield ""
    yield (
        f"{notice.notifier} holds the rights in {notice.rights}. The "
        f"{'URLs' if several else 'URL'} below re-broadcast it without licence."
    )
    yield (
        "Sound and pictures of each were compared with our reference by a program. A likelihood "
        "ratio says how much better the capture is explained by the same content than by other "
        "content. Times of captures and decisions are those of our machine's clock."
    )
    window = notice.event_window
    if window is not None:
        yield f"The event is on from {window.start:%Y-%m-%d %H:%M} to {window.end:%H:%M} UTC."
    for exhibit in notice.shown_by:
        yield f"Your part is shown by exhibit {exhibit}."
    for number, url in enumerate(notice.urls, start=1):
        yield ""
        yield from _about(number, url)
    yield ""
    yield f"We ask you to {form.asks}."
    yield "The captures are sealed under the digests above, and can be had on request."
    yield f"Contact: {notice.notifier}, {notice.notifier_email or '(no address yet)'}"
    yield notice.good_faith


def _about(number: int, url: NoticedUrl) -> Iterator[str]:
    yield f"{number}. {url.url}"
    yield (
        f"   finding: {url.finding.value}, {url.verbal} for the same content (log10 of the "
        f"likelihood ratio {url.log10_lr:.1f}), decided {url.decided_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    on = ", while the event was on" if url.live else ""
    yield f"   captured: {url.captured_at:%Y-%m-%d %H:%M:%S} UTC by our machine's clock{on}"
    place = url.place
    if place.addresses:
        network = "" if place.asn is None else f" (AS {place.asn})"
        yield f"   host: {place.host} at {', '.join(place.addresses)}{network}"
    if place.domain is not None and place.registrar is not None:
        yield f"   domain: {place.domain}, registrar {place.registrar}"
    for exhibit in url.exhibits:
        yield f"   exhibit: {exhibit}"
