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
    "embedded": (
        "Against MLflow alone: the rounds differ among themselves by far more than what is"
        " looked for; the processor time of a request, in the tables below, tells it better. The"
        " door takes a few tenths of a millisecond where nothing else is run (ARCHITECTURE.md"
        " has the story of its profile) and about one between two requests of MLflow's, with one"
        " connection (the ways to log in, below) as with eight, so it is no waiting: what it"
        " needs has left the processor's caches by then. Only less code on the way would help,"
        " or a compiled one. Against basic-auth: that spends its time on hashing, MLflow on the"
        " request. Where MLflow alone is no more than so many times faster than basic-auth,"
        " authctl cannot be either."
    ),
    "proxied": (
        "Two servers, their databases and the load share two processors here, so what authctl"
        " takes is missing to the MLflow behind it; with two workers each there are twice as"
        " many programs as processors. Of a request's processor time authctl's part is in the"
        " tables: a search is read and filtered, a stream is copied once more. A machine of its"
        " own, which a gateway usually has, gives all of it back."
    ),
    "scale": (
        "A user who has not asked since something changed is looked up, once, which takes a"
        " millisecond or two. Of the smallest size's ten users all are remembered after ten"
        " requests; of the larger sizes' two hundred each asks for the first time."
    ),
    "flood": (
        "With two workers, the callers and the hashes there are more programs that want a"
        " processor than there are processors, and the kernel gives a hash, though it is nice, a"
        " slice of a few milliseconds now and then: the median does not feel it, one request of"
        " a hundred does. A processor more than workers, or `failed_logins_per_address` (off"
        " here), ends it."
    ),
    "administration": (
        "Raw SQL knows every id beforehand, asks nothing and checks nothing. A manifest is read,"
        " checked word by word, held against what is there, and written with the role that MLflow"
        " keeps for each user: the parts are in the table below."
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
