"""The platforms of the kill test, served from this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.kill.provider import Platforms


@pytest.fixture
def platforms() -> Iterator[Platforms]:
    """One platform at a time, begun by a stage."""
    with Platforms() as platforms:
        yield platforms
