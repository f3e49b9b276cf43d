"""httpx without the command line that comes with it."""

from __future__ import annotations

import sys

_COMMAND_LINE = "httpx._main"

# It brings Rich, Click and Pygments, which take as long to import as all the rest together; httpx
# does without it where they are missing, which is what this makes of it.
if "httpx" in sys.modules:
    import httpx
else:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]
    try:
        import httpx
    finally:
        del sys.modules[_COMMAND_LINE]

__all__ = ["httpx"]
