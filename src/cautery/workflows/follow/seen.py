"""What was seen since the last day: in files, in folders of them, and in other watches' cases.

The mandate says what may be looked at; anything else is left out and counted, as is what is dated
in the future and whatever is a person's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path

from cautery.errors import CauteryError, InputError, SourceError
from cautery.formats import PlaylistEntry, ReadWarning, guess, read_m3u
from cautery.formats.seen import PERSON, read_seen
from cautery.graph.catalogues import Listing, quirks_of
from cautery.messages import message
from cautery.model import FollowPolicy, LookedAt, Regime, host_of
from cautery.model.descent import TraitKind, TraitSeen
from cautery.model.message import Message
from cautery.model.ports import Facts
from cautery.model.trait_persons import label_names_person
from cautery.packed import chunks_of, plain_name
from cautery.projections.without_decoys import outward
from cautery.workflows.case.open import Case
from cautery.workflows.follow.begin import refuse_other_law
from cautery.workflows.follow.exports import Exports
from cautery.workflows.follow.limits import Limits
from cautery.workflows.follow.of_case import id_and_regime
from cautery.workflows.follow.of_watch import Compared, compared_in, shown_by
from cautery.workflows.follow.shown import ShownTrait, catalogue_of, label_of, quirk_of, usable

MOST_FILES = 2_000
"""Files of one folder."""
OWN_SHARE = 0.8
"""Part of a playlist's entries on one host for the list to be that service's own, as in a case."""
_MOST_LISTED = 20_000
"""Entries of a playlist that are looked at for its order."""
_DAY = re.compile(r"(?<!\d)(20\d\d-[01]\d-[0-3]\d)(?!\d)")
_HEAD = 8_192
NOT_ALLOWED = message("grown.left-not-allowed")
FUTURE = message("grown.left-future")
EVERYBODYS = message("grown.left-everybodys-list")
BROKEN = message("grown.left-broken-file")
TOO_MANY = message("grown.left-many-seen")


@dataclass(slots=True)
class Intake:
    """What some sources intake.

    Parameters
    ----------
    traits : list of TraitSeen
        What may be used.
    counts : Counter
        How many traits each source intake.
    left_out : Counter
        What was not used, by the reason.
    warnings : list of str
        Sentences on files that could not be read, for who runs the command.
    """

    traits: list[TraitSeen] = field(default_factory=list)
    counts: Counter[LookedAt] = field(default_factory=Counter)
    left_out: Counter[Message] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)


def bring(
    paths: Sequence[Path],
    *,
    policy: FollowPolicy,
    regime: Regime,
    today: date,
    facts: Facts,
    compared: Compared,
    is_case: Callable[[Path], bool],
    opened: Callable[[Path], Case],
    doing: Callable[[str], None] = lambda _: None,
) -> Intake:
    """Read what some paths hold.

    Parameters
    ----------
    paths : sequence of Path
        ``seen.jsonl``, playlists, exports of certificate logs and of passive DNS, folders of these,
        and cases of watches.
    policy : FollowPolicy
        What may be looked at.
    regime : Regime
        The law that the following is under.
    today : date
        In UTC: what is dated later is left out.
    facts : Facts
        For registered domains and networks of addresses.
    compared : Compared
        What of the case that is followed is compared with watches and playlists.
    is_case, opened : callable
        Tell whether a path is a case, and open it read-only.
    doing : callable
        Called with what is read.

    Raises
    ------
    InputError
        If a path names nothing that can be read, or a case under another law than the following.
        A file in a folder that cannot be read is told of, and so is one that is beyond what a run
        reads.
    UnrevealedError
        If decoys of a watch are not revealed yet.
    """
    intake = Intake()
    take = _Taking(
        intake, policy=policy, regime=regime, today=today, facts=facts, compared=compared
    )
    for path in paths:
        doing(path.name)
        if is_case(path):
            case = opened(path)
            try:
                take.watch(case)
            finally:
                case.leave()
        elif path.is_dir():
            files = sorted(file for file in path.iterdir() if file.is_file())
            for file in files[:MOST_FILES]:
                try:
                    take.file(file)
                except CauteryError as error:
                    intake.left_out[BROKEN] += 1
                    intake.warnings.append(str(error))
            if len(files) > MOST_FILES:
                intake.warnings.append(f"{path}: only its first {MOST_FILES:,} files were read")
        else:
            take.file(path)
    return intake


class _Taking:
    """Takes sources one by one."""

    def __init__(
        self,
        intake: Intake,
        *,
        policy: FollowPolicy,
        regime: Regime,
        today: date,
        facts: Facts,
        compared: Compared,
    ) -> None:
        self._intake, self._policy, self._regime, self._today = intake, policy, regime, today
        self._facts, self._compared = facts, compared
        self._exports = Exports(facts, intake.left_out)
        self._limits = Limits(intake.warnings)
        self._is_number: Callable[[str], bool] = lru_cache(maxsize=1 << 16)(self._named_by_number)

    def watch(self, case: Case) -> None:
        """Take what another watch's case recorded.

        Raises
        ------
        InputError
            If it is under another law than the following.
        UnrevealedError
            If decoys of it are not revealed yet.
        """
        _, regime = id_and_regime(case.ledger, str(case.path))
        refuse_other_law(regime, self._regime, name=case.path.name)
        ledger = outward(case.ledger, what=f"what {case.path.name} saw")
        left_out = self._intake.left_out
        traits = shown_by(
            ledger,
            case.vault,
            facts=self._facts,
            left_out=left_out,
            compared=compared_in(ledger, case.vault, left_out),
            earlier=self._compared,
        )
        self._take(trait.seen(LookedAt.WATCH.value) for trait in traits)

    def file(self, path: Path) -> None:
        """Take one file: by its ending, or by what it holds.

        Raises
        ------
        InputError, SourceError
            If no reader knows it.
        """
        if not self._limits.may_read(path):
            return
        suffix = plain_name(path).suffix.lower()
        chunks = self._limits.within(chunks_of(path), path)
        if suffix == ".jsonl":
            first = next(chunks, b"")
            chunks = chain((first,), chunks)
            if b'"entity"' in first[:_HEAD]:
                self._take(self._lines(chunks))
            else:
                self._take(self._exports.cof(chunks))
        elif suffix == ".csv":
            self._take(self._exports.table(chunks, str(path)))
        elif suffix in {".m3u", ".m3u8"}:
            self._take(self._playlist(chunks, path))
        else:
            first = next(chunks, b"")
            self._guessed(first, chain((first,), chunks), path)

    def _guessed(self, head: bytes, chunks: Iterable[bytes], path: Path) -> None:
        try:
            kind = guess(head[:_HEAD]).kind
        except SourceError as error:
            raise InputError(
                f"{path}: {error}",
                hint="Give seen.jsonl, a playlist, an export of a certificate log or of passive "
                "DNS (.csv, .json), or the folder of a case.",
            ) from error
        if kind == "ct":
            self._take(self._exports.log_json(chunks))
        elif kind == "dns":
            self._take(self._exports.cof(chunks))
        elif kind == "m3u":
            self._take(self._playlist(chunks, path))
        else:
            raise InputError(f"{path}: {kind} brings no traits", hint="See -h for what does.")

    def _lines(self, chunks: Iterable[bytes]) -> Iterator[TraitSeen]:
        for row in read_seen(chunks):
            if isinstance(row, ReadWarning):
                self._intake.left_out[row.why] += row.count
            else:
                yield row

    def _playlist(self, chunks: Iterable[bytes], path: Path) -> Iterator[TraitSeen]:
        """Yield what a playlist shows of the service whose own it is."""
        hosts: Counter[str] = Counter()
        titles, guides = list[str](), list[str | None]()
        for entry in read_m3u(chunks):
            if not isinstance(entry, PlaylistEntry) or len(titles) >= _MOST_LISTED:
                continue
            hosts[host_of(entry.url)] += 1
            titles.append(entry.title or "")
            guides.append(dict(entry.attributes).get("tvg-id"))
        host, count = max(hosts.items(), key=lambda item: (item[1], item[0]), default=("", 0))
        if not host or count < OWN_SHARE * hosts.total():
            self._intake.left_out[EVERYBODYS] += 1
            return
        at = datetime.combine(_day_of(path), datetime.min.time(), UTC)
        listing = Listing(
            host=host,
            titles=tuple(titles),
            guides=tuple(guides),
            first_seen=at,
            last_seen=at,
            records=(),
        )
        for trait in usable(self._listed(listing), self._intake.left_out):
            yield trait.seen(LookedAt.PLAYLIST.value)

    def _listed(self, listing: Listing) -> Iterator[ShownTrait]:
        host, at = listing.host, listing.first_seen
        if order := catalogue_of(listing.titles, self._intake.left_out):
            yield ShownTrait(host=host, kind=TraitKind.CATALOGUE_ORDER, value=order, at=at)
        for title, guide in sorted(quirks_of([listing, *self._compared.lists])[0]):
            yield ShownTrait(
                host=host, kind=TraitKind.GUIDE_QUIRK, value=quirk_of(title, guide), at=at
            )
        domain = self._facts.registered_domain(host)
        if domain is not None:
            yield ShownTrait(host=host, kind=TraitKind.SITE_NAME, value=label_of(domain), at=at)

    def _take(self, traits: Iterable[TraitSeen]) -> None:
        intake = self._intake
        allowed = {source.value: source for source in self._policy.look_at}
        for trait in traits:
            source = allowed.get(trait.source)
            if source is None:
                intake.left_out[NOT_ALLOWED] += 1
            elif trait.day > self._today:
                intake.left_out[FUTURE] += 1
            elif self._is_number(trait.entity):
                intake.left_out[PERSON] += 1
            elif not self._limits.hold(trait):
                intake.left_out[TOO_MANY] += 1
            else:
                intake.counts[source] += 1
                intake.traits.append(trait)

    def _named_by_number(self, entity: str) -> bool:
        """Tell whether a host's own name is a telephone number; an address has no name."""
        labels = [label for label in entity.split(".") if label_names_person(label)]
        domain = self._facts.registered_domain(entity) if labels else None
        return domain is not None and label_of(domain) in labels


def _day_of(path: Path) -> date:
    """Return the day of a playlist: that in its name, or that of its file."""
    match = _DAY.search(path.name)
    if match is not None:
        try:
            return date.fromisoformat(match[1])
        except ValueError:
            pass
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
