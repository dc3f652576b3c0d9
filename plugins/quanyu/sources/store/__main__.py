"""Read the stores alone."""

from quanyu import sources
from quanyu.sources.store import SOURCE

sources.run_alone(SOURCE)
