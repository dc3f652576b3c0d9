"""How Ocean Engine says no."""

from __future__ import annotations


class OceanError(Exception):
    """A refusal in the platform's envelope."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
