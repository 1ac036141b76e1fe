"""Sentences about sources, offers, streams and verdicts."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    "several.sentences": "%(sentences)s",
    "rhythm.poisson-changes": "Poisson changes seen at visits, Gamma prior by kind of source",
    # What could not be read of a source, and which fixtures are no events.
    "fixture.of-line": "%(table)s %(number)s, from line %(line)s of the calendar",
    "fixture.called-off": "called off",
    "fixture.no-kick-off": "no kick-off time yet, only a date",
    # How a source differs at a vantage.
    "vantage.reachable-only-there": "reachable only from %(vantage)s; from here %(detail)s",
    "vantage.not-reachable-there": "not reachable from %(vantage)s: %(detail)s",
    "vantage.leads-elsewhere": "leads to %(there)s there, but to %(here)s from here",
    "vantage.nowhere": "nowhere",
    "vantage.page-differs": "its page differs: %(facts)s",
    "vantage.other-entries": "it lists other entries",
    "page-fact.title": "title",
    "page-fact.language": "language",
    "page-fact.prices": "prices",
    "page-fact.payments": "payments",
    "page-fact.contacts": "contacts",
    "page-fact.panels": "panels",
    # What a title offers.
    "offer.heading": "heads a group of the list, offers nothing",
    "offer.no-name": "no name is near",
    "offer.is": "is '%(name)s' (%(probability)s)",
    "offer.not-sure": "nearest, but not sure enough: '%(name)s' (%(probability)s)",
    "offer.every-word": "every word matches",
    "offer.matched": "matched: %(words)s",
    "offer.only-in-title": "only in the title: %(words)s",
    "offer.only-in-name": "only in the name: %(words)s",
    "offer.dropped": "dropped: %(words)s",
    "offer.words-and-more": "%(words)s and %(more)s more",
    "offer.transliterated": "%(script)s transliterated",
    "offer.by-prefix": "%(country)s by its prefix",
    "offer.as-told": "%(country)s as stated",
    "offer.by-group": "%(country)s by its group",
    "offer.by-source": "%(country)s by its source",
    "offer.then": "then %(right)s (%(probability)s)",
    # Why a stream is taken for one of another URL, or stays one under another title.
    "move-reason.another-line": "another line",
    "move-reason.another-host": "another host",
    "move-reason.same-title": "same title",
    "move-reason.another-title": "another title",
    # What a sense says.
    "sense.sound": "sound",
    "sense.pictures": "pictures",
    "no-match.none": "it matches no reference",
    "no-match.no-sound": "no sound",
    "no-match.short-sound": "under 3 s of sound",
    "no-match.silent": "silent",
    "no-match.shapeless": "a sound without structure",
    "no-match.tone": "a steady tone",
    "no-match.no-pictures": "no pictures",
    "no-match.few-pictures": "too few pictures",
    "no-match.still": "black, frozen or almost without motion",
    "no-match.too-still": "too little motion to tell it from other pictures",
    "no-match.no-reference": "no reference holds pictures",
    "no-match.not-yet-heard": "the reference was not yet heard so far",
    "observation.unmatched": "%(sense)s: %(why)s",
    # What a verdict rests on, and what it lacks.
    "verdict.undecodable": "no media: %(detail)s",
    "verdict.unreachable": "unreachable: %(detail)s",
    "verdict.no-media": "no probe returned any media",
    "verdict.nothing-matches": (
        "%(count)s probe was compared; it matches nothing that the mandate covers",
        "%(count)s probes were compared; none matches what the mandate covers",
    ),
    "verdict.weak-support": "only %(support)s; a claim needs %(needed)s",
    "verdict.no-agreement": "no two probes agree on the reference and on its delay",
    "verdict.second-probe-needed": (
        "a second probe, some seconds later, must agree before this is claimed"
    ),
    "verdict.maybe-quotation": (
        "%(matched_s)s match, but not throughout the newest probe: it may be a quotation"
    ),
    "verdict.too-short": "only %(matched_s)s match; %(needed_s)s are needed",
    "verdict.maybe-advert": (
        "the match spans %(span_s)s; channels share adverts, so a claim needs more than "
        "%(needed_s)s"
    ),
    "verdict.simulcast": ("%(channels)s carry the same content here: it may be any of them"),
    "verdict.agreement": (
        (
            "%(sense)s: %(count)s probe agrees with %(reference)s, %(matched_s)s of media, delay "
            "%(delay_s)s"
        ),
        (
            "%(sense)s: %(count)s probes agree with %(reference)s, %(matched_s)s of media, delay "
            "%(delay_s)s"
        ),
    ),
    "verdict.agreement-at-speed": "%(agreement)s, speed %(speed)s",
    "verdict.at-once": (
        (
            "at the same time, by %(sense)s: %(count)s probe agrees with %(reference)s, delay "
            "%(delay_s)s"
        ),
        (
            "at the same time, by %(sense)s: %(count)s probes agree with %(reference)s, delay "
            "%(delay_s)s"
        ),
    ),
    "verdict.at-once-in-part": (
        "%(agreement)s, in a part of the picture (%(wide)s %% of its width from %(left)s %%, "
        "%(high)s %% of its height from %(top)s %%)"
    ),
    "verdict.licensed": "%(partner)s may carry %(channels)s",
    "verdict.not-licensed-for": ("%(partner)s is licensed on this host, but not for %(channels)s"),
    "verdict.partner-leads": (
        "%(partner)s's own host leads to %(host)s: a partner's stream or a short link that it "
        "carries, so nothing is claimed; a host of its own belongs in the mandate"
    ),
    "verdict.own-sound": "the sound is %(licensee)s's own",
    "verdict.own-graphics": "the graphics are %(licensee)s's",
    "verdict.several-licensees": "the sound does not tell these licensees apart",
    "verdict.graphics-alone": ("the sound is not a licensee's; the graphics are %(licensee)s's"),
    "verdict.no-licensee": "neither the sound nor the graphics name a licensee",
    # What one probe shows, and what that does not prove.
    "names.both": "%(first)s and %(last)s",
    "identified.throughout": (
        "it follows %(references)s throughout its %(probe_s)s, beginning at %(offset_s)s of the "
        "reference"
    ),
    "identified.from-to": (
        "it follows %(references)s from %(start_s)s to %(end_s)s of %(probe_s)s, beginning at "
        "%(offset_s)s of the reference"
    ),
    "identified.at-speed": "%(stretch)s, speed %(speed)s",
    "identified.in-part": (
        "%(stretch)s, in a part of the picture (%(wide)s %% of its width from %(left)s %%, "
        "%(high)s %% of its height from %(top)s %%)"
    ),
    "identified.by": "%(stretch)s, by %(methods)s",
    "identified.unknown-method": "a method that is not recorded",
    "identified.confirmed": "two windows agree within 0.2 s",
    "identified.not-confirmed": (
        "not confirmed: no two windows of 5 s agree and are each strong enough"
    ),
    "identified.any-of-them": ("these references cannot be told apart here: it may be any of them"),
    "identified.repeats": (
        (
            "the reference repeats itself: %(count)s other place fits equally well, so the place "
            "of the probe in it is not certain"
        ),
        (
            "the reference repeats itself: %(count)s other places fit equally well, so the place "
            "of the probe in it is not certain"
        ),
    ),
    "identified.also": "also %(stretch)s",
    "identified.licensed": "%(partner)s is licensed for it",
    "identified.short": (
        "%(probe_s)s may be an advert, a trailer or a quotation: this is a match, not an accusation"
    ),
    "identified.shared": (
        "%(channels)s carry the same content here, no longer than an advert (a jingle, an advert "
        "or stock music): they cannot be told apart, this is not confirmed, and it accuses nobody"
    ),
    "identified.quoted": (
        "%(references)s is quoted for %(lasts_s)s at %(start_s)s of the probe (beginning at "
        "%(offset_s)s of it)"
    ),
    "identified.more-quotations": (
        "and %(count)s more quotation",
        "and %(count)s more quotations",
    ),
    "identified.no-re-broadcast": "a quotation is not a re-broadcast",
    "identified.no-opinion": "no opinion: %(why)s",
    "identified.nothing-there": "no sound and no pictures",
    "identified.too-weak": "%(witness)s points to %(reference)s, but too weakly to name it",
    "identified.no-reference": "none of the references",
}
