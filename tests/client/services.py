"""What tests of the Python client share besides fixtures."""

from __future__ import annotations

from collections.abc import Callable

PASSWORD = "a-long-password"
SignIn = Callable[[str, str], None]
