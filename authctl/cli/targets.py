"""What a grant is on, as the options name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from authctl.cli.suggest import did_you_mean, no_such
from authctl.errors import InvalidRequest
from authctl.model import Permission, Resource, ResourceType

if TYPE_CHECKING:
    from authctl.cli.session import Session

_WHAT = "Targets (repeatable)"


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """The resources a command is about."""

    experiment: Annotated[
        list[str] | None,
        Option(
            "--experiment", metavar="NAME", help="An experiment by its name.", rich_help_panel=_WHAT
        ),
    ] = None
    experiment_id: Annotated[
        list[str] | None,
        Option(
            "--experiment-id", metavar="ID", help="An experiment by its id.", rich_help_panel=_WHAT
        ),
    ] = None
    model: Annotated[
        list[str] | None,
        Option("--model", metavar="NAME", help="A registered model.", rich_help_panel=_WHAT),
    ] = None
    prompt: Annotated[
        list[str] | None,
        Option("--prompt", metavar="NAME", help="A prompt.", rich_help_panel=_WHAT),
    ] = None
    resource: Annotated[
        list[str] | None,
        Option(
            "--resource",
            metavar="TYPE:PATTERN",
            help="Anything by its type and its name or id; * means every one of the type.",
            rich_help_panel=_WHAT,
        ),
    ] = None

    def resources(self, session: Session) -> list[Resource]:
        """Every resource named, once each; NotFound for an experiment that does not exist."""
        found = [_resource(text) for text in self.resource or ()]
        for kind, names in (
            (ResourceType.EXPERIMENT, self.experiment_id),
            (ResourceType.REGISTERED_MODEL, self.model),
            (ResourceType.PROMPT, self.prompt),
        ):
            found += [Resource.checked(kind, name) for name in names or ()]
        found += [
            Resource(ResourceType.EXPERIMENT, session.experiment_id(name))
            for name in self.experiment or ()
        ]
        return list(dict.fromkeys(found))

    def some(self, session: Session) -> list[Resource]:
        """Every resource named; InvalidRequest for none."""
        found = self.resources(session)
        if not found:
            raise InvalidRequest(
                "No resource is named.",
                hint="Name it with --experiment, --experiment-id, --model, --prompt or --resource.",
            )
        return found

    def one(self, session: Session) -> Resource:
        """The only resource named; InvalidRequest for none or several."""
        found = self.some(session)
        if len(found) > 1:
            raise InvalidRequest("This takes one target at a time.")
        return found[0]


def parse_level(text: str) -> Permission:
    """Read a level in either letter case; InvalidRequest suggests the one probably meant."""
    try:
        return Permission(text.upper())
    except ValueError:
        raise no_such("level", text, list(Permission)) from None


def _resource(text: str) -> Resource:
    kind, colon, pattern = text.partition(":")
    types = [str(known) for known in ResourceType]
    if not colon:
        raise InvalidRequest(
            f"'{text}' is not of the form TYPE:PATTERN.", hint="For example registered_model:churn."
        )
    if kind not in types:
        raise InvalidRequest(
            f"There is no resource type '{kind}'.",
            hint=did_you_mean(kind, types) or f"The types are: {', '.join(types)}.",
        )
    return Resource.checked(kind, pattern)
