"""From a case to what is looked for: its traits, its members, and the act after which it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from cautery.errors import InputError
from cautery.evidence.ports import CaseLedger, CaseVault
from cautery.messages import message
from cautery.model import Finding, Mandate, Regime, StepReport, StepState, Verdict, host_of
from cautery.model.descent import (
    MOST_MEMBERS,
    MOST_TRAITS,
    Trait,
    TraitKind,
    TraitSet,
    check_entity,
)
from cautery.model.ledger import contents
from cautery.model.message import Message
from cautery.model.ports import Facts, Ledger
from cautery.model.records import (
    CaseOpened,
    NoticeSent,
    OperationOpened,
    ProbeDone,
    ReferralPublished,
    kinds_of,
)
from cautery.operation.sharing import followable
from cautery.projections.mandate import case_id
from cautery.projections.without_decoys import outward
from cautery.workflows.case.open import Case
from cautery.workflows.follow.of_watch import Compared, compared_in, hosts_of_networks, shown_by
from cautery.workflows.follow.shown import ShownTrait, of_links, usable
from cautery.workflows.operation.desk import desk_in
from cautery.workflows.operation.holdings import standing
from cautery.workflows.operation.picture import picture_of

MANY_TRAITS = message("grown.left-many")
LAWFUL = message("grown.left-lawful")
MARKING = message("grown.left-marking")
BYSTANDER = message("grown.left-other-network")
_HOSTS = frozenset({"host", "address", "domain", "server"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """What a case knew, as it is looked for.

    Parameters
    ----------
    traits : TraitSet
        Of the case.
    name : str
        What people call the case.
    regime : Regime
        The law that it is under.
    records : int
        How many records it had.
    act : str
        Id of the first act: a referral, a notice, a step; empty: none is on record.
    left_out : mapping of Message to int
        What is no trait of it.
    compared : Compared
        What of it is compared with later watches.
    """

    traits: TraitSet
    name: str
    regime: Regime
    records: int
    act: str
    left_out: Mapping[Message, int]
    compared: Compared

    @property
    def counts(self) -> dict[TraitKind, int]:
        """How many different traits of each kind it has; all kinds, in their order."""
        counts = Counter(trait.kind for trait in self.traits.traits)
        return {kind: counts[kind] for kind in TraitKind}


def id_and_regime(ledger: Ledger, name: str) -> tuple[str, Regime]:
    """Return the id of a case, of a watch or of an operation, and the law that it is under.

    Raises
    ------
    InputError
        If its first record opens neither.
    """
    entry = next(iter(ledger.read(kinds=kinds_of(CaseOpened, OperationOpened))), None)
    if entry is not None and entry.index == 0:
        opened = entry.content
        if isinstance(opened, CaseOpened) and opened.key:
            return case_id(opened.key), opened.mandate.regime
        if isinstance(opened, OperationOpened) and opened.key:
            return case_id(opened.key), opened.operation.regime
    raise InputError(f"{name}: its first record opens no case, so nobody knows which it is")


def struck_case(case: Case, *, facts: Facts, acted_on: date | None = None) -> Struck:
    """Return what a case knew of those it is about.

    Of a watch, the hosts that had a proven stream and all hosts of their networks count; where
    nothing was proven, as with seized material, all that it has.

    Parameters
    ----------
    case : Case
        Of a watch or of an operation; read only.
    facts : Facts
        For registered domains.
    acted_on : date or None
        The day of the act; ``None``: that of the first act on record, or of the last record.

    Raises
    ------
    InputError
        If it has no trait at all.
    UnrevealedError
        If decoys of it are not revealed yet: what it knew would go into another case.
    """
    name = case.path.name
    ledger = outward(case.ledger, what=f"what {name} knew")
    of, regime = id_and_regime(ledger, name)
    left_out: Counter[Message] = Counter()
    is_desk = any(True for _ in ledger.read(kinds=kinds_of(OperationOpened)))
    compared = Compared() if is_desk else compared_in(ledger, case.vault, left_out)
    if is_desk:
        traits, members = _of_operation(case, left_out)
    else:
        traits, members = _of_watch(ledger, case.vault, compared, facts, left_out)
    act, day = _first_act(ledger, case.ledger)
    return Struck(
        traits=TraitSet(
            of=of,
            acted_on=acted_on or day,
            traits=_counted(traits, left_out, name),
            members=members,
        ),
        name=name,
        regime=regime,
        records=ledger.size(),
        act=act,
        left_out={why: count for why, count in left_out.items() if count},
        compared=compared,
    )


def _of_watch(
    ledger: Ledger,
    vault: CaseVault,
    compared: Compared,
    facts: Facts,
    left_out: Counter[Message],
) -> tuple[tuple[ShownTrait, ...], tuple[str, ...]]:
    traits = shown_by(
        ledger,
        vault,
        facts=facts,
        left_out=left_out,
        compared=compared,
        earlier=Compared(),
    )
    mandate = _mandate_of(ledger)
    suspects = hosts_of_networks(ledger, _proven(ledger))
    followed_traits: list[ShownTrait] = []
    for trait in traits:
        if mandate is not None and mandate.is_lawful(trait.host):
            left_out[LAWFUL] += 1
        elif suspects and trait.host not in suspects:
            left_out[BYSTANDER] += 1
        else:
            followed_traits.append(trait)
    return tuple(followed_traits), _entities(suspects or {trait.host for trait in followed_traits})


def _mandate_of(ledger: Ledger) -> Mandate | None:
    first = next(iter(ledger.read(kinds=kinds_of(CaseOpened))), None)
    opened = None if first is None else first.content
    return opened.mandate if isinstance(opened, CaseOpened) else None


def _proven(ledger: Ledger) -> frozenset[str]:
    """Return the hosts of proven streams, and those that served them."""
    last = {verdict.url.text: verdict.finding for _, verdict in contents(ledger, Verdict)}
    proven = {url for url, finding in last.items() if finding is Finding.PROVEN}
    hosts = {host_of(url) for url in proven}
    for _, probe in contents(ledger, ProbeDone):
        if probe.url in proven:
            hosts.update(probe.hosts)
    return frozenset(hosts - {""})


def _of_operation(
    case: Case, left_out: Counter[Message]
) -> tuple[tuple[ShownTrait, ...], tuple[str, ...]]:
    """Return what statements of an operation say that its assets show, as far as they may leave."""
    statements = [row.statement for row in standing(desk_in(case))]
    may_leave = [statement for statement in statements if followable(statement)]
    left_out[MARKING] += len(statements) - len(may_leave)
    picture = picture_of(may_leave)
    stated = of_links(picture.traits, left_out)
    traits = usable((replace(trait, host=_name(trait.host)) for trait in stated), left_out)
    assets = {
        _name(asset.id) for asset in picture.graph.assets if asset.id.partition(":")[0] in _HOSTS
    }
    return tuple(traits), _entities(assets)


def _name(asset: str) -> str:
    """Return the host in an asset's id."""
    kind, _, name = asset.partition(":")
    return name if name and kind in _HOSTS else asset


