"""Seizure page and press sheet in Chromium with axe-core, and the page on real web servers.

    python bench/forms/public_signal.py [--servers FOLDER]

Needs Debian's Chromium and Playwright. ``--servers`` names a folder in which packages of nginx,
Caddy and Apache are unpacked; without it those on the PATH are used, and others are left out. All
of them listen on loopback. It prints tables for bench/RESULTS.md:

- pages: violations of axe-core (wanted: 0), requests but the page's own (wanted: 0), width at 390;
- servers: a player's address with user name and password leads to the page (wanted: 302), what of
  it is in any file that the server wrote (wanted: 0), and the language that a browser asks for.
"""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.console.operations import DOMAIN, Joint  # noqa: E402

from cautery.pages.press_sheet import Links, sheets_html  # noqa: E402
from cautery.pages.seizure import own_texts  # noqa: E402
from cautery.workflows.operation.press_sheet import LANGUAGES, press_sheet  # noqa: E402
from cautery.workflows.operation.seizure_site import EXAMPLE, Choice, seizure_site  # noqa: E402
from cautery.workflows.operation.seizure_site.offers import site_list  # noqa: E402

AXE = ROOT / "tests" / "assets" / "axe" / "axe.min.js"
AT = datetime(2026, 11, 26, 14, 50, tzinfo=UTC)
SITES = ("en", "fr", "it", "es", "he")
SECRET = "tv-password-4471"
PORTS = {"nginx": 18_480, "Caddy": 18_481, "Apache": 18_482}
_HEBREW = (
    '[[language]]\ncode = "he"\nname = "עברית"\n[language.countries]\nIT = "איטליה"\nFR = "צרפת"\n'
)


def made(folder: Path) -> list[Path]:
    """Make the pages of an invented operation; return them."""
    desk = Joint(folder, AT).began().seized().took_over().desk()
    texts = "\n".join(f"{name} = '''{text}'''" for name, text in asdict(own_texts()).items())
    example = EXAMPLE.replace("/srv/seizure-page", f"{folder}/site")
    text = f"{example}{_HEBREW}[language.texts]\n{texts}\n"
    listed = site_list(text.encode(), where="offers.toml")
    choice = Choice(agencies=("it-postal",), languages=SITES)
    for name, content in seizure_site(desk, listed, choice, made_at=AT).files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    sheets = [press_sheet(desk, language=language, made_at=AT) for language in LANGUAGES]
    sheet = folder / "press-sheet.html"
    sheet.write_text(sheets_html(sheets, links=Links()), encoding="utf-8")
    desk.leave()
    return [*(folder / "site" / f"{code}.html" for code in SITES), sheet]


