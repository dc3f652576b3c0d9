"""Sources and channels are found by looking; what declares nothing is an error with a name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import quanyu.sources
from quanyu import discovery
from quanyu.contracts import Channel, Source
from quanyu.errors import ConfigurationError

FOLDER = Path(quanyu.sources.__file__).parent


@pytest.fixture
def extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that counts as part of `quanyu.sources`."""
    monkeypatch.setattr(quanyu.sources, "__path__", [*quanyu.sources.__path__, str(tmp_path)])
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("quanyu.sources.extra")]:
        del sys.modules[name]


def test_every_folder_below_sources_is_a_source() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    found = discovery.sources()
    assert set(found) == folders
    assert folders
    assert all(isinstance(source, Source) for source in found.values())


def test_every_module_below_channels_is_a_channel() -> None:
    found = discovery.channels()
    assert found
    assert all(isinstance(channel, Channel) and channel.name == name for name, channel in found.items())


@pytest.mark.parametrize("source", discovery.sources().values(), ids=lambda source: source.name)
def test_a_source_says_what_it_reads_why_a_rerun_is_safe_and_how_to_run_it(source: Source) -> None:
    assert "What:" in source.about
    assert "Why a re-run is safe:" in source.about
    assert source.about.count("->") >= 2
    assert f"Alone: python -m quanyu.sources.{source.name} --date " in source.about
    assert (FOLDER / source.name / "__main__.py").exists()


@pytest.mark.parametrize("source", discovery.sources().values(), ids=lambda source: source.name)
def test_keys_versions_and_personal_fields_are_declared_fields(source: Source) -> None:
    """A key is required text or integer, a version too: epoch seconds keep their ten digits until 2286."""
    for entity in source.entities:
        assert {entity.fields[part] for part in entity.key} <= {"text", "integer"}
        assert entity.version is None or entity.fields[entity.version] in {"text", "integer"}
        assert {path.removesuffix("[]") for path in entity.personal} <= set(entity.fields)


def test_a_source_in_a_new_folder_is_found_without_an_edit(extra: Path) -> None:
    (extra / "extra_shop").mkdir()
    (extra / "extra_shop" / "__init__.py").write_text(
        "from quanyu.contracts import Source\n"
        "SOURCE = Source(name='extra_shop', about='', entities=(), connect=lambda where: None)\n"
    )
    assert "extra_shop" in discovery.sources()


@pytest.mark.parametrize("content", ["", "SOURCE = 'tmall'\n"], ids=["nothing", "something else"])
def test_a_module_that_declares_no_source_is_named(extra: Path, content: str) -> None:
    (extra / "extra_helpers.py").write_text(content)
    with pytest.raises(ConfigurationError, match=r"quanyu\.sources\.extra_helpers"):
        discovery.sources()


def test_a_declaration_under_another_name_is_an_error(extra: Path) -> None:
    (extra / "extra_twin.py").write_text("from quanyu.sources.tmall import SOURCE\n")
    with pytest.raises(ConfigurationError, match="extra_twin"):
        discovery.sources()
