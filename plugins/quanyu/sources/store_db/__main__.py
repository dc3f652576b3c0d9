"""Read the store database alone."""

from quanyu import sources
from quanyu.sources.store_db import SOURCE

sources.run_alone(SOURCE)
