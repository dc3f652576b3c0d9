"""Superset on one machine: metadata in SQLite, nothing fetched from outside, the marts by a login that only reads."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = f"sqlite:///{Path(os.environ['SUPERSET_HOME']) / 'superset.db'}"

LANGUAGES = {"en": {"flag": "us", "name": "English"}, "zh": {"flag": "cn", "name": "中文"}}

# The default policy lets the telemetry pixel and foreign maps through; the pages need neither.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}

# The bundle names the warehouse by a host that does not exist; where it is, and the login, are known only here.
_BUNDLED_HOST = "warehouse.invalid"


def DB_CONNECTION_MUTATOR(  # noqa: N802  # Superset's name
    uri: URL, params: dict[str, Any], _username: str, _security_manager: Any, _source: Any
) -> tuple[URL, dict[str, Any]]:
    """Connect to the marts as the environment says; to a database that somebody added, as they said."""
    if uri.host == _BUNDLED_HOST:
        uri = make_url(os.environ["QUANYU_BI_URL"]).set(drivername="postgresql+psycopg2")
    return uri, params
