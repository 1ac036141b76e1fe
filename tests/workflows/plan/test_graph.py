"""A graph is read within the memory that the machine and the process's limits leave."""

import resource
import subprocess
import sys

import pytest

from cautery.workflows.plan.graph import free_memory

_ASK = "from cautery.workflows.plan.graph import free_memory; print(free_memory())"


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_limit_on_the_address_space_counts_as_the_memory_that_is_free():
    most = 1_500_000_000
    told = subprocess.run(
        [sys.executable, "-c", _ASK],
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
    )
    assert 0 < int(told.stdout) < most


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_without_a_limit_memory_is_what_the_machine_has_free():
    assert (free_memory() or 0) > 100_000_000
