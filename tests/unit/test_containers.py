"""docker-compose.yml, the Dockerfile and their ignore file fit together, and no secret is in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from quanyu.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def test_the_services_are_the_company() -> None:
    assert set(SERVICES) == {
        "postgres", "migrate", "airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer",
        "sandbox", "sandbox-connections", "superset", "superset-login",
    }  # fmt: skip
    assert SERVICES["postgres"]["image"] == "postgres:18"
    ours = {name for name, service in SERVICES.items() if service.get("build") == "."}
    assert ours == set(SERVICES) - {"postgres", "superset"}


def test_airflow_runs_the_same_four_processes_as_the_local_stack() -> None:
    from quanyu.local.stack import _COMMANDS

    commands = {tuple(s["command"][1:2]) for s in SERVICES.values() if s.get("command", [""])[0] == "airflow"}
    assert commands == {command[1:2] for command in _COMMANDS.values()}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_waits_for_services_that_exist_and_mounts_volumes_that_exist(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    mounted = [volume for volume in service.get("volumes", []) if not volume.startswith("./")]
    assert {volume.split(":")[0] for volume in mounted} <= set(COMPOSE["volumes"])


def test_a_folder_of_the_machine_is_mounted_for_reading_only() -> None:
    folders = {volume for s in SERVICES.values() for volume in s.get("volumes", []) if volume.startswith("./")}
    assert folders == {"./own-sources:/opt/quanyu/own-sources:ro"}


def test_superset_knows_a_login_that_reads_the_marts_and_no_secret_of_the_pipeline() -> None:
    superset = SERVICES["superset"]
    assert superset["build"] == "superset"
    assert "env_file" not in superset
    assert "quanyu_superset:" in superset["environment"]["QUANYU_BI_URL"]
    asked = set(re.findall(r"\$\{(\w+)", str(superset)))
    assert asked == {"SUPERSET_READER_PASSWORD", "SUPERSET_SECRET_KEY", "SUPERSET_ADMIN_PASSWORD"}
    assert superset["depends_on"]["superset-login"]["condition"] == "service_completed_successfully"


def test_the_image_of_superset_holds_locked_packages_and_what_make_bi_starts() -> None:
    folder = ROOT / "superset"
    text = (folder / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["superset"]
    assert "--require-hashes" in text
    copied = [name for line in re.findall(r"^COPY (.*)$", text, re.MULTILINE) for name in line.split()[:-1]]
    assert all((folder / name).exists() for name in copied)
    needed = set(
        re.findall(r"\$\{?(QUANYU_BI_URL|SUPERSET_[A-Z_]+)", (folder / "serve.sh").read_text(encoding="utf-8"))
    )
    assert needed - {"SUPERSET_CONFIG_PATH"} == set(SERVICES["superset"]["environment"])


def test_nothing_starts_before_the_tables_are_up_to_date() -> None:
    for name, service in SERVICES.items():
        if name.startswith("airflow-"):
            assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully", name
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_variable_is_explained_and_none_has_a_value() -> None:
    asked = set(re.findall(r"\$\{(\w+)", TEXT))
    assert asked
    assert asked <= set(re.findall(r"^(\w+)=$", EXAMPLE, re.MULTILINE))


def test_secrets_come_from_the_environment() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY|CONN|URL", key) and not value.startswith("http://"):
                assert "${" in value, f"{name}: {key}"


def test_every_setting_of_ours_is_one_that_settings_knows() -> None:
    known = {f"QUANYU_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"^\s*#?\s*(QUANYU_\w+)[:=]", TEXT + EXAMPLE, re.MULTILINE)) <= known


def test_the_image_runs_as_nobody_special_from_locked_packages() -> None:
    assert re.findall(r"^FROM (.*)$", DOCKERFILE, re.MULTILINE) == ["python:3.11-slim"]
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["quanyu"]
    assert DOCKERFILE.count("--require-hashes") == 2


def test_the_build_sees_what_it_copies_and_no_more() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        source
        for line in re.findall(r"^COPY (?:--\S+ )*(.*)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert copied == let_in
    assert all((ROOT / path).exists() for path in copied)
