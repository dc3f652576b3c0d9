"""The first lines of a new segment: a file that plans nobody until its rule is written, its contract and its test."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from quanyu.errors import ConfigurationError

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701  # SQL and YAML, not HTML
    variable_start_string="<<",
    variable_end_string=">>",
)
_NAME = re.compile(r"seg_[a-z][a-z0-9_]*")


def scaffold(name: str, owner: str, channel: str, project: Path) -> list[Path]:
    """Write the model and append its contract and unit test; return the files. `project` is the dbt project.

    Raises ConfigurationError when the name is taken or is no name of a segment; then nothing is written.
    """
    name = name if name.startswith("seg_") else f"seg_{name}"
    folder = project / "models" / "segments"
    model = folder / f"{name}.sql"
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"{name} is no name of a segment.", remedy="use small letters, digits and _.")
    if model.exists():
        raise ConfigurationError(f"{model} exists.", remedy="edit it, or choose another name.")
    said = {"name": name, "owner": owner, "channel": channel}
    texts = {
        model: _TEMPLATES.get_template("segment.sql.j2").render(said),
        folder / "_segments__models.yml": _TEMPLATES.get_template("models.yml.j2").render(said),
        folder / "_segments__unit_tests.yml": _TEMPLATES.get_template("unit_tests.yml.j2").render(said),
    }
    for path, text in texts.items():
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    return list(texts)
