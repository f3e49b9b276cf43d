"""Run every benchmark: `python -m tests.bench`."""

from __future__ import annotations

from tests.bench import logins, manifest, startup, upgrade

if __name__ == "__main__":
    startup.main()
    logins.main()
    upgrade.main()
    manifest.main()
