"""Run every benchmark: `python -m tests.bench`."""

from __future__ import annotations

from tests.bench import manifest, upgrade

if __name__ == "__main__":
    upgrade.main()
    manifest.main()
