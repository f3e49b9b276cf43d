"""The verbs of policy rows: what is asked of the caller, and what a request leaves behind."""

from __future__ import annotations

from dataclasses import replace

from authctl.model import Action, ResourceType
from authctl.policy.rule import Effect, Handle, Need, Selector, Then


def read(selector: Selector) -> Need:
    """Ask for READ."""
    return Need(Action.READ, selector)


def use(selector: Selector) -> Need:
    """Ask for USE."""
    return Need(Action.USE, selector)


def update(selector: Selector) -> Need:
    """Ask for UPDATE."""
    return Need(Action.UPDATE, selector)


def delete(selector: Selector) -> Need:
    """Ask for DELETE."""
    return Need(Action.DELETE, selector)


def manage(selector: Selector) -> Need:
    """Ask for MANAGE."""
    return Need(Action.MANAGE, selector)


def create(selector: Selector) -> Need:
    """Ask for what making one of the selector's tier takes.

    UPDATE on what it is made in, and that its type is not denied: a grant on a type neither opens
    what contains it nor, unless it denies, closes it (contract 1.7).
    """
    return Need(Action.CREATE, selector)


def unless_denied(type_: ResourceType, *fields: str) -> Need:
    """Ask that a type, or the one of this name, is not denied; nothing positive is needed."""
    return Need(Action.CREATE, Selector(Handle.NEW, fields, type_))


def not_denied(selector: Selector) -> Need:
    """Ask that a thing, which need not be there, is not denied; nothing positive is needed."""
    return Need(Action.CREATE, selector)


def if_given(need: Need) -> Need:
    """Ask only where the request names the thing."""
    return replace(need, optional=True)


def where_given(field: str, need: Need) -> Need:
    """Ask only where the request has another field."""
    return replace(need, given=field)


def where_missing(field: str, need: Need) -> Need:
    """Ask only where the request lacks another field."""
    return replace(need, missing=field)


def inheriting(action: Action, need: Need) -> Need:
    """Ask another action of the parent, where no grant speaks of the tier."""
    return replace(need, inherited=action)


def or_member(action: Action, need: Need) -> Need:
    """Ask less of whom the thing names as a member."""
    return replace(need, member=action)


def or_owner(action: Action, need: Need) -> Need:
    """Ask less of whom the thing names as its owner."""
    return replace(need, owner=action)


def own(type_: ResourceType, *fields: str, first: str = "") -> Then:
    """Give the creator MANAGE."""
    return Then(Effect.OWN, type_, fields, first=first)


def forget(type_: ResourceType, *fields: str, unless: str = "") -> Then:
    """Remove everyone's grants."""
    return Then(Effect.FORGET, type_, fields, unless=unless)


def rename(type_: ResourceType, field: str, new: str) -> Then:
    """Move everyone's grants."""
    return Then(Effect.RENAME, type_, (field,), new)
