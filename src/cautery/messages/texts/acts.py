"""Sentences about the guard, canaries, lists, referrals and roll-backs."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    # What was seen of a list
    "dark-probe.no-answer": "no answer: %(detail)s",
    "dark-probe.answered": "answered %(status)s by %(host)s",
    "dark-probe.unreachable": (
        "it cannot be reached directly either, so this entry is not the cause"
    ),
    "entry-expired.served-again": "served again through %(intermediary)s",
    "entry-expired.watch-ended": "not seen served again before the end of the watch",
    "entry-expired.no-vantage": "no vantage exists from which it could be seen",
    "rollback.canaries-dark": (
        "%(dark)s of %(tried)s unrelated names are dark through it, but reachable through all "
        "others"
    ),
    "withdrawn.complaint": "complaint %(complaint)s is granted",
    "withdrawn.decoy": "it was opened as one of our own decoys",
    "rollback.not-allowed": "the guard no longer allows it: %(reason)s",
    # Why nothing follows from a proof
    "follow.no-intermediary": "the mandate names no access provider",
    "follow.no-order": "the mandate names no order that is in force for %(territory)s",
    "follow.no-provider": "the mandate names no access provider in %(territory)s",
    "follow.outside": "the mandate does not cover %(territory)s",
    "follow.not-drafted": (
        "no referral for %(territory)s could be drafted; the failures of the case say why"
    ),
    "follow.no-target": "neither a name nor an address of its host is known",
    "follow.no-facts": "every target is refused because facts are missing: %(reason)s",
    "follow.url-alone": (
        "the only lawful target is the exact URL, which access providers cannot block"
    ),
    "follow.notice-drafted": "a notice to the hoster (%(host)s) is drafted: %(notice)s",
    "follow.notice-drafted-to-cdn": "a notice to the CDN (%(host)s) is drafted: %(notice)s",
    "follow.media-notice-drafted": (
        "its media lie elsewhere; a notice to who hosts them (%(host)s) is drafted: %(notice)s"
    ),
    "follow.hidden-url": (
        "its URL holds a line's credentials, which a notice must not name; its host: %(host)s"
    ),
    "follow.ask-the-host": "a notice to its host can name the exact URL: %(host)s",
    "follow.sends-on": (
        "no notice names its URL: its host only sends on to the place that the URL names"
    ),
    "follow.no-host": "nobody knows who operates its address, so no host can be notified",
    "follow.over-budget": "the collateral budget does not allow %(targets)s",
    "follow.refused": "the guard refuses %(target)s: %(reason)s",
    "follow.not-chosen": "the plan has chosen no target of it yet",
    # How a plan was found
    "plan.method": "%(sentences)s",
    "plan.several": "event by event: %(sentences)s",
    "plan.nothing-to-choose": "nothing to choose",
    "plan.nothing-to-cut": "nothing to cut: %(served_share)s is served already",
    "plan.nothing-changes": (
        "%(wanted_share)s is not reached: no allowed act changes what is served"
    ),
    "plan.not-reached": "%(wanted_share)s is not reached: %(served_share)s stays served",
    "plan.out-of-reach": "even all allowed acts together leave a part that no act may touch",
    "plan.limits-conflict": "these limits cannot all be kept: %(limits)s",
    "plan.least-cost.proven": "least cost, proven",
    "plan.least-cost.in-time": "least cost found in its time, with a proven bound",
    "plan.countries": ("at most %(count)s country", "at most %(count)s countries"),
    "plan.collateral-budget": "collateral budget %(budget)s",
    "plan.over-budget": (
        "%(count)s bystander alone is more than the budget of %(budget)s",
        "%(count)s bystanders alone are more than the budget of %(budget)s",
    ),
    # A guarded plan
    "guard.narrower-would-do": "%(reason)s; a narrower target would do: %(targets)s",
    "guard.unbounded": "the number of bystanders is unknown, so it exceeds every budget",
    # What cannot be judged at all
    "guard.invalid-target.blank": "%(written)s is empty, too long, or has blanks in it",
    "guard.invalid-target.range": "%(written)s is not an address range: %(detail)s",
    "guard.invalid-target.name": "%(written)s is not a host name",
    "guard.invalid-target.spelling": "%(written)s is not a host name: %(detail)s",
    "guard.invalid-target.neither": "%(written)s is neither a host name nor an address",
    "guard.invalid-target.url": "%(written)s is not a URL: %(detail)s",
    "guard.invalid-target.scheme": "%(written)s is not the URL of a stream",
    "guard.invalid-target.login": "a URL that holds a login cannot be a target: host %(host)s",
    "guard.invalid-target.line": "the line has more than %(most_bytes)s",
    "guard.invalid-target.row": "the row has no target",
    "guard.invalid-target.lawful": (
        "%(written)s, which must stay up, is no URL, name, address or range in one certain reading"
    ),
    "guard.invalid-target.evidence-date": (
        "evidence_date %(written)s is not a date such as 2026-08-22"
    ),
    # Any target
    "guard.lawful-content.url": "this exact URL is known to be lawful",
    "guard.lawful-content.name": (
        "%(name)s, or a name below it, also carries lawful content: %(location)s"
    ),
    "guard.lawful-content.address": "%(address)s also carries lawful content",
    "guard.not-exact": (
        "a part of this URL is hidden behind a pseudonym: only the exact URL can be acted on"
    ),
    "guard.exact-url.address": "one exact URL on a bare address; nothing else is affected",
    "guard.exact-url.name": "one exact URL; the rest of %(host)s stays reachable",
    "guard.second-approver.needed": (
        "%(host)s is a popular or protected name: an exact URL on it needs a named second approver"
    ),
    "guard.second-approver.named": ("%(person)s takes responsibility for an exact URL on %(host)s"),
    "guard.spelling": "the name in the spelling of the DNS: %(target)s",
    "guard.override": (
        "%(people)s take responsibility for it until %(until_at)s, despite the objections that "
        "follow: %(reason)s"
    ),
    "guard.override-void.ended": "the override by %(people)s has ended",
    "guard.override-void.no-target": "the override by %(people)s cannot make this a target",
    "guard.people": "%(first)s and %(last)s",
    "guard.withdrawn": (
        "this target was allowed before, until %(until_at)s, and is not allowed any more: "
        "remove the block"
    ),
    "guard.replay": (
        "a replay: facts of %(facts_on)s are used for a judgement on %(judged_on)s; they did not "
        "exist on that day"
    ),
    # Facts
    "guard.stale-facts.missing": (
        "%(what)s is missing or undated: renew it (cautery facts add FILE --name %(fact)s; "
        "cautery facts info shows all), then ask again"
    ),
    "guard.stale-facts.stale": (
        "%(what)s of %(dated_on)s is stale: renew it (cautery facts add FILE --name %(fact)s; "
        "cautery facts info shows all), then ask again"
    ),
    "guard.stale-facts.dedication": (
        "the evidence of dedication is %(days)s days old: renew it (evidence_date in TARGETS, or "
        "cautery facts add FILE --name dedicated), then ask again"
    ),
    "guard.stale-facts.dedication-in-future": (
        "the evidence of dedication is dated %(evidence_on)s, in the future"
    ),
    "guard.fact.asn-names": "the names of autonomous systems",
    "guard.fact.owners": "the list of owners",
    "guard.fact.ranges": "the list of shared ranges",
    "guard.fact.asn-ipv4": "the table of autonomous systems (IPv4)",
    "guard.fact.asn-ipv6": "the table of autonomous systems (IPv6)",
    "guard.fact.popular": "the list of popular names",
    "guard.fact.public-suffix-list": "the public suffix list",
    "guard.fact.passive-dns": "passive DNS",
    "guard.fact.certificates": "the list of certificates' names",
    "guard.fact.dedicated": "the evidence of dedication",
    "guard.fact.protected-names": "the list of protected names",
    # Names
    "guard.wider-than-host.wildcard": "a wildcard covers names that nobody has checked",
    "guard.public-suffix": "%(name)s is a public suffix: names below it belong to different owners",
    "guard.popular-name.site": (
        "%(name)s is a popular site, a service name of a popular site, or a name above one"
    ),
    "guard.popular-name.own-server": (
        "%(name)s may be a server of %(zone)s itself, not of one of its tenants"
    ),
    "guard.zone.dynamic-dns": (
        "%(name)s is a dynamic DNS zone: each name below it is another customer's"
    ),
    "guard.zone.link-in-bio": "%(name)s is a link service: each page is another customer's",
    "guard.zone.url-shortener": "%(name)s is a URL shortener: each link is another customer's",
    "guard.zone.disposable-email": "%(name)s is a mail service",
    "guard.zone.cdn-name": (
        "%(name)s is a CDN's own zone: each name below it is another customer's"
    ),
    "guard.zone-customer": "%(name)s is one customer's name in such a zone",
    "guard.protected-kind.name": "%(name)s belongs to a protected kind: %(kind)s",
    "guard.protected-kind.suffix": (
        "%(name)s is below .%(suffix)s, which is reserved for bodies of a protected kind: %(kind)s"
    ),
    "guard.own-name": "%(name)s is neither popular, nor a public suffix, nor of a protected kind",
    "guard.owner": "%(name)s has belonged to %(owner)s since %(since_on)s (%(source)s)",
    "guard.recycled-name": (
        "%(name)s has belonged to %(owner)s since %(since_on)s (%(source)s): the evidence is older"
    ),
    # Addresses
    "guard.embedded-ipv4": "%(address)s leads to %(embedded)s, which is judged too",
    "guard.not-public.address": (
        "%(address)s is private, local or reserved: blocking it has no effect"
    ),
    "guard.not-public.range": (
        "%(range)s holds private, local or reserved addresses: blocking them has no effect"
    ),
    "guard.wider-than-host.range": (
        "%(range)s holds %(addresses)s addresses; only single hosts are blocked"
    ),
    "guard.kind.address": "%(address)s is %(what)s",
    "guard.kind.range": "an address in %(range)s is %(what)s",
    "guard.address-kind.public-dns": "a public DNS resolver",
    "guard.address-kind.root-server": "a root server of the DNS",
    "guard.address-kind.parking": "a parking server: the former tenant has left",
    "guard.address-kind.sinkhole": "a sinkhole of the authorities or of researchers",
    "guard.protected-kind.address": "of a protected kind: %(kind)s",
    "guard.shared-range.address": (
        "%(address)s is in %(range)s of %(provider)s, %(what)s (%(kind)s)"
    ),
    "guard.shared-range.range": "%(range)s overlaps %(shared)s of %(provider)s (%(kind)s)",
    "guard.shared-range.more": (
        "%(range)s overlaps ranges of %(count)s more provider",
        "%(range)s overlaps ranges of %(count)s more providers",
    ),
    "guard.network": "%(address)s is announced by AS%(asn)s (%(organisation)s), %(what)s",
    "guard.network-kind.cdn": "a content delivery network",
    "guard.network-kind.waf": "a web firewall",
    "guard.network-kind.cloud": "a cloud, whose addresses pass from tenant to tenant",
    "guard.network-kind.service": "a public service",
    "guard.network-kind.institution": (
        "a university, bank or hospital, which leases hosts to nobody"
    ),
    "guard.network-kind.hosting": "a hoster: one address may carry many customers",
    "guard.network-kind.access": "an access provider: addresses may pass from line to line",
    "guard.network-kind.shared": "shared infrastructure",
    # Who is on an address
    "guard.co-hosted": (
        "%(count)s unrelated name is on %(target)s: %(names)s",
        "%(count)s unrelated names are on %(target)s: %(names)s",
    ),
    "guard.co-hosted.crowd": "%(count)s names are on %(target)s: too many to tell whose they are",
    "guard.protected-co-tenant.on-it": "%(name)s is on %(target)s (%(kinds)s)",
    "guard.protected-co-tenant.dedicated": (
        "the address is dedicated to %(customer)s, a popular or protected name"
    ),
    "guard.recycled-address.changed-hands": (
        "%(before)s was here until %(until_on)s, %(after)s since %(since_on)s: the address changed "
        "hands recently"
    ),
    "guard.recycled-address.gone": "%(name)s was last seen here on %(seen_on)s and has gone",
    "guard.recycled-address.owner": (
        "%(address)s has belonged to %(owner)s since %(since_on)s (%(source)s)"
    ),
    "guard.recycled-address.customer-gone": (
        "the address was dedicated to %(customer)s, who is no longer on it"
    ),
    "guard.unknown-co-hosting.partly": (
        "no evidence shows that this address serves one customer alone; its other tenants are not "
        "known in full (to show it, state dedicated_to, evidence and evidence_date, all three)"
    ),
    "guard.unknown-co-hosting.wholly": (
        "no evidence shows that this address serves one customer alone; its other tenants are "
        "unknown (to show it, state dedicated_to, evidence and evidence_date, all three)"
    ),
    "guard.dedicated-to-another": (
        "the address is dedicated to %(customer)s, against whom nothing is known"
    ),
    "guard.dedicated-to-another.unnamed": (
        "the address is dedicated to %(customer)s, and only the suspects' own DNS leads to it: "
        "that they are this customer is not shown"
    ),
    "guard.dedicated-address": "dedicated to %(customer)s: %(evidence)s (%(evidence_on)s)",
}
