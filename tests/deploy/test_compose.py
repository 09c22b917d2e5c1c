from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from weir.cli.main import COMMANDS
from weir.jars import KAFKA_VERSION
from weir.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DEFAULTS = Settings()


def test_the_whole_of_it_is_there() -> None:
    assert set(SERVICES) == {"kafka", "topics", "worker", "console", "prometheus", "grafana"}


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_on_loopback_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)


def test_no_two_services_share_a_port() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) == len(set(ports))


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "topics"])
def test_a_service_that_stays_is_restarted_and_has_its_health_checked(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_services_wait_for_what_they_need_until_it_is_well() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            ends = "restart" not in SERVICES[needed]
            expected = "service_completed_successfully" if ends else "service_healthy"
            assert how["condition"] == expected, f"{name} on {needed}"


def test_images_are_pinned() -> None:
    for name, service in SERVICES.items():
        assert re.search(r":(v?\d+\.\d+\.\d+|local)$", service["image"]), name


def test_kafka_is_the_version_that_weir_is_tested_on() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"


def test_kafka_has_all_that_one_node_needs() -> None:
    environment = SERVICES["kafka"]["environment"]
    ones = {name for name, value in environment.items() if value == 1}
    assert ones >= {
        f"KAFKA_{topic}_REPLICATION_FACTOR"
        for topic in ("OFFSETS_TOPIC", "TRANSACTION_STATE_LOG", "SHARE_COORDINATOR_STATE_TOPIC")
    } | {"KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR"}
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert f"kafka:{environment['KAFKA_LOG_DIRS']}" in SERVICES["kafka"]["volumes"]


def test_clients_of_this_machine_find_kafka_where_they_look_by_default() -> None:
    advertised = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert f"OUTSIDE://{DEFAULTS.bootstrap_servers}" in advertised
    assert f"{DEFAULTS.bootstrap_servers}:29092" in SERVICES["kafka"]["ports"]
    inside = OURS["worker"]["environment"]["WEIR_BOOTSTRAP_SERVERS"]
    assert f"INSIDE://{inside}" in advertised


def test_topics_are_made_from_the_catalogue_before_the_worker_starts() -> None:
    assert OURS["topics"]["command"] == ["topics", "create"]
    assert "topics" in OURS["worker"]["depends_on"]


@pytest.mark.parametrize("name", OURS)
def test_our_services_call_commands_and_set_settings_that_exist(name: str) -> None:
    assert OURS[name]["command"][0] in COMMANDS
    settings = {variable.removeprefix("WEIR_").lower() for variable in OURS[name]["environment"]}
    assert settings <= set(Settings.model_fields)


def test_all_our_services_agree_on_partitions_and_names() -> None:
    shared = ("WEIR_BOOTSTRAP_SERVERS", "WEIR_PARTITIONS", "WEIR_TOPIC_PREFIX", "WEIR_APPLICATION_ID")
    assert len({tuple(service["environment"].get(name) for name in shared) for service in OURS.values()}) == 1


def test_prometheus_scrapes_the_worker() -> None:
    configuration = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    (job,) = configuration["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"worker:{DEFAULTS.web_port}"]}]
    assert f"127.0.0.1:{DEFAULTS.web_port}:{DEFAULTS.web_port}" in OURS["worker"]["ports"]


def test_mounted_files_exist_and_volumes_are_declared() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


def test_no_password_is_written_down() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.search(r"(?i)password|secret", text)
    assert "WEIR_MODEL_KEY: ${WEIR_MODEL_KEY:-}" in text
