"""How Sphinx builds the documentation site: ``make site``, then open build/docs/index.html.

The root of the repository is the source folder, so that each page of the site has the path of its
file, and a relative link leads to the same place on the site and on a code forge.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pygments.lexers.special import TextLexer

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

project = "Cautery"
author = "The Cautery founders"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
]
root_doc = "docs/index"
exclude_patterns = ["docs/_site"]
include_patterns = [
    "docs/**",
    "agents/provider/README.md",
    "bench/RESULTS.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
highlight_language = "text"
smartquotes = False  # two hyphens before an option stay two hyphens
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!cautery\.).*")]  # types of others: no inventory is fetched

myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]

autosummary_generate = True
autosummary_ignore_module_all = False  # a package's __all__ says what is public
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
numpydoc_show_class_members = False  # autodoc shows them
python_use_unqualified_type_names = True
maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "Cautery"
html_static_path = ["_site/site.css"]
html_css_files = ["site.css"]
html_extra_path = ["_site/index.html"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

_LABEL = re.compile(r"^([A-Z][a-z]+(?: [a-z]+)?) {2,}", re.MULTILINE)


def label_decision(_app: Sphinx, page: str, text: list[str]) -> None:
    """Show the parts of a decision (Question, Forces, Options ...) as terms with their text."""
    if page.startswith("docs/adr/0"):
        labelled = _LABEL.sub(r"\n\1\n: ", text[0])
        text[0] = re.sub(r"^ {11}", "  ", labelled, flags=re.MULTILINE)


def lead_to_export(
    app: Sphinx, env: BuildEnvironment, name: pending_xref, shown: Element
) -> Element | None:
    """Lead ``package.file.name`` to ``package.name``; what exists and has no page stays text."""
    target = name["reftarget"]
    exported = re.sub(r"\.\w+\.(\w+)$", r".\1", target)
    python = env.domains["py"]
    found = python.resolve_xref(env, name["refdoc"], app.builder, "obj", exported, name, shown)
    if found is not None or not target.startswith("cautery."):
        return found
    try:
        pkgutil.resolve_name(target)
    except (ImportError, AttributeError):
        return None  # Sphinx warns: the docstring names what is not there
    return shown


def setup(app: Sphinx) -> None:
    """Load the names that a package loads when they are asked for, so that they are documented."""
    identify = importlib.import_module("cautery.identify")
    for name in identify.__all__:
        getattr(identify, name)
    app.add_lexer("csv", TextLexer)
    app.connect("source-read", label_decision)
    app.connect("missing-reference", lead_to_export)