def _entities(hosts: Iterable[str]) -> tuple[str, ...]:
    members = []
    for host in sorted({host.lower() for host in hosts}):
        try:
            check_entity(host)
        except InputError:
            continue
        members.append(host)
    return tuple(members[:MOST_MEMBERS])


def _counted(
    traits: Iterable[ShownTrait], left_out: Counter[Message], name: str
) -> tuple[Trait, ...]:
    """Return each trait once, with at how many hosts it was seen; the commonest of too many."""
    hosts: defaultdict[tuple[TraitKind, str], set[str]] = defaultdict(set)
    for trait in traits:
        hosts[trait.kind, trait.value].add(trait.host)
    if not hosts:
        raise InputError(
            f"{name}: it has no trait of infrastructure, so nothing can be looked for",
            hint="Map it first, or give the traits that others state: --traits FILE. Of an "
            "operation only statements marked TLP:GREEN or TLP:CLEAR, and not PAP:RED, are looked "
            "for.",
        )
    ranked = sorted(hosts.items(), key=lambda item: (-len(item[1]), item[0]))
    if len(ranked) > MOST_TRAITS:
        left_out[MANY_TRAITS] += len(ranked) - MOST_TRAITS
    return tuple(
        Trait(kind=kind, value=value, times=len(bearers))
        for (kind, value), bearers in ranked[:MOST_TRAITS]
    )


def _first_act(ledger: Ledger, whole: CaseLedger) -> tuple[str, date]:
    """Return the first act on record, and its day; without one, the day of the last record.

    Parameters
    ----------
    ledger : Ledger
        Without decoys: an act on nothing else is none.
    whole : CaseLedger
        With all its records.
    """
    acts: list[tuple[datetime, str]] = []
    for _, act in contents(ledger, ReferralPublished, NoticeSent, StepReport):
        match act:
            case ReferralPublished():
                acts.append((act.at, act.referral))
            case NoticeSent():
                acts.append((act.at, act.notice))
            case StepReport(state=StepState.DONE | StepState.LATE):
                acts.append((act.at, act.step))
    if acts:
        at, act_id = min(acts)
        return act_id, at.astimezone(UTC).date()
    (last,) = whole.pick([whole.size() - 1])
    return "", last.record.at.astimezone(UTC).date()
