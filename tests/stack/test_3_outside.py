"""The promises of the security page, asked of the engine and of the containers themselves."""

from __future__ import annotations

import socket
import stat
import subprocess
from urllib.error import HTTPError

import pytest

from tests.house.tree import ROOT
from tests.stack.engine import docker
from tests.stack.stack import PORTS, Stack

SERVICES = ("postgres", "mlflow", "apiserver", "scheduler", "dag-processor", "triggerer", "watch", "api", "ui")
ROOT_WRITES = "touch /opt/planted || touch /etc/planted || touch /usr/planted"


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_runs_without_root_and_rights_on_a_file_system_that_is_read_only(
    listed: Stack, service: str
) -> None:
    told = listed.look(service)
    host = told["HostConfig"]
    assert int(told["Config"]["User"].split(":")[0]) > 0
    assert listed.inside(service, "id", "-u") == told["Config"]["User"].split(":")[0]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert not host["Privileged"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Memory"] > 0
    assert host["NanoCpus"] > 0
    assert host["PidsLimit"] == 512
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["LogConfig"]["Config"]["max-size"] == "10m"
    said = listed.inside(service, "sh", "-c", f"({ROOT_WRITES}) 2>&1; cat /proc/1/status", check=False)
    assert said.count("ead-only file system") == 3
    assert "CapEff:\t0000000000000000" in said


def test_the_api_reads_the_lake_and_writes_to_the_inbox_alone(listed: Stack) -> None:
    assert "Read-only file system" in listed.inside("api", "sh", "-c", "touch /lake/home/planted 2>&1", check=False)
    listed.inside("api", "sh", "-c", "touch /inbox/planted && rm /inbox/planted")


def test_only_volumes_are_mounted_and_mlflow_shares_none_and_has_a_user_of_its_own(listed: Stack) -> None:
    mounts = {service: listed.look(service)["Mounts"] for service in SERVICES}
    assert {mount["Type"] for each in mounts.values() for mount in each} == {"volume"}
    named = {service: {mount["Name"] for mount in each} for service, each in mounts.items()}
    assert not named["mlflow"] & set().union(*(names for service, names in named.items() if service != "mlflow"))
    assert not named["ui"]
    users = {service: listed.look(service)["Config"]["User"] for service in ("mlflow", "scheduler", "ui", "postgres")}
    assert len(set(users.values())) == 4


def test_ports_are_published_on_this_machine_alone(listed: Stack) -> None:
    published = {
        (service, each["HostIp"])
        for service in SERVICES
        for bindings in listed.look(service)["NetworkSettings"]["Ports"].values()
        for each in bindings or []
    }
    assert published == {(service, "127.0.0.1") for service in ("mlflow", "apiserver", "api", "ui")}
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in (each for each in others if not each.startswith("127.")):
        for port in (listed.ports[name] for name in PORTS):
            with socket.socket() as tried:
                tried.settimeout(2)
                assert tried.connect_ex((address, port)) != 0


def test_the_pages_reach_the_api_and_neither_databases_nor_mlflow(listed: Stack) -> None:
    reach = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
    listed.inside("ui", "python", "-c", reach, "api", "8000")
    for name, port in (("postgres", "5432"), ("mlflow", "5000"), ("apiserver", "8080")):
        assert "rror" in listed.compose("exec", "-T", "ui", "sh", "-c", f'python -c "{reach}" {name} {port} 2>&1; true')
    assert "rror" in listed.inside("api", "sh", "-c", f'python -c "{reach}" postgres 5432 2>&1; true')
    for service in ("api", "ui", "mlflow"):  # where machines in a cloud are told their secrets
        said = listed.inside(service, "sh", "-c", f'python -c "{reach}" 169.254.169.254 80 2>&1; true')
        assert "rror" in said or "timed out" in said
    internal = docker(listed.environment, "network", "inspect", "--format", "{{.Internal}}", f"{listed.project}_back")
    assert internal == "true"


def refused(ask: object) -> int:
    """The status with which something was refused."""
    with pytest.raises(HTTPError) as caught:
        ask()  # type: ignore[operator]
    return caught.value.code


def test_nobody_gets_in_without_a_secret_and_no_default_one_is_known(listed: Stack) -> None:
    api, pages = "SEMANA_API_PORT", "MLFLOW_PORT"
    assert refused(lambda: listed.ask(api, "/v1/ledger")) == 401
    assert refused(lambda: listed.ask(api, "/metrics")) == 401
    assert refused(lambda: listed.api("/v1/model/rollback", body={"reason": "no"}, key="SEMANA_KEY_AGENTS")) == 403
    assert refused(lambda: listed.api("/v1/transactions", body={}, key="SEMANA_KEY_METRICS")) == 403
    assert refused(lambda: listed.api("/v1/customers", key="SEMANA_KEY_METRICS")) == 403
    assert refused(lambda: listed.ask(pages, "/api/2.0/mlflow/experiments/search?max_results=1")) == 401
    for user in ("YWRtaW46YWRtaW4=", "YWRtaW46cGFzc3dvcmQ=", "YWRtaW46cGFzc3dvcmQxMjM0"):  # MLflow's of former days
        path = "/api/2.0/mlflow/experiments/search?max_results=1"
        assert refused(lambda user=user, path=path: listed.ask(pages, path, Authorization=f"Basic {user}")) == 401
    for secret in ("admin", "airflow", "password"):
        body = {"username": "admin", "password": secret}
        assert refused(lambda body=body: listed.ask("AIRFLOW_PORT", "/auth/token", body=body)) == 401
    assert refused(lambda: listed.ask("AIRFLOW_PORT", "/api/v2/dags")) == 401
    connect = "PGPASSWORD=$1 psql -h postgres -U airflow -d $2 -c 'SELECT 1' 2>&1; true"
    for secret, database in (("airflow", "airflow"), (listed.secrets["AIRFLOW_DB_PASSWORD"], "mlflow")):
        said = listed.inside("postgres", "sh", "-c", connect, "-", secret, database)
        assert "failed" in said or "denied" in said


def test_the_services_are_called_by_their_own_names_alone(listed: Stack) -> None:
    assert refused(lambda: listed.ask("SEMANA_API_PORT", "/livez", Host="evil.example")) == 400
    assert refused(lambda: listed.ask("SEMANA_UI_PORT", "/livez", Host="evil.example")) == 400
    assert refused(lambda: listed.mlflow("/experiments/search?max_results=1", Host="evil.example")) == 403


def test_secrets_are_strong_private_all_different_and_in_no_log(listed: Stack) -> None:
    assert stat.S_IMODE(listed.env_file.stat().st_mode) == 0o600
    values = list(listed.secrets.values())
    assert len(set(values)) == len(values) >= 14
    assert min(map(len, values)) >= 43
    before = listed.env_file.read_bytes()
    assert "stays as it is" in listed.make("env", code=64)
    assert listed.env_file.read_bytes() == before
    logs = listed.compose("logs", "--no-color")
    assert [name for name, value in listed.secrets.items() if value in logs] == []


def test_without_a_secret_nothing_starts(listed: Stack) -> None:
    call = ["docker", "compose", "config", "--quiet"]
    for name in listed.secrets:
        env = {**listed.environment, name: ""}
        done = subprocess.run(call, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert name in done.stderr
        assert "make env" in done.stderr


def test_a_service_knows_no_secret_that_is_not_its_own(listed: Stack) -> None:
    known = {service: "\n".join(listed.look(service)["Config"]["Env"]) for service in SERVICES}
    secrets = listed.secrets
    assert {name for name, value in secrets.items() if value in known["ui"]} == set()
    assert {name for name, value in secrets.items() if value in known["api"]} == set()
    assert "POSTGRES_PASSWORD" not in {name for name, value in secrets.items() if value in known["scheduler"]}
    assert {name for name, value in secrets.items() if value in known["watch"]} == {"MLFLOW_PASSWORD"}
    assert "MLFLOW_PASSWORD" not in {name for name, value in secrets.items() if value in known["triggerer"]}
