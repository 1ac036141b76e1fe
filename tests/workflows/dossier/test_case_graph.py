"""The graph of a dossier: of the records that it shows alone, and computed again by who verifies."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from cautery.adapters.bag_folder import ExtractFile
from cautery.adapters.case_folder import FolderStore
from cautery.errors import EvidenceError
from cautery.exchange.case import FORMAT
from cautery.model.exchange import ItemKind, Package
from cautery.model.ports import Ledger
from cautery.wiring.case_graphs import case_graph
from cautery.workflows.dossier import build
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.verified import VerifiedBag
from cautery.workflows.dossier.verify import verify_bag

from .conftest import NOON, URL, Made

SHOWN = [Audience.COURT, Audience.DEFENCE, Audience.HOSTER, Audience.PROVIDER]


def _verified(bag: Path) -> VerifiedBag:
    return verify_bag(bag, store=FolderStore(), extracts=ExtractFile(), now=NOON, graph=case_graph)


def _package(bag: Path) -> Package:
    return FORMAT.read((bag / "data" / "case-uco.jsonld").read_bytes(), "case-uco.jsonld").package


@pytest.fixture(scope="module")
def bags(made: Made, tmp_path_factory: pytest.TempPathFactory) -> dict[Audience, Path]:
    folder = tmp_path_factory.mktemp("bags")
    for audience in Audience:
        made.dossier(folder / audience, audience, graph=case_graph)
    return {audience: folder / audience for audience in Audience}


@pytest.mark.parametrize("audience", SHOWN)
def test_it_names_the_proven_stream_and_is_computed_again(
    bags: dict[Audience, Path], audience: Audience
) -> None:
    streams = [item for item in _package(bags[audience]).items if item.kind is ItemKind.STREAM]
    assert [stream.id for stream in streams] == [URL]
    assert (bags[audience] / "data" / "cautery.ttl").read_bytes().startswith(b"# Words of Cautery")
    summary = dict(_verified(bags[audience]).summary())
    assert summary["graph"] == "computed again from the records here: the same bytes"


def test_the_public_gets_none_since_its_records_name_nothing(bags: dict[Audience, Path]) -> None:
    assert not (bags[Audience.PUBLIC] / "data" / "case-uco.jsonld").exists()
    assert "graph" not in dict(_verified(bags[Audience.PUBLIC]).summary())


@pytest.mark.parametrize("audience", [Audience.DEFENCE, Audience.HOSTER, Audience.PROVIDER])
def test_it_is_made_of_the_records_in_the_bag_and_of_no_other(
    made: Made, tmp_path: Path, audience: Audience
) -> None:
    read: list[tuple[int, bytes]] = []

    def graph(shown: Ledger, case: str) -> bytes:
        read.extend((entry.index, entry.leaf) for entry in shown.read())
        return case_graph(shown, case)

    made.dossier(tmp_path / "bag", audience, graph=graph)
    entries = ExtractFile().entries(tmp_path / "bag" / "data" / "extract" / "ledger.sqlite")
    assert read == [(index, leaf) for index, leaf, _ in entries]


def test_a_graph_of_other_records_is_refused(made: Made, tmp_path: Path) -> None:
    made.dossier(tmp_path / "bag", Audience.HOSTER, graph=lambda _shown, _case: b"{}")
    with pytest.raises(EvidenceError, match=r"case-uco\.jsonld: it is not what the records"):
        _verified(tmp_path / "bag")


def test_a_graph_that_another_version_made_is_not_compared(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "__version__", "0.0.1")
    made.dossier(tmp_path / "bag", Audience.HOSTER, graph=lambda _shown, _case: b"{}")
    assert dict(_verified(tmp_path / "bag").summary())["graph"].startswith(
        "not compared: Cautery 0.0.1 made it"
    )


def test_while_decoys_are_secret_there_is_none(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_decoys_of", lambda _case, _store: SimpleNamespace(secret=True))
    made.dossier(tmp_path / "bag", Audience.COURT, graph=case_graph)
    assert not (tmp_path / "bag" / "data" / "case-uco.jsonld").exists()
    assert "case-uco" not in (tmp_path / "bag" / "VERIFY.md").read_text()
