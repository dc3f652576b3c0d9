"""Give the platforms' addresses to an Airflow: `python -m tests.sandbox.connections var/sandbox.json`.

Waits for the state file of `python -m tests.sandbox`, then imports `quanyu_<name>` for every platform, over what an
earlier start left. What is switched on follows from that.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main(state: Path) -> None:
    """Import the connections."""
    while not state.exists():
        time.sleep(0.5)
    connections = json.loads(state.read_text())["connections"]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({f"quanyu_{name}": fields for name, fields in connections.items()}, file)
        file.flush()
        subprocess.run((sys.executable, "-m", "airflow", "connections", "import", "--overwrite", file.name), check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
