"""Run every benchmark: `python -m tests.bench`."""

from __future__ import annotations

from tests.bench import (
    administration,
    clients,
    embedded,
    flood,
    logins,
    proxied,
    remote,
    scale,
    searching,
    startup,
    upgrade,
)

if __name__ == "__main__":
    for benchmark in (
        *(embedded, proxied, clients, flood, logins),
        *(scale, searching, administration, remote, upgrade, startup),
    ):
        benchmark.main()
