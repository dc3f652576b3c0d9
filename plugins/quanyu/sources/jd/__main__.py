"""Read JD alone."""

from quanyu import sources
from quanyu.sources.jd import SOURCE

sources.run_alone(SOURCE)
