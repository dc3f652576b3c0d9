"""Read leads alone."""

from quanyu import sources
from quanyu.sources.leads import SOURCE

sources.run_alone(SOURCE)
