"""Work pools and manifests are as Prefect and Kubernetes want them, and hold no secrets."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

INFRA = Path(__file__).parents[1] / "infra"
POOLS = {path.stem: json.loads(path.read_text()) for path in (INFRA / "work-pools").glob("*.json")}
MANIFESTS = list(yaml.safe_load_all((INFRA / "kubernetes" / "serloop.yaml").read_text()))
PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")


@pytest.mark.parametrize("name", POOLS)
def test_a_pool_asks_for_what_it_uses(name: str) -> None:
    """Every placeholder has a described variable, every variable a place and a valid default."""
    from jsonschema import Draft202012Validator

    variables = POOLS[name]["variables"]
    Draft202012Validator.check_schema(variables)
    properties = variables["properties"]
    used = set(PLACEHOLDER.findall(json.dumps(POOLS[name]["job_configuration"])))
    assert used == properties.keys()
    assert all(item["description"].endswith(".") for item in properties.values())
    defaults = {key: item["default"] for key, item in properties.items() if "default" in item}
    Draft202012Validator(variables).validate(defaults)


@pytest.mark.parametrize("name", POOLS)
def test_a_pool_keeps_secrets_out_of_prefects_database(name: str) -> None:
    """Variables of a pool are stored, so that those of secrets are named, not given."""
    given = POOLS[name]["variables"]["properties"]["env"]["default"]
    known = {f"SERLOOP_{name}".upper() for name in ("secrets", "models")}
    public = re.compile(r"SERLOOP_(WAREHOUSE__(DATA_PATH|S3_ENDPOINT|S3_USE_SSL)|LABEL_STUDIO__(URL"
                        r"|AUDIO_\w+)|GATEWAY__URL|LOG__FORM)$")  # fmt: skip
    assert all(name in known or public.match(name) for name in given)


def test_pools_are_as_prefects_workers_want_them() -> None:
    """Where the workers are installed, each reads its pool and prepares a job from it."""
    import asyncio

    from prefect.testing.utilities import prefect_test_harness

    docker = pytest.importorskip("prefect_docker.worker").DockerWorkerJobConfiguration
    kubernetes = pytest.importorskip("prefect_kubernetes.worker").KubernetesWorkerJobConfiguration
    with prefect_test_harness(server_startup_timeout=120):
        made = asyncio.run(docker.from_template_and_values(POOLS["docker"], {}))
        job = asyncio.run(kubernetes.from_template_and_values(POOLS["kubernetes"], {}))
    assert made.container_create_kwargs["user"] == "1000:1000"
    assert made.privileged is False
    (container,) = job.job_manifest["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "serloop:0.1.0"
    assert container["envFrom"][1] == {"secretRef": {"name": "serloop-secrets"}}


def find_pods() -> list[dict[str, Any]]:
    """Return what describes pods: the worker's, and those of jobs."""
    job = POOLS["kubernetes"]["job_configuration"]["job_manifest"]
    owners = [*(item for item in MANIFESTS if item["kind"] == "Deployment"), job]
    return [owner["spec"]["template"]["spec"] for owner in owners]


@pytest.mark.parametrize("pod", find_pods(), ids=["worker", "job"])
def test_pods_meet_the_restricted_standard(pod: dict[str, Any]) -> None:
    """The namespace lets no others in."""
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        allowed = container["securityContext"]
        assert allowed["allowPrivilegeEscalation"] is False
        assert allowed["capabilities"] == {"drop": ["ALL"]}
        assert allowed["readOnlyRootFilesystem"] is True


def test_jobs_find_what_the_manifests_make() -> None:
    """Accounts, claims and settings that a pool names by default are there."""
    made = {(item["kind"], item["metadata"]["name"]) for item in MANIFESTS}
    properties = POOLS["kubernetes"]["variables"]["properties"]
    named = {
        "ServiceAccount": "service_account_name",
        "ConfigMap": "settings",
        "PersistentVolumeClaim": "home_claim",
        "Namespace": "namespace",
    }
    assert {(kind, properties[key]["default"]) for kind, key in named.items()} <= made


@pytest.mark.parametrize("item", MANIFESTS, ids=lambda item: f"{item['kind']}")
def test_manifests_are_valid(item: dict[str, Any]) -> None:
    """Kubernetes' own schema takes them, where it is installed."""
    validator = pytest.importorskip("kubernetes_validate")
    validator.validate(item, "1.34", strict=True)
