"""A seizure page on nginx, Caddy and Apache, with no log of who visits it.

Players and applications of a taken service go on asking, often with a user name and password in
the address. So no address is written anywhere, not even into a log of errors, and each one but
those of the page leads to ``/`` without what stood behind it. Answers to forms are not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_KEYS = "/etc/seizure-page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a web server serves.

    Parameters
    ----------
    names : tuple of str
        Hosts that were taken; of domains, all names below them as well.
    domains : frozenset of str
        Those of ``names`` whose whole domain was taken.
    folder : str
        Where the pages lie.
    policy : str
        The content security policy.
    pages : mapping of language to file
        Beginning with the language of who asks for no other.
    """

    names: tuple[str, ...]
    domains: frozenset[str]
    folder: str
    policy: str
    pages: Mapping[str, str]

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What is sent with each answer."""
        return (
            ("Content-Security-Policy", self.policy),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "max-age=300"),
            ("Vary", "Accept-Language"),
        )

    @property
    def other_pages(self) -> Sequence[tuple[str, str]]:
        """The languages that a browser may ask for, but the first, which is ``index.html``."""
        return [*self.pages.items()][1:]

    def hosts(self) -> list[str]:
        """Return all names, with ``*.`` for those below a domain."""
        return [
            host
            for name in self.names
            for host in ([name, f"*.{name}"] if name in self.domains else [name])
        ]


def nginx(served: Served) -> str:
    """Return a file for ``conf.d`` of nginx 1.18 or later."""
    pages = "".join(f'    "~*^{code}\\b" /{file};\n' for code, file in served.other_pages)
    headers = "".join(f'    add_header {name} "{text}" always;\n' for name, text in served.headers)
    return f"""\
# nginx: put this file into conf.d. If nginx wants a larger server_names_hash_bucket_size, set it
# in nginx.conf. The certificate must cover every name.
map $http_accept_language $seizure_page {{
    default /index.html;
{pages}}}
server {{
    listen 80;
    listen [::]:80;
    listen 443 ssl;
    listen [::]:443 ssl;
    ssl_certificate {_KEYS}/fullchain.pem;
    ssl_certificate_key {_KEYS}/privkey.pem;
    server_name {_wrapped(served.hosts(), " " * 16)};
    root {served.folder};
    access_log off;
    error_log /dev/null crit;
    server_tokens off;
    client_max_body_size 1k;
{headers}\
    location = / {{ try_files $seizure_page /index.html; }}
    location / {{ try_files $uri @elsewhere; }}
    location @elsewhere {{ return 302 /; }}
}}
"""


def caddy(served: Served) -> str:
    """Return a Caddyfile for Caddy 2."""
    sites = [f"http://{host}" for host in served.hosts()]
    sites += [f"https://{name}" for name in served.names if not _is_address(name)]
    headers = "".join(f'        {name} "{text}"\n' for name, text in served.headers)
    # The first rewrite that fits moves the path away from "/", so that no later one does.
    pages = "".join(
        f"    @{_word(code)} {{\n        path /\n"
        f"        header_regexp Accept-Language (?i)^{code}\\b\n    }}\n"
        f"    rewrite @{_word(code)} /{file}\n"
        for code, file in served.other_pages
    )
    return f"""\
# Caddy: a Caddyfile of its own. Caddy gets the certificates by itself.
{{
    log default {{
        exclude http.log.access http.log.error
    }}
}}
{_wrapped(sites, "", ",")} {{
    root * {served.folder}
    log {{
        output discard
    }}
    header {{
{headers}        -Server
    }}
    @elsewhere {{
        not file
        not path /
    }}
    redir @elsewhere / 302
{pages}\
    file_server
}}
"""


def apache(served: Served) -> str:
    """Return a file for ``conf-enabled`` of Apache 2.4, which needs three of its modules."""
    name, *aliases = served.hosts()
    headers = "".join(f'    Header always set {name} "{text}"\n' for name, text in served.headers)
    pages = "".join(
        f'    RewriteCond "%{{HTTP:Accept-Language}}" "^{code}\\b" [NC]\n'
        f'    RewriteRule "^/$" "/{file}" [L]\n'
        for code, file in served.other_pages
    )
    body = f"""\
    ServerName {name}
{"".join(f"    ServerAlias {alias}{chr(10)}" for alias in aliases)}\
    DocumentRoot "{served.folder}"
    DirectoryIndex index.html
    CustomLog "/dev/null" "-"
    ErrorLog "/dev/null"
    LogLevel emerg
    ServerSignature Off
    LimitRequestBody 1024
{headers}\
    <Directory "{served.folder}">
        Require all granted
        AllowOverride None
        Options None
    </Directory>
    RewriteEngine On
    RewriteCond "%{{DOCUMENT_ROOT}}%{{REQUEST_URI}}" !-f
    RewriteCond "%{{REQUEST_URI}}" "!=/"
    RewriteRule "^" "/?" [R=302,L]
{pages}"""
    return f"""\
# Apache: put this file into conf-enabled; it needs mod_rewrite, mod_headers and mod_ssl. The
# certificate must cover every name.
<VirtualHost *:80>
{body}</VirtualHost>
<VirtualHost *:443>
    SSLEngine on
    SSLCertificateFile "{_KEYS}/fullchain.pem"
    SSLCertificateKeyFile "{_KEYS}/privkey.pem"
{body}</VirtualHost>
"""


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()


def _word(code: str) -> str:
    return f"speaks-{code}"


def _wrapped(names: Sequence[str], indent: str, between: str = "") -> str:
    return f"{between}\n{indent}".join(names)
