"""Read alliance alone."""

from quanyu import sources
from quanyu.sources.alliance import SOURCE

sources.run_alone(SOURCE)
