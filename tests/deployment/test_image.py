"""The container image as it is deployed: read-only root, no privileges, a health check, and a drain on TERM."""
import json
import shutil

import pytest

from conftest import SOURCE, configuration, echo, harness, run

BASE = "localhost/mombridge-deployment-base"
IMAGE = "localhost/mombridge-deployment"


@pytest.fixture(scope="module")
def image(debian, tmp_path_factory):
    archive = tmp_path_factory.mktemp("base") / "base.tar"
    run("tar", "-C", debian, "-cf", archive, "--exclude=./dev/*", ".")
    run("podman", "import", archive, BASE)
    archive.unlink()
    # Health checks belong to Docker's format alone.
    run("buildah", "bud", "--format", "docker", "--isolation", "chroot", "--network", "host", "--build-arg", f"BASE={BASE}",
        "-t", IMAGE, SOURCE)
    yield IMAGE
    run("podman", "rmi", "-f", IMAGE, BASE)


@pytest.fixture
def container(image, rabbit, queues, tmp_path):
    _, source, target = queues
    shutil.copy(echo(), tmp_path)
    (tmp_path / "bridge.yaml").write_text(configuration(rabbit, source, target, "echo.so"))
    tmp_path.chmod(0o755)
    name = harness.unique("mombridge")
    # `nofile` and `nproc` are for a machine that may not raise them.
    run("podman", "--runtime", "runc", "run", "-d", "--name", name, "--network", "host", "--read-only", "--tmpfs", "/tmp",
        "--cap-drop", "all", "--security-opt", "no-new-privileges", "--ulimit", "nofile=1024:1024",
        "--ulimit", "nproc=1000:1000", "-v", f"{tmp_path}:/etc/mombridge:ro", image)
    yield name
    run("podman", "rm", "-f", name)


def inspect(container):
    return json.loads(run("podman", "inspect", container).stdout)[0]


def test_it_bridges_is_healthy_and_drains(container, queues):
    client, source, target = queues
    client.publish(source, b"through the container")
    assert client.get(target).body == b"through the container"

    # As the image's HEALTHCHECK asks, which podman runs on demand where no systemd has timers for it.
    assert inspect(container)["Config"]["Healthcheck"]["Test"][:2] == ["CMD", "/usr/bin/mombridge"]
    harness.eventually(lambda: run("podman", "healthcheck", "run", container, check=False).returncode == 0, what="healthy")
    status = json.loads(run("podman", "exec", container, "mombridge", "status", "-c", "/etc/mombridge", "--json").stdout)
    assert status["version"]
    assert status["handlers"][0]["worker"]["state"] == "running" and status["handlers"][0]["worker"]["restarts"] == 0

    assert inspect(container)["Config"]["User"] == "10001:10001"
    assert run("podman", "exec", container, "touch", "/etc/x", check=False).returncode != 0

    run("podman", "stop", "-t", "30", container)
    assert inspect(container)["State"]["ExitCode"] == 0, run("podman", "logs", container).stderr
    log = run("podman", "logs", container)
    lines = [json.loads(line) for line in (log.stdout + log.stderr).splitlines()]
    assert lines, "logs are JSON where no terminal and no journal is"


def test_a_wrong_configuration_ends_with_78(image, tmp_path):
    (tmp_path / "bridge.yaml").write_text("brokers: {shop: {type: amqp, ulr: amqp://localhost}}\n")
    tmp_path.chmod(0o755)
    done = run("podman", "--runtime", "runc", "run", "--rm", "--network", "host", "--read-only", "--tmpfs", "/tmp",
               "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000", "-v", f"{tmp_path}:/etc/mombridge:ro", image,
               check=False)
    assert done.returncode == 78
    assert "bridge.yaml:1:" in done.stdout + done.stderr and "did you mean 'url'?" in done.stdout + done.stderr
