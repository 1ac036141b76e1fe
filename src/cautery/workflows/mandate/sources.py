"""Sources and test purchases of a mandate file: by which access each is read, and how often."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cautery.errors import InputError, MandateError
from cautery.model import (
    Access,
    Location,
    OwnLocation,
    Purchase,
    Regime,
    Secret,
    Source,
    carries_line,
    revealed,
)
from cautery.workflows.mandate.checks import Checks, some
from cautery.workflows.mandate.file import SOURCE_KINDS, MandateFile, PurchaseTable, SourceTable
from cautery.workflows.mandate.purchased_line import PurchasedLine, read_line

SEIZED_KINDS = ("panel_dump", "panel_sql", "access_log", "netflow")
"""Seized material: what only a competent authority may read."""


class SourceChecks(Checks):
    """Reads what a mandate says of sources, and of the purchases that give access to them."""

    def purchases(self, file: MandateFile) -> tuple[Purchase, ...]:
        """Return the test purchases; each was authorised by somebody."""
        return tuple(
            self._purchase(one, ("purchase", at), file.mandate.regime)
            for at, one in enumerate(file.purchase)
        )

    def sources(self, file: MandateFile) -> tuple[Source, ...]:
        """Return the sources, with the lines of the purchases that they name."""
        vantages = {one.name for one in file.vantage}
        bought = {one.id: (at, one) for at, one in enumerate(file.purchase)}
        found = []
        for at, one in enumerate(file.source):
            table = ("source", at)
            told = one
            if one.purchase is not None:
                self._check_lone(one, table)
                told = (
                    self._with_line(one, *bought[one.purchase])
                    if one.purchase in bought
                    else self._from_case(one, table, bought)
                )
            found.append(self._source(told, table, file.mandate.regime, vantages))
        return tuple(found)

    def _purchase(self, one: PurchaseTable, table: tuple[str, int], regime: Regime) -> Purchase:
        if regime is Regime.LED and one.authorisation is None:
            raise self.wrong(
                table,
                "an authority's test purchase rests on a decision that allows it",
                'Add authorisation = "..." with its reference.',
            )
        receipt = None
        if one.receipt is not None:
            receipt = OwnLocation(self.file(one.receipt, (*table, "receipt")))
        return Purchase(
            **one.model_dump(exclude={"line", "receipt", "bought_at"}),
            bought_at=self.utc(one.bought_at, (*table, "bought_at")),
            receipt=receipt,
        )

    def _from_case(
        self, one: SourceTable, table: tuple[str, int], bought: Iterable[str]
    ) -> SourceTable:
        """Return the source as one whose purchase ``cautery purchase`` records in the case."""
        if not one.purchase_in_case:
            raise self.wrong(
                (*table, "purchase"),
                f"no [[purchase]] has the id {str(one.purchase)[:200]!r}",
                f"Known purchases: {some(bought)}. One that `cautery purchase` records in the "
                "case: add purchase_in_case = true.",
            )
        return one.model_copy(
            update={"access": Access.TEST_PURCHASE, "receipt": f"purchase {one.purchase}"}
        )

    def _check_lone(self, one: SourceTable, table: tuple[str, int]) -> None:
        if one.username is not None or one.password is not None or one.mac or one.receipt:
            raise self.wrong(
                (*table, "purchase"),
                "a line or receipt of its own beside a purchase",
                "Take username, password, mac and receipt out; the [[purchase]] has them.",
            )

    def _with_line(self, one: SourceTable, at: int, bought: PurchaseTable) -> SourceTable:
        """Return the source as one that is read with the line that was bought."""
        line = PurchasedLine()
        if bought.line is not None:
            line = self._line(bought.line, ("purchase", at, "line"))
        return one.model_copy(
            update={
                "access": Access.TEST_PURCHASE,
                "receipt": f"purchase {bought.id}",
                "username": revealed(line.username),
                "password": revealed(line.password),
                "mac": revealed(line.mac),
            }
        )

    def _line(self, told: str, where: tuple[str, int, str]) -> PurchasedLine:
        """Read a line's credentials from a file that nobody else can read."""
        try:
            return read_line(Path(self.file(told, where)))[0]
        except InputError as error:
            if isinstance(error, MandateError):
                raise
            raise self.wrong(where, str(error), error.hint) from None

    def _source(
        self, one: SourceTable, table: tuple[str, int], regime: Regime, vantages: set[str]
    ) -> Source:
        if (one.url is None) == (one.path is None):
            raise self.wrong(
                table, "a source has either url or path", "Give exactly one of the two."
            )
        seized = one.access is Access.SEIZED or one.kind in SEIZED_KINDS
        if seized and regime is not Regime.LED:
            raise self.wrong(
                (*table, "access" if one.access is Access.SEIZED else "kind"),
                f"seized material asks for regime 'led', this mandate is {regime.value!r}",
                "Leave it to the competent authority, or work under its own mandate.",
            )
        if one.kind not in SOURCE_KINDS:
            raise self.wrong(
                (*table, "kind"),
                f"no reader is called {one.kind[:200]!r}",
                f"Readers: {', '.join(SOURCE_KINDS)}.",
            )
        if one.path is not None and one.kind != "m3u":
            raise self.wrong(
                (*table, "path"),
                f"a source of kind {one.kind!r} is read from its url, not from a file",
                'Give url = "http..." instead; only an m3u has a path.',
            )
        self._check_access(one, table)
        self._check_rhythm(one, table)
        for nth, name in enumerate(one.vantages):
            if name not in vantages or one.path is not None:
                raise self.wrong(
                    (*table, "vantages", nth),
                    f"no [[vantage]] is called {name[:200]!r}"
                    if name not in vantages
                    else "a file is the same from everywhere",
                    f"Known vantages: {some(vantages)}.",
                )
        location = one.url if one.path is None else self.file(one.path, (*table, "path"))
        assert location is not None
        return Source(
            location=Location(location),
            kind=one.kind,
            access=one.access,
            is_file=one.path is not None,
            revisit_s=one.revisit_s,
            least_s=one.revisit_least_s,
            most_s=one.revisit_most_s,
            vantages=tuple(one.vantages),
            purchase=one.purchase,
            receipt=one.receipt,
            username=_secret(one.username),
            password=_secret(one.password),
            mac=_secret(one.mac),
        )

    def _check_rhythm(self, one: SourceTable, table: tuple[str, int]) -> None:
        bounds = (one.revisit_least_s, one.revisit_most_s)
        if one.revisit_s is not None and bounds != (None, None):
            raise self.wrong(
                (*table, "revisit_s"),
                "a fixed rhythm beside bounds of a learned one",
                "Keep revisit_s alone, or revisit_least_s and revisit_most_s.",
            )
        if None not in bounds and bounds[0] > bounds[1]:  # type: ignore[operator]
            raise self.wrong(
                (*table, "revisit_least_s"), "more than revisit_most_s", "Put the smaller first."
            )

    def _check_access(self, one: SourceTable, table: tuple[str, int]) -> None:
        """Refuse any line but that of a recorded test purchase."""
        if one.access is Access.TEST_PURCHASE and not one.receipt:
            raise self.wrong(
                table,
                "a test purchase is recorded with its receipt",
                'Add receipt = "...", or access = "public".',
            )
        if one.purchase_in_case and one.purchase is None:
            raise self.wrong(
                (*table, "purchase_in_case"),
                "of which purchase?",
                'Add purchase = "..." with the id that `cautery purchase` is told.',
            )
        if (one.username is None) != (one.password is None):
            given, lacks = ("username", "password")[:: 1 if one.username is not None else -1]
            raise self.wrong(
                (*table, given), f"{given} without {lacks}", f"Add {lacks}, or take {given} out."
            )
        known = one.purchase_in_case or {"xtream": one.username, "stalker": one.mac}.get(
            one.kind, "public"
        )
        if not known:
            wanted = "username and password" if one.kind == "xtream" else "mac"
            noun = "panel" if one.kind == "xtream" else "portal"
            raise self.wrong(
                table,
                f"a {noun} is read with the line of a recorded test purchase",
                f'Add access = "test-purchase", receipt, {wanted}; or purchase = "..." whose line '
                "has them.",
            )
        if one.access is not Access.PUBLIC:
            return
        if one.username is not None or one.mac is not None:
            raise self.wrong(
                table,
                "a public source needs no credentials",
                'Say access = "test-purchase" with its receipt; nobody else\'s line is used.',
            )
        if one.url is not None and carries_line(one.url):
            raise self.wrong(
                (*table, "url"),
                "a public source whose URL carries a line's credentials",
                'Say access = "test-purchase" and name the [[purchase]] of that line; '
                "nobody else's line is used.",
            )


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text)
