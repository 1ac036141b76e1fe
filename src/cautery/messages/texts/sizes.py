"""Sentences about estimates: what is estimated, how, and how claims compare."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    # What is estimated
    "quantity.users": "users",
    "quantity.payers": "payers",
    "quantity.revenue": "revenue",
    "quantity.in-country": "%(quantity)s, %(country)s",
    "quantity.exposure-of": "exposure of %(event)s",
    "quantity.customers-of": "paying customers of %(service)s",
    "quantity.revenue-of": "revenue of %(service)s",
    "quantity.level-of": "level of %(unit)s",
    "quantity.demand-for": "demand for %(event)s, %(unit)s",
    "quantity.dark": "share of referred streams dark, all intermediaries",
    "quantity.dark-through": "share of referred streams dark, %(intermediary)s",
    # How it is estimated
    "method.logical-bounds": "logical bounds",
    "method.wilson": "Wilson score interval",
    "method.gaps-between-probes": "seen at least, possible at most, given the gaps between probes",
    "method.claimed-customers": "claimed customers x share of lines that pay (0.4 to 1)",
    "method.paid-by-each": "customers x EUR %(low)s to %(high)s a user and month",
    "method.source": "%(source)s",
    "method.reconciled": "reconciled from %(sources)s",
    "method.forecast": "quiet and loud days weighed by age and kind; adaptive conformal interval",
    "method.past-events": "%(count)s past events of %(what)s",
    "method.whole-past": "the whole range of the past, three times as wide",
    # What a reader must know about it
    "forecast.calendar-too-young": (
        "the calendar lists matches on %(days)s past days of the series, too few to learn from: it "
        "does not shift the forecast"
    ),
    "forecast.no-kick-off": (
        "%(count)s match has a day but no kick-off yet",
        "%(count)s matches have a day but no kick-off yet",
    ),
    "forecast.zone-assumed": (
        "%(count)s match names no zone: taken as %(zone)s",
        "%(count)s matches name no zone: taken as %(zone)s",
    ),
    "forecast.unread": "the calendar, line %(line)s: %(why)s",
    "forecast.tried": (
        "%(unit)s: the last %(trials)s days, each forecast %(ahead)s days ahead: median error x "
        "%(error)s, 90 %% interval held %(held)s of them"
    ),
    "forecast.short": "the series has %(days)s measured days only: the interval is the model's own",
    "forecast.stage-unseen": "no past event of its stage, or at its hours: wider for that",
    "forecast.no-event-known": (
        "not identified by any source: too few past events of this competition in the series"
    ),
    "estimate.nothing-probed": "nothing was probed: any share is possible",
    "estimate.probed": (
        "%(dark)s of %(count)s stream, by our own probes only",
        "%(dark)s of %(count)s streams, by our own probes only",
    ),
    "estimate.streams-seen": (
        "%(count)s stream ever seen live; gaps up to %(close_s)s count as seen",
        "%(count)s streams ever seen live; gaps up to %(close_s)s count as seen",
    ),
    "estimate.claim": "one claim by the seller, %(customers)s; nobody has counted",
    "estimate.claims": (
        "%(claims)s claims by the seller, %(fewest)s to %(most)s; nobody has counted"
    ),
    "estimate.price-and-audience": "%(price)s; audience: %(audience)s",
    "price.not-seen": "no list price seen",
    "price.agrees": "list price EUR %(price)s agrees with surveyed spending",
    "price.below": "list price EUR %(price)s is below surveyed spending",
    "estimate.one-network": (
        "one network is taken for a quarter (9 to 45 %%) of %(what)s in %(scope)s, which is a "
        "judgement; the market is that of %(source)s"
    ),
    # What must be ready before a match
    "ready.no-table": "no table says anything of it",
    "ready.order-holds": "order %(order)s holds until %(until)s",
    "ready.order-ends": "order %(order)s ends before it, at %(until)s",
    "ready.order-begins": "order %(order)s begins after it, at %(since)s",
    "ready.no-order": "no order in this country",
    "ready.reference": "reference at hand since %(since)s",
    "ready.reference-comes": "reference expected on %(since)s",
    "ready.reference-late": "reference expected on %(since)s only, too late",
    "ready.no-reference": "no reference of this channel",
    "ready.on-call": "on call: %(who)s",
    "ready.nobody": "nobody on call from %(since)s to %(until)s",
    "ready.done": "done on %(on)s",
    "ready.not-done": "not done",
    "ready.too-old": "last done on %(on)s, too long before",
    "ready.to-do": "to do by %(by)s",
    # On which factor an estimate rests that nothing measures
    "not-identified.network-arpu": (
        "most of this width rests on ARPU, which is not identified by any source"
    ),
    "not-identified.users-per-payer": (
        "most of this width rests on users per payer, which is not identified by any source"
    ),
    "not-identified.lines-per-payer": (
        "most of this width rests on lines per payer, which is not identified by any source"
    ),
    "not-identified.households-looking": (
        "most of this width rests on the households that look up a name for each payer, which is "
        "not identified by any source"
    ),
    # Which way a source leans
    "bias.panels": (
        "counts lines, not people; trial and expired lines are left out by their flags, "
        "about 20 %% dormant or duplicate ones by judgement"
    ),
    "bias.panels-active": (
        "counts lines, not people; lines that were not in use in the last month are left out where "
        "a panel logs it"
    ),
    "bias.recapture": (
        "only lines in use at the peak; heavy viewers are seen twice, so plain recapture is too "
        "low; boxes left on and trials count as well"
    ),
    "bias.payments": (
        "sees revenue, payers only through ARPU; misses sales by hand, and what resellers keep; "
        "counts resellers' credits twice"
    ),
    "bias.names": (
        "counts households that look up such a name; misses those behind a VPN, and counts people "
        "who are only curious"
    ),
    "bias.survey": (
        "people forget and deny; it asks about all such services, and this network is only a part"
    ),
    "bias.visits": "shows sales, not use; conversion and turnover are hardly known",
    "bias.published": "%(what)s, %(scope)s: a survey; people forget and deny",
    # Why a source gives no estimate
    "no-estimate.no-dump": "no panel's dump",
    "no-estimate.no-share": "no panel's share of traffic is known",
    "no-estimate.no-paid-line": "no paid line in any dump",
    "no-estimate.no-looks": "no two looks at edges",
    "no-estimate.not-twice": "no line was seen twice",
    "no-estimate.no-payment": "no payment into a known account",
    "no-estimate.no-names": "no provider's sample of look-ups",
    "no-estimate.no-survey": "no survey",
    "no-estimate.few-asked": "fewer than %(fewest)s people were asked in each country",
    "no-estimate.no-visits": "no visits to storefronts",
    # What went into a sizing
    "sizing.note": "%(source)s: %(note)s",
    "sizing.no-traffic-share": "%(panels)s panel(s) without a traffic share were left out",
    "sizing.no-purchase": "%(channel)s: no test purchase, so its coverage is a judgement",
    "sizing.too-far": (
        "left out: the nearest month is %(nearest)s, more than %(months)s months away"
    ),
    "sizing.other-month": "from %(nearest)s, because there is none from %(month)s",
    "sizing.dump": "dump of %(panel)s as of %(taken_on)s: %(rows)s",
    "sizing.alone": "only one method has data, so there is nothing to reconcile it with",
    "sizing.disagreement": (
        "%(source)s says %(factor)s times what the other sources say, %(deviations)s standard "
        "deviations away: one of them is wrong beyond its known bias, so every interval was widened"
    ),
    "unusual.network-arpu": (
        "%(sources)s: ARPU is about EUR %(value)s a month; it is usually EUR %(low)s to %(high)s"
    ),
    "unusual.users-per-payer": (
        "%(sources)s: about %(value)s users for each payer; there are usually %(low)s to %(high)s"
    ),
    "unusual.lines-per-payer": (
        "%(sources)s: about %(value)s lines for each payer; there are usually %(low)s to %(high)s"
    ),
    "unusual.households-looking": (
        "%(sources)s: about %(value)s households look up a name for each payer; there are usually "
        "%(low)s to %(high)s"
    ),
    "sizing.few-answers": (
        "sharing: %(answers)s answers, fewer than %(fewest)s: they say nothing of users per payer "
        "and were left out"
    ),
    "sizing.few-asked": (
        "%(surveys)s survey(s) that asked fewer than %(fewest)s people were left out"
    ),
    # What was read of a seized panel's dump
    "dump.all": "%(sentences)s",
    "dump.rows": ("%(count)s row", "%(count)s rows"),
    "dump.damaged": "%(rows)s damaged and not counted",
    "dump.merged": "%(lines)s lines of small countries counted as %(country)s",
    "dump.cut-off": (
        "the table ends inside a row, so it is cut off: it was left out, as nobody knows how many "
        "lines are missing"
    ),
    "dump.suppressed": "%(lines)s lines not shown, in groups of fewer than %(fewest)s",
    # Sizes as people say them
    "size.number": "%(number)s",
    "size.million": "%(number)s million",
    "size.billion": "%(number)s billion",
    "size.span": "%(low)s to %(high)s",
    "size.users": "%(size)s users",
    "size.payers": "%(size)s payers",
    "size.revenue": "EUR %(size)s a month",
    "size.times": "%(factor)s times",
    "size.under-a-hundredth": "under a hundredth of",
    # How a claim compares
    "claim.restated": "%(claim)s (%(size)s)",
    "claim.does-not-fit": (
        "%(claim)s does not fit: it is %(distance)s of the 99 %% interval (90 %%: %(inner)s; "
        "99 %%: %(outer)s)"
    ),
    "claim.fits": (
        "%(claim)s fits: it lies inside the 90 %% interval (90 %%: %(inner)s; 99 %%: %(outer)s)"
    ),
    "claim.not-refuted": (
        "%(claim)s is not refuted: it lies outside the 90 %% but inside the 99 %% interval, "
        "%(distance)s of the 90 %% interval (90 %%: %(inner)s; 99 %%: %(outer)s)"
    ),
    "distance.above": "%(times)s the upper end",
    "distance.just-above": "just above the upper end",
    "distance.just-below": "just below the lower end",
    "distance.below": "%(end_share)s of the lower end",
    "distance.far-below": "under 1 %% of the lower end",
    "against.all": "%(sentences)s",
    "against.nothing": "no statement: %(reason)s",
    "against.inside": "inside its 90 %% interval",
    "against.between": (
        "outside its 90 %% but inside its 99 %%: %(distance)s of the 90 %% interval"
    ),
    "against.outside": "outside its 99 %% interval: %(distance)s",
    "against.whole": (
        "%(times)s the %(size)s of all services together, of which a network is a part"
    ),
    "against.countries": "it speaks of %(spoken)s of %(countries)s countries",
    "claims.all": "%(sentences)s",
    "claims.per-user": "%(income)s over %(people)s is EUR %(amount)s a user and month",
    "claims.per-payer": "%(income)s over %(people)s is EUR %(amount)s a payer and month",
    "claims.list-price-per-user": (
        "%(income)s over %(people)s is EUR %(amount)s a user and month: the list price "
        "(EUR %(price)s); the sum is what list price x claimed users gives"
    ),
    "claims.list-price-per-payer": (
        "%(income)s over %(people)s is EUR %(amount)s a payer and month: the list price "
        "(EUR %(price)s); the sum is what list price x claimed payers gives"
    ),
    "claims.more-than-paid": "%(times)s the EUR %(usual)s that is really paid",
    "claims.less-than-paid": "less than the EUR %(low)s to %(high)s that is really paid",
    "claims.as-paid": "within the EUR %(low)s to %(high)s that is really paid",
    "claims.same": "%(first)s and %(second)s are the same claim, stated twice",
    "claims.ratio": "%(first)s is %(times)s %(second)s",
}
