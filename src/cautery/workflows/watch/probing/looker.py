"""One look: media are fetched and sealed, decoded, and compared with all references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cautery.errors import DecodeError
from cautery.identify.ladder import Effort
from cautery.identify.observe import observing
from cautery.identify.picture import watched
from cautery.identify.references.volumes import AnyReferences
from cautery.identify.steps import side_by_side
from cautery.model import Decoded, ExhibitId, Observation, host_of
from cautery.model.ports import Decoder, Engine, Fetcher, Readers
from cautery.model.records import LookStep
from cautery.workflows.case.capturing import CapturingMedia
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.fetching import Fetched, fetch_newest, media
from cautery.workflows.media.pump import media_start_s
from cautery.workflows.watch.probing.bases import Probed
from cautery.workflows.watch.probing.faults import FaultFinder, pictures_due
from cautery.workflows.watch.probing.looks import settled, windows_of
from cautery.workflows.watch.probing.questions import Look, LookQuestion, LookWindow, UnderWay
from cautery.workflows.watch.probing.serving import media_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPorts:
    """What a look needs of the machine that does it.

    Parameters
    ----------
    stamps_s : callable
        The reference time that a reference's own stamp 0 has; ``None``: not known.
    behind : callable
        Whether references of others are missing here for the moment, so that no look can say that
        nothing matches.
    """

    fetcher: Fetcher
    readers: Readers
    decoder: Decoder
    engine: Engine
    stamps_s: Callable[[str], float | None]
    behind: Callable[[], bool] = lambda: False


class Looker:
    """Does looks.

    Parameters
    ----------
    references : callable
        The references as they are now. A node gets others while a look fetches its media, which
        are newer than those of the look's beginning.
    journal : Journal
        Seals what was fetched.
    """

    def __init__(
        self, references: Callable[[], AnyReferences], ports: LookPorts, journal: Journal
    ) -> None:
        self._references_now = references
        self._fetcher = ports.fetcher
        self._readers = ports.readers
        self._decoder = ports.decoder
        self._engine = ports.engine
        self._journal = journal
        self._stamps_s = ports.stamps_s
        self._behind = ports.behind

    async def look(self, question: LookQuestion, under_way: UnderWay) -> list[Probed]:
        """Return one probe of a live stream, or several of media that has ended.

        Raises
        ------
        CauteryError
            If it fails.
        """
        under_way.anchor = question.anchor
        fetched = await self._fetched(question, under_way)
        exhibits = tuple(under_way.exhibits)
        due = pictures_due(question, self._references, self._journal.now())
        if due:
            under_way.pictured = self._journal.now()
        if fetched.live and self._may_sound_settle(question) and not due:
            probed = await self._heard(question, under_way, fetched, exhibits)
            if probed is not None:
                return [probed]
        with under_way.spends(LookStep.DECODING):
            whole = await decoded_whole(self._decoder, fetched)
        windows = (whole,) if fetched.live else windows_of(whole)
        return [
            await self._observed(question, under_way, fetched, window, exhibits, within=whole)
            for window in windows
        ]

    def summed_up(self, question: LookQuestion, probed: list[Probed]) -> Look:
        """Return what a look gave as plain values."""
        return Look(
            fetched=bare(probed[0].fetched),
            windows=tuple(
                LookWindow(
                    observation=window.observation,
                    media_at_s=window.media_at_s,
                    starts_s=media_start_s(window.decoded),
                    duration_s=window.decoded.duration_s,
                    pictures=len(window.decoded.luma),
                    settled=self._settled(question, window.observation),
                    kept=bool(window.kept),
                    faults=window.faults,
                )
                for window in probed
            ),
        )

    @property
    def _references(self) -> AnyReferences:
        return self._references_now()

    async def _fetched(self, question: LookQuestion, under_way: UnderWay) -> Fetched:
        fetcher = CapturingMedia(self._fetcher, self._journal, media, into=under_way.exhibits)
        with under_way.spends(LookStep.FETCHING):
            try:
                return await fetch_newest(
                    question.url, fetcher=fetcher, readers=self._readers, seconds=question.seconds
                )
            finally:  # what came of a look that breaks off is evidence, too
                try:
                    await fetcher.seal_held()
                finally:
                    under_way.unsealed = fetcher.is_cut_short

    async def _heard(
        self,
        question: LookQuestion,
        under_way: UnderWay,
        fetched: Fetched,
        exhibits: tuple[ExhibitId, ...],
    ) -> Probed | None:
        """Listen alone; ``None``: the pictures are to be looked at too.

        At 720p they cost some fifty times as much CPU as the sound.
        """
        data = fetched.data if fetched.sound is None else fetched.sound
        effort: Effort = "quick" if watched(self._references) else "full"
        try:
            with under_way.spends(LookStep.DECODING):
                sound = await self._decoder.decode(data, pictures=False)
        except DecodeError:
            return None  # the pictures may be sound, or the whole decoding says what it is
        probed = await self._observed(question, under_way, fetched, sound, exhibits, effort=effort)
        return probed if self._settled(question, probed.observation) else None

    def _may_sound_settle(self, question: LookQuestion) -> bool:
        """Tell whether the sound alone may be enough: by the last look, or by what is offered."""
        if question.offered_as_event is None or not watched(self._references):
            return question.by_sound
        return not question.offered_as_event

    def _settled(self, question: LookQuestion, observation: Observation) -> bool:
        """Tell whether the sound of a look says all that its pictures could."""
        pictured = bool(watched(self._references))
        return not pictured or settled(observation, self._references, licensee=question.licensee)

    async def _observed(
        self,
        question: LookQuestion,
        under_way: UnderWay,
        fetched: Fetched,
        decoded: Decoded,
        exhibits: tuple[ExhibitId, ...],
        *,
        effort: Effort = "full",
        within: Decoded | None = None,
    ) -> Probed:
        media_at_s = _media_clock(under_way, fetched, decoded)
        references = self._references
        finder = FaultFinder(references, self._stamps_s, engine=self._engine, journal=self._journal)
        with under_way.spends(LookStep.COMPARING):
            observation, bases = await side_by_side(
                self._engine,
                observing(
                    decoded,
                    references,
                    media_at_s=media_at_s,
                    at=fetched.at,
                    exhibits=exhibits,
                    effort=effort,
                    earlier=None if under_way.anew else question.earlier,
                    named=None if under_way.anew else question.named,
                    behind=self._behind(),
                    keep=not question.proven,
                ),
            )
            faults = await finder.of(
                question.work, fetched, decoded, observation, media_at_s=media_at_s
            )
        served = media_of(fetched, observation)
        if host_of(served) not in ("", question.host):
            observation = replace(observation, served=self._journal.redact(served).text)
        return Probed(
            fetched=fetched,
            decoded=decoded,
            observation=observation,
            media_at_s=media_at_s,
            faults=faults,
            kept=bases,
            within=within or decoded,
        )


async def decoded_whole(decoder: Decoder, fetched: Fetched) -> Decoded:
    """Decode media, with the sound that is served apart if there is any.

    Raises
    ------
    DecodeError
        As the decoder says.
    """
    decoded = await decoder.decode(fetched.data, pictures=True)
    if fetched.sound is None:
        return decoded
    sound = await decoder.decode(fetched.sound, pictures=False)
    return replace(
        decoded,
        audio=sound.audio,
        audio_s=sound.audio_s,
        codecs=decoded.codecs + sound.codecs,
        warnings=decoded.warnings + sound.warnings,
    )


def bare(fetched: Fetched) -> Fetched:
    """Return what was fetched without its bytes."""
    return replace(fetched, data=b"", sound=None if fetched.sound is None else b"")


def _media_clock(under_way: UnderWay, fetched: Fetched, decoded: Decoded) -> float:
    """Return when the probe's first media became available, on the stream's own clock.

    Media time stamps tick more evenly than playlists do, so the first probe ties the two
    together and later ones follow the stamps, unless the stream has started anew.
    """
    start_s = media_start_s(decoded)
    available_s = fetched.available_s
    if not fetched.live:
        if under_way.anchor is None:
            under_way.anchor = available_s - start_s
        return under_way.anchor + start_s
    if fetched.target_s == 0.0:  # a plain stream: what came last was at the live edge
        available_s -= decoded.duration_s
    slack_s = max(2.0 * fetched.target_s, 4.0)
    anchor = under_way.anchor
    if anchor is None or abs(anchor + start_s - available_s) > slack_s:
        anchor = available_s - start_s
        under_way.anchor, under_way.anew = anchor, True
    return anchor + start_s
