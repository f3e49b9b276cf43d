"""The admin API: what answers the rows that are not the upstream's."""

from __future__ import annotations

from authctl.server.admin_api.call import Call, Settings
from authctl.server.admin_api.dispatch import HANDLERS, answer

__all__ = ["HANDLERS", "Call", "Settings", "answer"]
