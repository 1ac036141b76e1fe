"""Sentences about notices: what is wrong with a draft, and where a notice stands."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    # Where a notice stands
    "notice-state.drafted": "drafted",
    "notice-state.replaced": "replaced by a later draft",
    "notice-state.sent": "sent",
    "notice-state.unclear": "may have been sent",
    "notice-state.due": "due for a reminder",
    "notice-state.gone": "gone: our own probes find it no more",
    "notice-state.withdrawn": "withdrawn",
    # What is wrong with a notice
    # What becomes of notices when a watch ends
    "notice-end.closed": (
        (
            "%(count)s notice is not sent, and the case is closed: nobody can complete, approve "
            "or send it now. `cautery notice list %(case)s`, `show` and `lint` still read it. "
            "Next time, keep_open = true in the mandate, or `cautery watch --keep-open`, leaves "
            "the case open."
        ),
        (
            "%(count)s notices are not sent, and the case is closed: nobody can complete, approve "
            "or send them now. `cautery notice list %(case)s`, `show` and `lint` still read them. "
            "Next time, keep_open = true in the mandate, or `cautery watch --keep-open`, leaves "
            "the case open."
        ),
    ),
    "notice-end.open": (
        (
            "%(count)s notice is not sent, so the case stays open: complete, approve and send it "
            "(`cautery notice list %(case)s`), then close the case: `cautery close %(case)s`."
        ),
        (
            "%(count)s notices are not sent, so the case stays open: complete, approve and send "
            "them (`cautery notice list %(case)s`), then close the case: `cautery close "
            "%(case)s`."
        ),
    ),
    "notice-end.left-open": "the case stays open; close it with `cautery close %(case)s`.",
    "notice-end.report": (
        (
            "%(count)s notice is not sent. While the case is open, people can complete, approve "
            "and send it; once the case is closed, it can only be read."
        ),
        (
            "%(count)s notices are not sent. While the case is open, people can complete, approve "
            "and send them; once the case is closed, they can only be read."
        ),
    ),
    "notice-end.will-close": (
        (
            "%(count)s notice not sent: nobody can send it once the watch has closed its case at "
            "the end of the window"
        ),
        (
            "%(count)s notices not sent: nobody can send them once the watch has closed its case "
            "at the end of the window"
        ),
    ),
    "notice-end.will-wait": (
        ("%(count)s notice not sent: the case stays open for it after the end of the window"),
        ("%(count)s notices not sent: the case stays open for them after the end of the window"),
    ),
    "notice-lint.no-explanation": "it has no explanation of what was re-broadcast",
    "notice-lint.no-url": "it names no URL",
    "notice-lint.many-urls": (
        "it names %(count)s URL, more than %(limit)s",
        "it names %(count)s URLs, more than %(limit)s",
    ),
    "notice-lint.no-notifier": "it does not name the notifier",
    "notice-lint.other-notifier": "its notifier is not %(who)s, as the mandate says",
    "notice-lint.no-notifier-mail": "the notifier's mail address is missing",
    "notice-lint.notifier-mail": "the notifier's mail address is not a mail address",
    "notice-lint.no-good-faith": "it lacks the statement of good faith",
    "notice-lint.no-addressee": "it does not name the addressee",
    "notice-lint.no-contact": "the addressee's mail address is missing",
    "notice-lint.contact-mail": "the addressee's mail address is not a mail address",
    "notice-lint.no-drafter": "it does not say who drafted it",
    "notice-lint.wrong-form": "the form for %(kind)s is %(form)s",
    "notice-lint.wrong-basis": "the legal basis for %(kind)s is: %(basis)s",
    "notice-lint.text-differs": "its text differs from its values",
    "notice-lint.foreign-id": "its id does not match its content",
    "notice-lint.language": (
        "its language is %(language)s: Cautery cannot write it, or the addressee does not accept it"
    ),
    "notice-lint.unknown-event": "the mandate has no event %(event)s",
    "notice-lint.other-window": "it gives another time for the event than the mandate",
    "notice-lint.control": (
        "it has invisible letters or an encoded word (=?...?=), which change how it reads"
    ),
    "notice-lint.review-claimed": "its text claims a review; only a signature shows a review",
    "notice-lint.live-claimed": "its text calls something live that was not captured live",
    "notice-lint.link-not-shown": "no exhibit shows the addressee's part",
    "notice-lint.unknown-exhibit": "exhibit %(exhibit)s is not sealed in this case",
    "notice-lint.url-duplicate": "it names the URL twice",
    "notice-lint.url-control": "the URL has invisible letters",
    "notice-lint.url-hidden": "a part of the URL is a pseudonym, so it is not exact",
    "notice-lint.url-not-exact": "this is not one exact URL",
    "notice-lint.url-personal": "the URL holds a viewer's credentials or personal data",
    "notice-lint.not-in-case": "no verdict of this case is about this URL",
    "notice-lint.not-proven": "the case's newest verdict on this URL is: %(finding)s",
    "notice-lint.lawful-host": "the mandate calls its host lawful: a partner's, or one's own",
    "notice-lint.lawful-address": (
        "it names a bare address, and %(host)s, a lawful site, was seen there: name the host by "
        "which the stream is asked for, or ask the hoster who it is"
    ),
    "notice-lint.sends-on": (
        "its host only sends whoever asks on to the place that the URL names: nothing lies there"
    ),
    "notice-lint.verdict-differs": "the notice says more than the case's newest verdict",
    "notice-lint.other-event": "the case's verdict on this URL is about another event",
    "notice-lint.capture-differs": "the newest capture of this URL is of %(captured_at)s",
    "notice-lint.capture-ahead": "the capture is dated in the future, or after the draft",
    "notice-lint.stale-capture": "the capture is of %(captured_at)s: too old",
    "notice-lint.live-outside-window": "it was not captured while the event was on",
    "notice-lint.event-over": "the event ended at %(ended_at)s: draft the notice again",
    "notice-lint.other-host": "the URL is not on host %(host)s",
    "notice-lint.place-differs": "the case's newest look-up of the host is different",
    "notice-lint.not-at-addressee": (
        "the case's records do not show that the URL is at %(addressee)s"
    ),
    "notice-lint.other-kind": (
        "by the case's facts the network of %(addressee)s is that of a %(network)s, not of "
        "a %(kind)s"
    ),
    "notice-lint.no-exhibit": "no exhibit shows what is on this URL",
}
