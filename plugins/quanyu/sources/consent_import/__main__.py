"""Read consent_import alone."""

from quanyu import sources
from quanyu.sources.consent_import import SOURCE

sources.run_alone(SOURCE)
