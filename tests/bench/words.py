"""What the page of figures says around its tables; every number in it comes from the results."""

from __future__ import annotations

HEAD = """\
# What authctl costs

<!-- Written by `python -m tests.bench.page` from performance.json and tests/bench/words.py. -->

How much slower MLflow becomes behind authctl, how that changes with the number of users and grants,
and what administration takes: each figure is a ratio, measured in one run by turns, so that it
holds on other machines as well. This is what was aimed at, and what came out:
"""

REASONS = {
    "administration": (
        "Raw SQL knows every id beforehand, asks nothing and checks nothing. A manifest is read,"
        " checked word by word, held against what is there, and written user by user, each with"
        " what MLflow would have found: the parts are in the table below."
    ),
}
"""Why an aim of a benchmark is not met; shown only where one is not."""

HOW = """\
## How it was measured

What is compared takes turns in short rounds, so that a slow moment of the machine falls on all; a
ratio is taken within a round. A figure is the median over the rounds, the ratio's least and most
stand beside it. Servers are programs of their own on the same machine as what asks them, and share
its processors with it. `make bench` does it all:

```sh
make bench                                    # all of it, as tables and as JSON
.venv/bin/python -m tests.bench --quick       # the same, with less of everything
.venv/bin/python -m tests.bench.scale         # one, by its name
```

With `AUTHCTL_BENCH_JSON=docs/performance.json` in the environment the results are kept there, and
`.venv/bin/python -m tests.bench.page` writes this page from them.
"""

SECTIONS = {
    "embedded": """\
## Requests: MLflow in the same process

`authctl serve` with an MLflow of its own, against the same MLflow without logins and against
MLflow's own basic-auth.
""",
    "proxied": """\
## Requests: in front of an MLflow

`authctl serve --upstream`, against the same MLflow asked directly.
""",
    "clients": """\
### The client in between

A gateway asks its MLflow with aiohttp, since that takes the least of a processor. The command line
and the Python client, which start often and ask seldom, use httpx.
""",
    "logins": """\
## Ways to log in

A request that MLflow answers from its database, signed in each way.
""",
    "flood": """\
## The first request, and wrong passwords

A password is hashed once, when it is first seen. Wrong ones are refused without keeping those who
have signed in from their work.
""",
    "scale": """\
## Many users and many grants

One request, asked of servers that differ only in how many users and grants their auth databases
hold, and what a worker of each holds in memory.
""",
    "searching": """\
## A search of which much must not be seen

MLflow's pages are read, what the caller may not read is left out, and the page is filled again. The
less somebody may read, the more of MLflow's pages one of theirs takes.
""",
    "administration": """\
## A manifest applied to a database

`authctl apply --db`, from reading the manifest to the end of the one transaction, against a script
that only inserts the same rows.
""",
    "remote": """\
## A manifest applied through a server

`authctl apply --server` makes a request for each change. MLflow has no manifests: a script would
call its client as often.
""",
    "upgrade": """\
## The way up to MLflow 3.13

`authctl db upgrade` with the proof that nobody's level on anything changes, against writing the
same rows without it.
""",
    "startup": """\
## The start of a command

Whole commands, against the bare interpreter and against MLflow's own command.
""",
}
"""Every benchmark in the order of the page: its heading and what it is about."""

TAIL = """\
## What was not measured

Anything over a network: servers, databases and callers are on one machine. The way to a server
takes as long with authctl as without it; a way to the auth database is authctl's alone.
"""
