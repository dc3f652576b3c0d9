"""Read content_desk alone."""

from quanyu import sources
from quanyu.sources.content_desk import SOURCE

sources.run_alone(SOURCE)
