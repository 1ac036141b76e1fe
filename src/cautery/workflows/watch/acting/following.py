"""Record what follows from each proof, or why nothing does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from cautery.act import Room, without_referral
from cautery.messages import message
from cautery.model import ActionPlan, EventSpending, Intervention, Mandate
from cautery.model.message import Message
from cautery.model.records import ProofFollowed
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.acting.filing import Filing
from cautery.workflows.watch.acting.noticing import Noticing
from cautery.workflows.watch.mapping.mapper import Mapper
from cautery.workflows.watch.streams import Stream

_Gist = tuple[tuple[str, ...], tuple[str, ...], tuple[Message, ...]]


class Following:
    """Asks after each plan what follows from each proven stream, and records what is new."""

    def __init__(
        self,
        mandate: Mandate,
        streams: Mapping[str, Stream],
        mapper: Mapper,
        *,
        filing: Filing,
        noticing: Noticing,
        journal: Journal,
    ) -> None:
        self._mandate = mandate
        self._streams = streams
        self._mapper = mapper
        self._filing = filing
        self._noticing = noticing
        self._journal = journal
        self._recorded: dict[str, _Gist] = {}

    def restore(self, followed: Iterable[ProofFollowed]) -> None:
        """Take up what earlier runs of this case recorded."""
        self._recorded = {record.url: _gist(record) for record in followed}

    def record(
        self,
        proven: Iterable[str],
        plan: ActionPlan,
        spent: Iterable[EventSpending],
        *,
        at: datetime,
    ) -> None:
        """Record what follows from each proven stream after a plan, where that is new."""
        spending = tuple(spent)
        judged: defaultdict[str, list[Intervention]] = defaultdict(list)
        for act in plan.refused:
            for url in act.streams:
                judged[url].append(act)
        filed = self._filing.by_target()
        followed: dict[str, tuple[set[str], dict[str, str]]] = {}
        for url in proven:
            stream = self._streams[url]
            targets = {stream.host, stream.key, *self._mapper.addresses(stream.host)}
            referrals: dict[str, str] = {}
            for target in sorted(targets):
                referrals |= filed.get(target, {})
            followed[url] = targets, referrals
        self._noticing.draft(url for url, (_, referrals) in followed.items() if not referrals)
        news: list[ProofFollowed] = []
        for url, (targets, referrals) in followed.items():
            host = self._noticing.host(self._streams[url])
            media = {} if referrals else self._noticing.media(self._streams[url])
            named = (*(() if host.notice is None else (host.notice,)), *media.values())
            room = self._room(self._streams[url], plan, spending, at)
            news.append(
                ProofFollowed(
                    url=url,
                    referrals=tuple(sorted(set(referrals.values()))),
                    notices=tuple(dict.fromkeys(named)),
                    without=(
                        *without_referral(targets, judged[url], referrals, room, host=host),
                        *(
                            message("follow.media-notice-drafted", host=words, notice=notice)
                            for words, notice in media.items()
                        ),
                    ),
                    at=at,
                )
            )
        news = [each for each in news if self._recorded.get(each.url) != _gist(each)]
        self._recorded |= {each.url: _gist(each) for each in news}
        self._journal.write_all(news)

    def _room(
        self, stream: Stream, plan: ActionPlan, spent: Iterable[EventSpending], at: datetime
    ) -> Room:
        served = {intermediary.territory for intermediary in self._mandate.intermediaries}
        territories = served | set(self._mandate.territories)
        event = None if stream.verdict is None else stream.verdict.event
        return Room(
            territories={
                territory: self._filing.order_of(event, territory, at) is not None
                for territory in territories
            },
            outside={place for place in territories if not self._mandate.covers(place)},
            unserved=territories - served,
            chosen={act.target for act in plan.chosen},
            left_out={target for spending in spent for target in spending.left_out},
        )


def _gist(followed: ProofFollowed) -> _Gist:
    return followed.referrals, followed.notices, followed.without
