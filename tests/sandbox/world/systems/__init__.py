"""What each further system shows of the world, one module per system; found by looking, none is listed.

A module makes its chapter from the journeys with dice of its own, so that no other chapter changes with it, and may
say who is who in it:

    accounts(world)       every account it ever shows, with its person
    evidence(world, day)  the accounts a pipeline has seen by the night of `day`, with what truly identifies them
    marks(world, day)     more that an account shows of which a person has one
    ACTS                  the account types that are an act (a lead, a ticket): a person may have many

See `tests.sandbox.world.truth` for what counts as true evidence.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def systems() -> list[ModuleType]:
    """Every system's module, by name."""
    return [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
