"""The worked program of docs/howto/use-as-a-library.md runs, and prints what the page says."""

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/howto/use-as-a-library.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(page: str) -> list[tuple[str, str]]:
    """Return each program of a page with the output that follows it."""
    blocks = BLOCK.findall(page)
    assert [language for language, _ in blocks] == ["python", "text"] * (len(blocks) // 2)
    return [(blocks[at][1], blocks[at + 1][1]) for at in range(0, len(blocks), 2)]


def run(page: str) -> list[tuple[str, str]]:
    """Run the programs of a page one after another; return what each printed and should print."""
    names: dict[str, object] = {}
    results = []
    for number, (program, shown) in enumerate(steps(page), 1):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(program, f"{PAGE.name}, program {number}", "exec"), names)
        results.append((printed.getvalue(), shown))
    return results


def test_each_program_of_the_page_prints_what_the_page_shows():
    results = run(PAGE.read_text(encoding="utf-8"))
    assert len(results) == 6
    for printed, shown in results:
        assert printed == shown


@pytest.mark.parametrize(
    ("page", "fits"),
    [
        ("```python\nprint(1)\n```\n\n```text\n1\n```\n", True),
        ("```python\nprint(2)\n```\n\n```text\n1\n```\n", False),
    ],
)
def test_a_page_that_shows_another_output_is_found(page, fits):
    [(printed, shown)] = run(page)
    assert (printed == shown) is fits


def test_a_program_without_its_output_is_found():
    with pytest.raises(AssertionError):
        steps("```python\nprint(1)\n```\n")
