"""All help topics by their names, in the order in which they are listed."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from authctl.cli.help import environment, exit_codes, formatting, manifests, recovery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.cli.help.topic import Topic

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        topic.name: topic
        for topic in (
            environment.TOPIC,
            exit_codes.TOPIC,
            formatting.TOPIC,
            manifests.TOPIC,
            recovery.TOPIC,
        )
    }
)