def pages(paths: list[Path]) -> None:
    """Print what Chromium finds on each page, in both themes."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of the developers' tools

    print("| page | theme | axe-core: violations | passes | requests elsewhere | width at 390 |")
    print("| --- | --- | --- | --- | --- | --- |")
    with sync_playwright() as player:
        chromium = player.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for path in paths:
            for theme in ("light", "dark"):
                found, asked, width = _looked(chromium, path, theme)
                print(
                    f"| {path.name} | {theme} | {found['violations']} | {found['passes']} "
                    f"| {asked} | {width} |"
                )
        chromium.close()


def _looked(chromium: Any, path: Path, theme: str) -> tuple[dict[str, int], int, int]:
    context = chromium.new_context(color_scheme=theme, viewport={"width": 1280, "height": 900})
    context.add_init_script(path=AXE)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    found = page.evaluate(
        "async () => { const all = await axe.run();"
        " return {violations: all.violations.length, passes: all.passes.length}; }"
    )
    page.set_viewport_size({"width": 390, "height": 800})
    width = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    return found, len([url for url in asked if url != path.as_uri()]), width


def servers(folder: Path, unpacked: Path | None) -> None:
    """Print what each web server that is here answers, and what it wrote."""
    print("| server | player's address | secret in files | fr, it-IT, de | other name below |")
    print("| --- | --- | --- | --- | --- |")
    starts: dict[str, Callable[..., list[str]]] = {
        "nginx": _nginx, "Caddy": _caddy, "Apache": _apache,
    }  # fmt: skip
    for name, start in starts.items():
        program = _program({"Apache": "apache2"}.get(name, name.lower()), unpacked)
        if program is None:
            print(f"| {name} | not here | | | |")
            continue
        work = folder / name
        work.mkdir()
        with _running(start(program, folder, work, PORTS[name]), work, unpacked):
            status, _ = _asked(PORTS[name], f"/get.php?username=u&password={SECRET}")
            tongues = [
                _asked(PORTS[name], "/", language)[1].partition('lang="')[2][:2]
                for language in ("fr", "it-IT", "de")
            ]
            below, _ = _asked(PORTS[name], "/", host=f"cdn.{DOMAIN}")
        leaks = sum(
            SECRET.encode() in path.read_bytes() for path in work.rglob("*") if path.is_file()
        )
        print(f"| {name} | {status} | {leaks} | {', '.join(tongues)} | {below} |")


def _asked(port: int, path: str, language: str = "fr", host: str = DOMAIN) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": host, "Accept-Language": language})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def _program(name: str, unpacked: Path | None) -> str | None:
    if unpacked is not None:
        return next((str(path) for path in unpacked.rglob(f"*bin/{name}")), None)
    return shutil.which(name)


def _nginx(program: str, folder: Path, work: Path, port: int) -> list[str]:
    text = (folder / "servers" / "nginx.conf").read_text()
    kept = [
        line for line in text.splitlines()
        if not any(part in line for part in ("[::]", "443", "ssl_"))
    ]  # fmt: skip
    (work / "site.conf").write_text("\n".join(kept).replace("listen 80;", f"listen {port};"))
    temporary = "".join(
        f"{kind}_temp_path {work}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (work / "nginx.conf").write_text(
        f"daemon off; pid {work}/pid; error_log {work}/error.log; events {{}}\n"
        f"http {{ types {{ text/html html; }} {temporary} access_log {work}/access.log;\n"
        f"include {work}/site.conf; }}\n"
    )
    return [program, "-p", str(work), "-c", str(work / "nginx.conf")]


def _caddy(program: str, folder: Path, work: Path, port: int) -> list[str]:
    text = (folder / "servers" / "Caddyfile").read_text()
    text = text.replace(f",\nhttps://{DOMAIN}", "")
    text = text.replace(
        "{\n    log default", f"{{\n    http_port {port}\n    admin off\n    log default"
    )
    (work / "Caddyfile").write_text(text)
    return [program, "run", "--adapter", "caddyfile", "--config", str(work / "Caddyfile")]


def _apache(program: str, folder: Path, work: Path, port: int) -> list[str]:
    own = Path(program).parents[2].rglob("apache2/modules")
    modules = next(own, Path("/usr/lib/apache2/modules"))
    text = (folder / "servers" / "apache.conf").read_text()
    first = text[text.index("<VirtualHost *:80>") : text.index("<VirtualHost *:443>")]
    (work / "site.conf").write_text(first.replace("*:80", f"*:{port}"))
    loaded = "\n".join(
        f"LoadModule {name}_module {modules}/mod_{name}.so"
        for name in ("mpm_event", "authz_core", "dir", "mime", "headers", "rewrite")
    )
    (work / "apache.conf").write_text(
        f"{loaded}\nServerRoot {work}\nPidFile {work}/pid\nDefaultRuntimeDir {work}\n"
        f"Listen 127.0.0.1:{port}\nServerName x\nUser www-data\nGroup www-data\n"
        f"TypesConfig /dev/null\nAddType text/html .html\nErrorLog {work}/error.log\n"
        f'LogFormat "%r" common\nCustomLog {work}/access.log common\nInclude {work}/site.conf\n'
    )
    return [program, "-D", "FOREGROUND", "-f", str(work / "apache.conf")]


@contextmanager
def _running(command: list[str], work: Path, unpacked: Path | None) -> Iterator[None]:
    libraries = {str(path.parent) for path in (unpacked or work).rglob("*.so*")}
    environment = {**os.environ, "HOME": str(work), "LD_LIBRARY_PATH": ":".join(sorted(libraries))}
    with (work / "output.txt").open("wb") as output, subprocess.Popen(
        command, stdout=output, stderr=output, env=environment, start_new_session=True
    ) as process:  # fmt: skip
        try:
            time.sleep(2)
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def main() -> None:
    """Run both parts in a folder that is thrown away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=Path, help="folder with unpacked packages")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="signal-", dir="/tmp") as place:
        folder = Path(place)
        folder.chmod(0o755)
        pages(made(folder))
        print()
        servers(folder, given.servers and given.servers.resolve())


if __name__ == "__main__":
    main()
