"""What a test may break: a list of armed faults per platform, each taken a number of times."""

from __future__ import annotations

import threading
from dataclasses import dataclass

LASTING = frozenset({"down"})
"""Kinds that hold until cleared; every other kind is used up after `times`."""


@dataclass
class Fault:
    """One armed fault: the next `times` matching calls, after `after` of them went well."""

    kind: str
    times: int
    match: str
    after: int


class Faults:
    """The armed faults of one platform. Tests arm them from their thread, the server's loop takes them."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._lock = threading.Lock()
        self.slow_seconds = 3.0

    def add(self, kind: str, *, times: int = 1, match: str = "", after: int = 0) -> None:
        """Arm `kind` for the next `times` calls whose endpoint contains `match`; the first `after` of them pass."""
        with self._lock:
            self._armed.append(Fault(kind, times, match, after))

    def take(self, kind: str, match: str = "") -> bool:
        """Whether `kind` strikes this call to endpoint `match`; uses one of its times up."""
        with self._lock:
            for fault in self._armed:
                if fault.kind != kind or fault.match not in match:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    return False
                if kind not in LASTING:
                    fault.times -= 1
                    self._armed = [armed for armed in self._armed if armed.times > 0]
                return True
            return False

    def pending(self, kind: str, match: str = "") -> bool:
        """Whether the next call to `match` would be struck; uses nothing up."""
        with self._lock:
            return any(f.kind == kind and f.match in match and f.after == 0 for f in self._armed)

    def armed(self) -> list[str]:
        """The kinds that are still to strike."""
        with self._lock:
            return [fault.kind for fault in self._armed]

    def clear(self, kind: str = "") -> None:
        """Disarm `kind`, or everything."""
        with self._lock:
            self._armed = [fault for fault in self._armed if kind and fault.kind != kind]
