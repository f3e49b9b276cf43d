"""Run every benchmark: `python -m tests.bench`."""

from __future__ import annotations

from tests.bench import manifest, startup, upgrade

if __name__ == "__main__":
    startup.main()
    upgrade.main()
    manifest.main()
