"""The bucket in which the content teams find their briefs."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.bucket import Bucket


class ContentHandoff(Bucket):
    """A bucket that nobody answers from."""

    name: ClassVar[str] = "content_handoff"
    secret: ClassVar[str] = "sandbox-secret-content-handoff"
    prefix: ClassVar[str] = "briefs"
