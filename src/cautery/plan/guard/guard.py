"""Would a block of this target hurt bystanders? Allow, narrow or refuse, with reasons.

Each rule answers an incident of over-blocking: a CDN's addresses blocked to stop fourteen sites
(Austria 2022), a whole messenger's name for one page (France 2023), a storage service's
sub-domain (Italy 2024), an address recycled to an innocent buyer (Italy 2024). The order is
URL before name before address, and what is unknown is never taken for harmless.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import (
    Collateral,
    Decision,
    DedicatedFact,
    GuardVerdict,
    Lever,
    Override,
    Reason,
    host_of,
    require_utc,
)
from cautery.model.message import Message
from cautery.model.ports import Facts
from cautery.plan.guard.address_rules import judge_address, judge_url_address
from cautery.plan.guard.lawful import Lawful
from cautery.plan.guard.name_rules import judge_name
from cautery.plan.guard.ruling import Ruling
from cautery.plan.guard.targets import (
    NoTargetError,
    Target,
    address_of,
    exact,
    parse_target,
    plain_name,
)
from cautery.plan.guard.tenant_rules import says_nothing

__all__ = ["GuardPolicy", "guard", "no_target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardPolicy:
    """How strict the guard is, and how soon its word must be asked again.

    Parameters
    ----------
    unrelated_names : int
        Most names of strangers that an address may carry; 0: none.
    current_days : float
        A name seen at an address within so many days counts as being there.
    recycled_days : float
        An address whose owner changed within so many days is refused.
    dedication_days : float
        Oldest evidence of dedication that still counts.
    revalidate_address, revalidate_name, revalidate_url : timedelta
        How long a verdict holds at most: addresses change hands within an evening.
    """

    unrelated_names: int = 0
    current_days: float = 30.0
    recycled_days: float = 30.0
    dedication_days: float = 30.0
    revalidate_address: timedelta = timedelta(hours=2)
    revalidate_name: timedelta = timedelta(hours=12)
    revalidate_url: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        if self.unrelated_names < 0 or self.current_days <= 0:
            raise InputError("the tolerances of a guard's policy must not be negative")


DEFAULT_POLICY = GuardPolicy()
MAX_ECHO = 200
"""Most letters of what is no target that are said again."""
# A broken line may be a URL with a password, and what is said again is recorded.
_SECRET = re.compile(r"://[^/@\s]*@")
MAX_LISTED = 200
"""Most bystanders listed by name; the count is always whole."""


def guard(
    target: str,
    *,
    facts: Facts,
    at: datetime,
    suspects: Collection[str] = (),
    lawful: Lawful | Collection[str] = (),
    resolving: Collection[str] = (),
    dedicated: DedicatedFact | None = None,
    evidence_date: date | None = None,
    popular_second_approver: str | None = None,
    allow: Collection[str] = (),
    override: Override | None = None,
    policy: GuardPolicy = DEFAULT_POLICY,
) -> GuardVerdict:
    """Judge one target from the facts alone; the same facts give the same verdict.

    Parameters
    ----------
    target : str
        A URL, a host name, an IPv4 or IPv6 address, or a range.
    facts : Facts
        What is known of addresses and names.
    at : datetime
        The moment of the judgement, UTC.
    suspects : collection of str
        URLs and host names with evidence against them: what a refused name or address is
        narrowed to, and the names that are no strangers to a suspect's address.
    lawful : Lawful or collection of str
        URLs, names and addresses that carry what nobody complains of; as texts, all of them: no
        URL on such a name or address may be blocked (:meth:`Lawful.whole`).
    resolving : collection of str
        Suspects' names that our resolver led to this address, beside passive DNS.
    dedicated : DedicatedFact or None
        Evidence of dedication beyond that of the facts; the newer counts.
    evidence_date : date or None
        Day of the newest evidence against a name or an address; ``None``: of a name that of
        ``dedicated``, else it is not known.
    popular_second_approver : str or None
        Who answers, as second approver, for an exact URL on a popular or protected name.
    allow : collection of str
        Private ranges (CIDR) that the mandate may touch: a lab's.
    override : Override or None
        Two people's answer to the objections, if in force and about this very target. What is
        no target, or nobody's to block, stays refused.

    Returns
    -------
    GuardVerdict
        ``ALLOW`` for what may be blocked, ``NARROW`` when ``narrow_to`` would do instead,
        ``REFUSE`` otherwise. It never holds beyond the facts it rests on.
    """
    require_utc("at", at)
    kept_up = lawful if isinstance(lawful, Lawful) else Lawful.whole(lawful)
    try:
        parsed = parse_target(target)
    except NoTargetError as error:
        return no_target(target, error.why, at=at)
    urls = {suspect for suspect in suspects if "://" in suspect}
    names = {host for host in map(_host, suspects) if host and address_of(host) is None}
    ruling = Ruling(target=parsed, facts=facts, at=at, policy=policy)
    if evidence_date is None and dedicated is not None and parsed.lever is Lever.NAME:
        evidence_date = dedicated.evidence_date
    if parsed.lever is Lever.ADDRESS:
        judge_address(
            ruling,
            suspects=names | set(map(_host, resolving)),
            here=set(map(_host, resolving)),
            lawful=kept_up,
            dedicated=dedicated,
            evidence_date=evidence_date,
            allow=tuple(allow),
        )
        on_address = set(map(_host, resolving))
        proposals = tuple(
            sorted(
                name for name in names | on_address if name in on_address or ruling.carries(name)
            )
        )
        narrow_to = (
            *_names_in_place(proposals, facts, at, kept_up, policy),
            *sorted(url for url in urls if _host(url) == parsed.host and exact(url)),
        )
        horizon = policy.revalidate_address
    elif parsed.lever is Lever.NAME:
        judge_name(
            ruling,
            lawful=kept_up,
            evidence_date=evidence_date,
        )
        narrow_to = tuple(sorted(url for url in urls if _host(url) == parsed.host and exact(url)))
        horizon = policy.revalidate_name
    else:
        _judge_url(ruling, kept_up, popular_second_approver, allow=tuple(allow))
        narrow_to = ()
        horizon = policy.revalidate_url
    if not target.isascii():
        ruling.note("spelling", message("guard.spelling", target=parsed.text))
    ruling.replayed()
    return _verdict(ruling, narrow_to, horizon, override)


def no_target(text: str, why: Message, *, at: datetime) -> GuardVerdict:
    """Refuse what cannot be judged at all, such as a broken line of a list."""
    return GuardVerdict(
        target=echoed(text),
        lever=Lever.URL if "://" in text else Lever.NAME,
        decision=Decision.REFUSE,
        reasons=(Reason(code="invalid-target", text=why),),
        valid_until=at,
    )


def echoed(text: str) -> str:
    """Return what is no target as it may be said again and recorded: short, without a login."""
    return _SECRET.sub("://~@", text)[:MAX_ECHO]


def _judge_url(
    ruling: Ruling, lawful: Lawful, second: str | None, *, allow: tuple[str, ...]
) -> None:
    target = ruling.target
    if lawful.of_url(target):
        ruling.refuse("lawful-content", message("guard.lawful-content.url"))
    if not exact(target.text):
        ruling.overridable = False
        ruling.refuse("not-exact", message("guard.not-exact"))
    if target.address is not None:
        judge_url_address(ruling, allow)
        ruling.allow("exact-url", message("guard.exact-url.address"))
        return
    ruling.needs("popular", "public_suffix_list")
    kinds, popular = ruling.kinds_of_name(target.host), ruling.popular(target.host)
    if popular or kinds:
        ruling.collateral_popular = (target.host,) if popular else ()
        ruling.kinds.update(kinds)
        if second is None or says_nothing(second):
            ruling.refuse(
                "second-approver",
                message("guard.second-approver.needed", host=target.host),
                fact="popular",
            )
        else:
            ruling.note(
                "second-approver",
                message("guard.second-approver.named", person=second, host=target.host),
            )
    ruling.allow("exact-url", message("guard.exact-url.name", host=target.host))


def _names_in_place(
    names: tuple[str, ...],
    facts: Facts,
    at: datetime,
    lawful: Lawful,
    policy: GuardPolicy,
) -> tuple[str, ...]:
    """Keep the names that the guard itself would allow in place of their address."""
    allowed = []
    for name in names:
        ruling = Ruling(
            target=Target(text=name, lever=Lever.NAME, host=name),
            facts=facts,
            at=at,
            policy=policy,
        )
        judge_name(ruling, lawful=lawful)
        if not ruling.objections:
            allowed.append(name)
    return tuple(allowed)


def _verdict(
    ruling: Ruling, narrow_to: tuple[str, ...], horizon: timedelta, override: Override | None
) -> GuardVerdict:
    valid_until = ruling.expiry(horizon)
    answered = None
    if override is not None and override.target == ruling.target.text and ruling.objections:
        if override.holds(ruling.at) and ruling.overridable:
            answered = override
            valid_until = min(ruling.at + horizon, override.until)
            if override.bystanders is not None:
                ruling.high = max(override.bystanders, len(ruling.strangers), ruling.at_least)
        else:
            why = "ended" if ruling.overridable else "no-target"
            ruling.note(
                "override-void", message(f"guard.override-void.{why}", people=_people(override))
            )
    if answered is not None:
        decision, narrow_to = Decision.ALLOW, ()
        # The objections stay in the verdict: a reader sees what the two people answered.
        ruling.objections.insert(
            0,
            Reason(
                code="override",
                text=message(
                    "guard.override",
                    people=_people(answered),
                    until_at=answered.until,
                    reason=answered.reason,
                ),
            ),
        )
    elif not ruling.objections:
        decision, narrow_to = Decision.ALLOW, ()
    elif narrow_to and ruling.narrowable:
        decision = Decision.NARROW
    else:
        decision = Decision.REFUSE
    low = max(len(ruling.strangers), ruling.at_least)
    return GuardVerdict(
        target=ruling.target.text,
        lever=ruling.target.lever,
        decision=decision,
        narrow_to=narrow_to,
        collateral=Collateral(
            names=tuple(sorted(ruling.strangers)[:MAX_LISTED]),
            popular=ruling.collateral_popular,
            kinds=tuple(sorted(ruling.kinds)),
            low=low,
            # Who is known to be hit is no bound: there may be more.
            high=None if ruling.high is not None and ruling.high < low else ruling.high,
        ),
        reasons=(*ruling.objections, *ruling.grounds),
        valid_until=valid_until,
        override=answered,
    )


def _people(override: Override) -> Message:
    return message("guard.people", first=override.by[:-1], last=override.by[-1])


def _host(text: str) -> str:
    if "://" in text:
        return host_of(text)
    try:
        return plain_name(text)
    except InputError:
        return ""
