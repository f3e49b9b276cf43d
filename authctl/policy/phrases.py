"""The sentences in which a level is explained."""

from __future__ import annotations

from authctl.model import ResourceType

ADMIN = "An admin may do everything, whatever is granted or denied."
NO_ADMIN = "The user is no admin."
BY_ADMIN = "The user is an admin."

NO_WORKSPACE = "No role of the user's manages the workspace."
MEMBER = "Only MANAGE on the workspace reaches what is in it."
MANAGES = "MANAGE on the workspace beats everything in it, denials too."
BY_WORKSPACE = "MANAGE on the workspace beats it."

NO_OWN = "The user has no grant of their own on it."
NO_OWN_WILDCARD = "The user has no grant of their own on everything of its type."
NO_ROLE = "No role of the user's speaks of it."

NO_WILDCARDS = "Before MLflow 3.13 a grant of one's own on '*' has no effect."
NO_TIERS = "Before MLflow 3.13 a grant on a part of something has no effect."
SILENT_IN_ROLES = "In a role of MLflow 3.12 NO_PERMISSIONS says nothing."

LOST = "MLflow's own upgrade to 3.13 dropped it; authctl db upgrade --denials restore puts it back."

UNKNOWN_WORD = "A word that authctl does not know denies."
DENY = "DENY beats every other level."
NO_PERMISSIONS = "It denies, and no other grant gives more."
ALONE = "No other grant speaks of it."
SAME = "It gives the same level."
FLOORED = "The default is higher, and a grant gives no less since MLflow 3.13."

NO_GRANT = "No grant speaks of it."
FLOOR = "Since MLflow 3.13 a grant gives no less than the default."
NOT_RAISED = "A denial is not raised to the default."
GRANTED = "A grant speaks of it."
NOT_TOLD = "No grant speaks of it, and the server keeps its default to itself."
NO_DEFAULT = "No role speaks of the workspace, of which the default says nothing."

SERVER_SAYS = "The server answers another level."
CONTRADICTS = "The server answers this level; the grants that it tells do not say why."

PART_OF = {
    ResourceType.RUN: "experiment",
    ResourceType.TRACE: "experiment",
    ResourceType.ASSESSMENT: "experiment",
    ResourceType.LOGGED_MODEL: "experiment",
    ResourceType.REVIEW_QUEUE: "experiment",
    ResourceType.SCORER_VERSION: "scorer",
    ResourceType.REGISTERED_MODEL_VERSION: "registered model",
    ResourceType.PROMPT_VERSION: "prompt",
    ResourceType.MCP_SERVER_VERSION: "MCP server",
}
"""What a sub-resource type has its level from where no grant speaks of the type."""


def highest_of(count: int) -> str:
    """Why the highest of several grants decides."""
    return f"It is the highest of the {count} grants that speak of it."


def overruled(level: str, whose: str, *, denies: bool) -> str:
    """What another grant is overruled by."""
    return f"{level} of {whose} {'beats it' if denies else 'is higher'}."


def part_of(parent: str) -> str:
    """What stands in for a sub-resource type without grants."""
    return f"No grant speaks of it: each has the level of its {parent}."
