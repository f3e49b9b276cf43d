"""From a template to an answer that runs no script, loads nothing and is not kept."""

from __future__ import annotations

import base64
import functools
import hashlib
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from starlette.responses import HTMLResponse, Response

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from authctl.errors import AuthctlError

_FOLDER = Path(__file__).with_name("templates")
_STYLE = "style.css"
_UNAVAILABLE = 503
# What cannot be seen, or makes its neighbours look like another name.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SAFE = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer, with which browsers send forms from the origin `null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def render(template: str, prefix: str, status: int = 200, /, **values: object) -> Response:
    """Answer with a template, whose links begin with the static prefix."""
    environment = _environment()
    text = environment.get_template(template).render(prefix=prefix, **values)
    policy = (
        f"default-src 'none'; style-src '{environment.globals['style_hash']}'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    )
    # Half a character, which old databases may hold, is no reason to show nothing.
    body = text.encode("utf-8", "xmlcharrefreplace")
    return HTMLResponse(body, status, {**_SAFE, "Content-Security-Policy": policy})


def failed(error: AuthctlError) -> Response:
    """Tell a person at a browser of an error."""
    title = "Not available" if error.http_status == _UNAVAILABLE else "This did not work"
    return render("failed.html", "", error.http_status, title=title, message=error.message)


@functools.cache
def _environment() -> Environment:
    """Made on first use, once for all pages."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - slow
    from markupsafe import Markup  # noqa: PLC0415 - as above

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    style = (_FOLDER / _STYLE).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment.globals["style"] = Markup(style)  # noqa: S704 - it is a file of the package
    environment.globals["style_hash"] = f"sha256-{digest}"
    environment.filters["shown"] = _shown
    environment.filters["query"] = _query
    environment.filters["segment"] = _segment
    return environment


def _shown(text: str) -> Markup:
    """A name, which stands for itself: what is unseen in it is spelled out, and nothing leaks."""
    from markupsafe import Markup  # noqa: PLC0415 - loaded with Jinja

    parts = (
        Markup('<span class="unseen">U+{:04X}</span>').format(ord(char))
        if unicodedata.category(char) in _UNSEEN
        else char
        for char in text
    )
    return Markup("<bdi>{}</bdi>").format(Markup("").join(parts))


def _query(values: dict[str, object]) -> str:
    """A query of what is given, with its question mark; nothing for nothing."""
    given = {name: value for name, value in values.items() if value}
    return "?" + urlencode(given, errors="replace") if given else ""


def _segment(text: str) -> str:
    """One segment of a path."""
    return quote(text, safe="", errors="replace")
