"""Read service_desk alone."""

from quanyu import sources
from quanyu.sources.service_desk import SOURCE

sources.run_alone(SOURCE)
