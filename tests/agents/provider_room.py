"""A provider's machine in a test: its disk and its resolver outlive each agent."""

import ipaddress
from datetime import timedelta

from provider_lists import NOON, TRUST, Machine, Notebook, entry, referral_text

from cautery_provider.agent import Agent
from cautery_provider.blocks import Rules
from cautery_provider.store import Store

LIVE = referral_text(entry("192.0.2.7", lever="address", stale_s=120), name="R-live")
STANDING = referral_text(
    entry("film.example", end=NOON + timedelta(days=20)), name="R-standing", order="TJ 5/26"
)


def rules(*, names=(), networks=(), most_changes=1_000, most_entries=1_000):
    return Rules(
        frozenset(names),
        tuple(map(ipaddress.ip_network, networks)),
        most_changes,
        most_entries,
        frozenset({"name", "address"}),
    )


class Room:
    """A provider's machine: its disk and its resolver outlive each agent."""

    def __init__(self, folder, **own_rules):
        self.machine = Machine()
        self.notebook = Notebook()
        self.rules = rules(**own_rules)
        self.folder = folder
        self.lines = []
        self.restart()

    def restart(self):
        self.agent = Agent(
            trust=TRUST,
            rules=self.rules,
            drivers=[self.notebook],
            store=Store(self.folder),
            machine=self.machine,
            say=self.lines.append,
        )

    def after(self, seconds):
        self.machine.true_s += seconds
        self.agent.step()
        return set(self.notebook.standing)
