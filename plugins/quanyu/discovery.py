"""What is installed, found by looking: every module below `sources/` and `channels/` declares itself."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TypeVar

from quanyu.contracts import Channel, Source
from quanyu.errors import ConfigurationError

Declared = TypeVar("Declared", Source, Channel)


def sources() -> dict[str, Source]:
    """Every source by name. Raises ConfigurationError naming a module that declares none."""
    return _declared("quanyu.sources", "SOURCE", Source)


def channels() -> dict[str, Channel]:
    """Every channel by name. Raises ConfigurationError naming a module that declares none."""
    return _declared("quanyu.channels", "CHANNEL", Channel)


def _declared(package: str, attribute: str, kind: type[Declared]) -> dict[str, Declared]:
    found: dict[str, Declared] = {}
    for info in pkgutil.iter_modules(importlib.import_module(package).__path__):
        module = f"{package}.{info.name}"
        declared = getattr(importlib.import_module(module), attribute, None)
        if not isinstance(declared, kind):
            raise ConfigurationError(
                f"{module} declares no {attribute}.",
                remedy=f"give it `{attribute} = {kind.__name__}(...)` or move it out of {package}.",
            )
        if declared.name != info.name:
            raise ConfigurationError(
                f"{module} declares the name {declared.name!r}.", remedy="name the module and its declaration alike."
            )
        found[declared.name] = declared
    return found
