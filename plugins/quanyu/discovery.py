"""What is installed, found by looking: modules of sources, channels and audiences, and a brand's own YAML files."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from pathlib import Path
from typing import TypeVar

from quanyu.contracts import Audience, Channel, Source
from quanyu.declared import declared_source
from quanyu.declared.unusable import unusable_source
from quanyu.errors import ConfigurationError
from quanyu.settings import sources_folder

Declared = TypeVar("Declared", Source, Channel, Audience)

logger = logging.getLogger(__name__)


def sources() -> dict[str, Source]:
    """Every source by name, a brand's own (the folder of QUANYU_SOURCES) after those that came with the project.

    Raises ConfigurationError naming a module that declares none. A YAML file with a mistake stops nothing else: its
    source stays in the list and fails by itself, in every reading, with what is wrong in the file.
    """
    found = shipped_sources()
    for path, own in own_sources().items():
        source: Source | None
        if isinstance(own, ConfigurationError):
            logger.error("%s", own)
            source = unusable_source(path, own)
        else:
            source = own
        if source is not None:
            found.setdefault(source.name, source)
    return found


def shipped_sources() -> dict[str, Source]:
    """The sources that came with the project, by name."""
    return _declared("quanyu.sources", "SOURCE", Source)


def own_sources() -> dict[Path, Source | ConfigurationError]:
    """A brand's own sources by their YAML files, each as it is or with what is wrong with it."""
    folder = sources_folder()
    paths = sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]) if folder else []
    taken = set(shipped_sources())
    found: dict[Path, Source | ConfigurationError] = {}
    for path in paths:
        try:
            found[path] = _own_source(path, taken, paths)
        except ConfigurationError as error:
            found[path] = error
    return found


def _own_source(path: Path, taken: set[str], paths: list[Path]) -> Source:
    source = declared_source(path)
    if source.name != path.stem:
        raise ConfigurationError(
            f"{path} declares another name than its own.", remedy="name the file and its source alike."
        )
    if source.name in taken:
        raise ConfigurationError(
            f"{path}: a source {source.name} comes with the project.", remedy="give yours another name."
        )
    if twins := [other.name for other in paths if other.stem == path.stem and other != path]:
        raise ConfigurationError(f"{path}: {twins[0]} declares the same source.", remedy="keep one of them.")
    return source


def channels() -> dict[str, Channel]:
    """Every channel by name. Raises ConfigurationError naming a module that declares none."""
    return _declared("quanyu.channels", "CHANNEL", Channel)


def audiences() -> dict[str, Audience]:
    """Every audience by name. Raises ConfigurationError naming a module that declares none."""
    return _declared("quanyu.audiences", "AUDIENCE", Audience)


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
