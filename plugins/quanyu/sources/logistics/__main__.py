"""Read logistics alone."""

from quanyu import sources
from quanyu.sources.logistics import SOURCE

sources.run_alone(SOURCE)
