"""Servers forked from a process that has imported MLflow already, which takes seconds otherwise.

`authctl serve` is three programs one after the other: it checks, becomes `mlflow server`, and that
starts uvicorn; each imports much of MLflow. Each process of tests has a nursery, a process that
imports all this once (`__main__`). A server that a test asks for (`nursling`, by `tests.live`) is a
fork of it, which runs the same three programs, with the same arguments, environments, folder and
signals, but has their modules already (`programs`).

Making MLflow's tables is most of what is left of a start: they are made once, and copied to where
the server is going to look for them.

What a program would have imported otherwise than the nursery is not shared: the names of the
variables that were read during its imports are noted (`imports`), and a program to which one of
them says something else is started as anybody would, and so is what is no program of a server.
Tests of how servers start and end do without it: `authctl_server(..., forked=False)`. There is none
but on Linux, where nothing that it forked survives it.
"""

from tests.nursery.nursling import Nursery, Nursling, is_forkable

__all__ = ["Nursery", "Nursling", "is_forkable"]
