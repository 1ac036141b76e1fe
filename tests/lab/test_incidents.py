"""The nine incidents of over-blocking: none would have happened with the guard."""

import pytest

from cautery.adapters.facts_folder import FactsFolder
from cautery.lab.incidents import INCIDENTS, judged, stopped, write_facts


def test_there_are_nine_and_each_is_told_apart():
    assert len({one.id for one in INCIDENTS}) == 9


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda one: one.id)
def test_every_target_of_an_incident_is_refused_or_narrowed(tmp_path, incident):
    verdicts = judged(incident, FactsFolder(write_facts(incident, tmp_path)))
    assert stopped(verdicts)
    # Not for want of facts: the incident's own rule answers it.
    assert not {r.code for v in verdicts for r in v.reasons} & {"stale-facts", "invalid-target"}


@pytest.mark.parametrize(
    ("id", "code"),
    [
        ("at-2022-cdn", "shared-range"),
        ("fr-2023-messenger", "popular-name"),
        ("nl-2023-data-centre", "wider-than-host"),
        ("it-2024-zenlayer", "shared-range"),
        ("it-2024-cloudflare", "co-hosted"),
        ("it-2024-recycled", "recycled-address"),
        ("it-2024-drive", "popular-name"),
        ("es-2025-matches", "shared-range"),
        ("it-2025-leaked-list", "embedded-ipv4"),
    ],
)
def test_each_incident_is_stopped_by_the_rule_that_it_taught(tmp_path, id, code):
    incident = next(one for one in INCIDENTS if one.id == id)
    verdicts = judged(incident, FactsFolder(write_facts(incident, tmp_path)))
    assert code in {r.code for v in verdicts for r in v.reasons}
