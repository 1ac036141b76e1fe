"""Sentences of the sheet of key figures: its families, indicators, and what is not measured."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    # Families
    "kpi-family.volume": "Unauthorised retransmission",
    "kpi-family.notices": "Prompt treatment of notices",
    "kpi-family.cooperation": "Cooperation of intermediaries",
    "kpi-family.injunctions": "Dynamic injunctions, and their mistakes",
    "kpi-family.offer": "Legal offer and awareness",
    # 1
    "kpi.events": "events watched",
    "kpi.streams-offered": "streams on offer that were found",
    "kpi.streams-looked-at": "of these, looked at",
    "kpi.streams-proven": "streams proven to show a protected event or work",
    "kpi.hosts-proven": "different hosts of proven streams",
    "kpi.streams-per-event": "proven streams an event",
    "kpi.detection": "from the first sight of a stream to its proof",
    "kpi.exposure": "exposure: how long proven streams of events were up, together",
    "kpi.viewers": "viewers of proven streams",
    "kpi.by-state": "retransmission by Member State",
    # 2
    "kpi.notices-sent": "notices sent",
    "kpi.notices-urls": "URLs in these notices",
    "kpi.proof-to-notice": "from proof to notice",
    "kpi.notices-receipt": "notices with a confirmed receipt",
    "kpi.notices-gone": "notices after which our probes found everything gone",
    "kpi.notices-gone-30": "gone within 30 minutes",
    "kpi.notices-gone-60": "gone within 60 minutes",
    "kpi.notices-gone-120": "gone within 120 minutes",
    "kpi.notice-to-gone": "from notice to gone, where it went",
    "kpi.notices-gone-live": "notices during an event: gone before its end",
    "kpi.notices-rejected": "notices that the addressee rejects",
    "kpi.notices-unfounded": "notices that the addressee calls manifestly unfounded",
    "kpi.notices-withdrawn": "notices that the sender withdrew",
    "kpi.notices-flagger": "notices of trusted flaggers",
    # 3
    "kpi.kind-addressees": "addressees",
    "kpi.kind-notices": "notices",
    "kpi.kind-answered": "notices with any answer",
    "kpi.kind-gone": "notices after which everything was gone",
    "kpi.kind-to-gone": "from notice to gone, where it went",
    "kpi.lists-providers": "access providers that were sent lists",
    "kpi.lists-sent": "lists and versions sent",
    "kpi.lists-answered": "lists about which the provider says what it did",
    "kpi.lists-applied": "lists that the provider says it applied",
    "kpi.lists-to-applied": "from sending to application, by the provider's word",
    "kpi.lists-refused": "entries that providers do not apply",
    "kpi.agreements": "agreements between rights-holders and intermediaries",
    "kpi.repeat-customers": "customers of an intermediary that infringe again",
    # 4
    "kpi.orders": "orders under which something was blocked",
    "kpi.orders-live": "of these, orders for live events",
    "kpi.orders-in": "orders",
    "kpi.targets": "different names and addresses on lists",
    "kpi.targets-in-event": "targets of an event that were added while it was on",
    "kpi.updates-per-event": "updates of the lists for an event, after the first list",
    "kpi.proof-to-list": "from proof to list",
    "kpi.targets-dark": "targets that our own probes saw dark, each through its provider",
    "kpi.approval-to-dark": "from the second approval to dark",
    "kpi.targets-ended": "blocks seen lifted at their end",
    "kpi.targets-mistaken": "targets that the guard took back: over-blocking",
    "kpi.targets-released": "targets that a granted complaint took back",
    "kpi.canaries-hit": "unrelated names nearby that a block made unreachable",
    "kpi.complaints": "complaints about blocks",
    "kpi.complaints-granted": "complaints that were granted, of those decided",
    "kpi.complaints-in-time": "complaints decided in time",
    "kpi.unblock": "from the decision to unblock to reachable",
    "kpi.by-others": "injunctions that others obtained",
    # 5
    "kpi.licensees": "licensees' channels that the mandates name",
    "kpi.licensed-territories": "territories in which a licensee shows it",
    "kpi.offers": "lawful offers on the list for the public",
    "kpi.offers-in": "lawful offers",
    "kpi.offers-free": "of these, free of charge",
    "kpi.offers-priced": "of these, with a price stated",
    "kpi.legal-price": "price of the lawful offer",
    "kpi.legal-use": "use of lawful offers",
    "kpi.led-on": "people led from a blocked address to a lawful offer",
    "kpi.awareness": "campaigns that raise awareness",
    "kpi-of.access-provider": "access provider",
    # Units, and how an interval was made
    "kpi-unit.min": "min",
    "kpi-unit.stream-minutes": "stream-minutes",
    "kpi-method.exact": "share with its exact 95 %% interval (Clopper and Pearson)",
    "kpi-method.order": "median with its 95 %% interval by order statistics",
    "kpi-method.least-to-greatest": (
        "median, from the least to the greatest: too few for an interval"
    ),
    "kpi-method.logical": "seen at least, possible at most, given the gaps between probes",
    # What a figure that is not measured would take
    "kpi-need.none-yet": "there is nothing yet of which it could be counted",
    "kpi-need.viewers": (
        "nobody sees from outside how many watch a stream: it takes a count by a provider, a "
        "seized panel or a survey (cautery estimate harm reads one)"
    ),
    "kpi-need.by-state": (
        "a stream has no country: it takes a survey or a provider's sample by country (cautery "
        "estimate size)"
    ),
    "kpi-need.no-notice": "no notice was sent",
    "kpi-need.no-list": "no list was sent",
    "kpi-need.no-applied-time": "no provider has said when it applied a list",
    "kpi-need.no-target": "nothing was blocked",
    "kpi-need.no-dark": "no probe of ours saw a target dark",
    "kpi-need.no-end": "no block has come to its end",
    "kpi-need.no-canary": "no unrelated name was probed",
    "kpi-need.no-complaint": "no complaint was decided, or none had a time limit",
    "kpi-need.no-unblock": "nothing was unblocked that our probes saw reachable again",
    "kpi-need.flagger": "a mandate does not say whether its holder is a trusted flagger",
    "kpi-need.agreements": "no record says with whom there is an agreement",
    "kpi-need.repeat-customers": "only the intermediary knows its customers",
    "kpi-need.by-others": "a case knows its own orders: it takes the register of the courts",
    "kpi-need.offers": "it takes a list of offers that people keep (--offers)",
    "kpi-need.legal-price": (
        "prices of offers are texts, which nobody may add up: it takes a survey of prices"
    ),
    "kpi-need.legal-use": "it takes the figures of lawful services before and after",
    "kpi-need.led-on": "on purpose: no page of Cautery keeps a record of who sees it",
    "kpi-need.awareness": "no record says of campaigns",
    # What a reader must know
    "kpi-note.copies": (
        "%(count)s case was named twice or is a copy of another, and counts once",
        "%(count)s cases were named twice or are copies of others, and count once",
    ),
    "kpi-note.shared-events": (
        (
            "%(count)s event was watched by more than one case: a stream with access data in its "
            "address cannot be recognised in another case, and may count twice"
        ),
        (
            "%(count)s events were watched by more than one case: a stream with access data in its "
            "address cannot be recognised in another case, and may count twice"
        ),
    ),
    "kpi-note.passed-over": (
        "%(count)s record does not have the form of its kind, and counts nothing",
        "%(count)s records do not have the form of their kind, and count nothing",
    ),
    "kpi-note.secret": (
        "%(count)s case is left out: its decoys are not revealed yet",
        "%(count)s cases are left out: their decoys are not revealed yet",
    ),
    "kpi-note.own-probes": (
        "dark and gone are what our own probes saw, not what intermediaries say"
    ),
}
"""By id."""
