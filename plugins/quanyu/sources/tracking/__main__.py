"""Read tracking alone."""

from quanyu import sources
from quanyu.sources.tracking import SOURCE

sources.run_alone(SOURCE)
