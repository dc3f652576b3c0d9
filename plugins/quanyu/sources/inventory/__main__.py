"""Read inventory alone."""

from quanyu import sources
from quanyu.sources.inventory import SOURCE

sources.run_alone(SOURCE)
