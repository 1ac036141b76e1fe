"""Sentences about mandates: what one of their settings, or its absence, switches off."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    # What is found
    "gap.seized-alone": (
        "it names no event, channel or work, so it allows no watch: only seized material is taken"
    ),
    "gap.no-source": "it names no source, so a watch reads nothing",
    "gap.no-reference": (
        "no reference media of %(ids)s are named, so nothing is recognised as one of these"
    ),
    "gap.calendar-without-feed": (
        "the calendar %(calendar)s has no clean feed, so its matches are not recognised"
    ),
    "gap.ended": "the window of this mandate ended at %(end)s: no watch runs under it",
    "gap.window-ends-first": (
        "the window of the mandate ends at %(end)s, before the time of %(ids)s is over: nobody "
        "watches the rest"
    ),
    "gap.nothing-there": (
        "neither an order nor an access provider is named for %(territories)s: nothing is blocked "
        "there"
    ),
    "gap.outside-window": (
        "%(ids)s: the whole event is outside the window of the mandate, so nobody watches it"
    ),
    "gap.purchase-awaited": (
        "sources wait until `cautery purchase` records %(ids)s, and are not read before"
    ),
    "gap.unused": "no source names %(ids)s, so nothing is read with it",
    "gap.partner-without-channels": (
        "the partner %(names)s may carry no channel, so nothing on its hosts counts as licensed"
    ),
    # Whose feed it is
    "gap.clean-feed-as-reference": (
        "%(ids)s: the reference is the clean feed of an event, so no verdict names this licensee"
    ),
    "gap.same-reference": "%(ids)s have one reference, so no verdict tells them apart",
    "gap.no-licensee": (
        "no channel of %(ids)s has a reference, so no verdict names the licensee whose feed it is"
    ),
    # What is done about it
    "gap.no-facts": (
        "no facts folder is set, so the guard refuses every name and every address: nothing is "
        "blocked"
    ),
    "gap.no-intermediary": "it names no access provider, so no referral is drafted",
    "gap.no-order": (
        "it names no order for %(territories)s in its window, so the access providers there "
        "receive nothing"
    ),
    "gap.order-without-provider": (
        "it names no access provider in %(territories)s, so no referral is drafted under the "
        "order for it"
    ),
    "gap.order-elsewhere": (
        "an order is for %(territories)s, which is not among the territories of the mandate: "
        "nothing is blocked there"
    ),
    "gap.provider-elsewhere": (
        "an access provider is in %(territories)s, which is not among the territories of the "
        "mandate: it receives nothing"
    ),
    "gap.unconfirmed": (
        "nothing leaves under the order %(order)s until an approver confirms with a source: "
        "%(rules)s (cautery mandate confirm)"
    ),
    "gap.particulars": (
        "the order %(order)s does not state what referrals in its country need: %(particulars)s "
        "(cautery mandate rules explains these particulars)"
    ),
    "gap.no-live-order": "every order is a standing one, and none of these covers a live event",
    "gap.no-standing-order": (
        "every order is for live events, and none of these covers the works %(ids)s"
    ),
    "gap.closes": (
        "keep_open is not set: the watch closes its case at the end of the window, and a notice "
        "that is not sent by then cannot be sent"
    ),
    "gap.no-approver": "it names no approver, so no referral and no notice is sent",
    "gap.approvers": (
        "it names %(count)s approver, and two must sign: no referral is sent, no override counts",
        "it names %(count)s approvers, and two must sign: no referral is sent, no override counts",
    ),
    "gap.no-proxy": (
        "no proxy is named in the networks of %(names)s: the watch does not see whether a list has "
        "an effect there, or hurts bystanders"
    ),
    "gap.canary-port": (
        "canaries are asked at port %(port)s, where only a lab's names answer: the watch does not "
        "see a block that hurts bystanders"
    ),
}
