"""authctl help: the help of a command, or a topic."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer import Argument

from authctl.cli.command import Group, command
from authctl.cli.field import Field
from authctl.cli.help import TOPICS, render
from authctl.cli.main import tree
from authctl.cli.session import Session
from authctl.cli.suggest import did_you_mean
from authctl.errors import InvalidRequest

app = typer.Typer()

_PLACEHOLDER = ["-"]  # a group that is given nothing shows its help and ends


@command(
    app,
    "help",
    examples="""
    authctl help
    authctl help perm grant
    authctl help environment""",
)
def show_help(
    session: Session,
    words: Annotated[
        list[str] | None,
        Argument(metavar="[COMMAND...|TOPIC]", help="A command, or the name of a topic."),
    ] = None,
) -> None:
    """Show the help of a command, or a topic.

    Alone it lists the commands and the topics.
    """
    sheet = session.output.sheet((Field("name"), Field("text")), name="name")
    name = " ".join(words or [])
    text = render(TOPICS[name]) if name in TOPICS else _of_command(words or [])
    if not words:
        text += _list_of_topics()
    if sheet.form in ("json", "jsonl"):
        sheet.show_one({"name": name, "text": text})
    else:
        sys.stdout.write(text)


def _of_command(words: list[str]) -> str:
    found = tree()
    context = found.make_context("authctl", list(_PLACEHOLDER), resilient_parsing=True)
    for word in words:
        if not isinstance(found, Group) or word not in found.commands:
            raise _unknown(context, found, word)
        found = found.commands[word]
        context = found.make_context(
            word, list(_PLACEHOLDER), parent=context, resilient_parsing=True
        )
    return f"{found.get_help(context).rstrip()}\n"


def _unknown(context: Any, found: Any, word: str) -> InvalidRequest:
    below = list(found.commands) if isinstance(found, Group) else []
    if context.parent is None and word in TOPICS:
        return InvalidRequest("A topic stands alone.", hint=f"authctl help {word}")
    if context.parent is None:
        message = f"There is no command and no topic '{word}'."
        below += TOPICS
    else:
        message = f"There is no command '{context.command_path} {word}'."
    return InvalidRequest(
        message,
        hint=did_you_mean(word, below) or "authctl help lists the commands and the topics.",
    )


def _list_of_topics() -> str:
    width = max(map(len, TOPICS))
    lines = [f"  {topic.name:<{width}}  {topic.summary}\n" for topic in TOPICS.values()]
    return f"\nTopics, shown by authctl help TOPIC:\n{''.join(lines)}"
