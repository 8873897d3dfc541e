"""What the clusters of the fault tests rest on, without starting one."""
import pathlib
import stat
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "brokers"), str(HERE.parent / "integration")]

import cluster  # noqa: E402
import directions  # noqa: E402
import main  # noqa: E402
from matrix.cluster import java_hash  # noqa: E402
from node import NodeError  # noqa: E402


@pytest.mark.parametrize("text, found", [("", 0), ("abc", 96354), ("polygenelubricants", -(1 << 31)), ("group", 98629247)])
def test_java_hash(text, found):
    """As the JDK computes them."""
    assert java_hash(text) == found


@pytest.fixture
def memory(tmp_path):
    """memory(available in KiB, limit and use of the control group) → what can be taken."""
    def look(available, limit=None, used=0):
        (tmp_path / "meminfo").write_text(f"MemTotal: 99999999 kB\nMemAvailable:   {available} kB\n")
        if limit is not None:
            (tmp_path / "memory.max").write_text(f"{limit}\n")
            (tmp_path / "memory.current").write_text(f"{used}\n")
        return cluster.available_memory(tmp_path, tmp_path)
    return look


def test_available_memory(memory):
    assert memory(3000) == 3000 * 1024
    assert memory(3000, "max") == 3000 * 1024
    assert memory(3000, 2_000_000, 500_000) == 1_500_000
    assert memory(1000, 9_000_000) == 1000 * 1024


def test_too_little_memory_is_said_before_anything_starts():
    cluster.require_memory(cluster.MEMORY)
    with pytest.raises(NodeError, match="2400 MiB of memory, 1000 MiB are available"):
        cluster.require_memory(1000 << 20)


def test_rabbit_nodes_know_each_other():
    with cluster.RabbitCluster() as rabbit:
        names = [node.node for node in rabbit.nodes]
        assert len(set(names)) == len(set(rabbit.urls)) == cluster.NODES
        assert len({node.environment()["ERL_EPMD_PORT"] for node in rabbit.nodes}) == 1
        cookies = [node.folder / ".erlang.cookie" for node in rabbit.nodes]
        assert len({cookie.read_text() for cookie in cookies}) == 1
        assert {stat.S_IMODE(cookie.stat().st_mode) for cookie in cookies} == {0o400}, "Erlang refuses a cookie that others can read"
        for node in rabbit.nodes:
            conf = (node.folder / "rabbitmq.conf").read_text()
            assert all(f"= {name}\n" in conf for name in names) and "pause_minority" in conf
        assert rabbit.others(rabbit.nodes[1]) == [rabbit.nodes[0], rabbit.nodes[2]]
        folders = [node.folder for node in rabbit.nodes]
    assert not any(folder.exists() for folder in folders)


def test_the_bridge_is_told_of_every_node():
    urls = ["amqp://a/", "amqp://b/"]
    config = directions.Plan("p", ("ak",)).config({"ain": urls, "aout": urls, "kin": "a:1,b:2", "kout": "a:1,b:2"}, "echo.so")
    assert config["brokers"]["ain"]["url"] == urls and config["brokers"]["kout"]["bootstrap_servers"] == "a:1,b:2"


def ids(*arguments):
    return [fault.id for fault in main.chosen(main.parse(arguments))]


def test_faults_of_clusters_run_with_clusters_alone():
    single, clusters = ids(), ids("--brokers", "cluster")
    assert "D5" in single and "C1" in clusters and not set(single) & set(clusters)
    assert ids("--brokers", "cluster", "--only", "C1") == ["C1"]
    with pytest.raises(SystemExit, match="no fault C1 with single nodes"):
        ids("--only", "C1")
    with pytest.raises(SystemExit, match="no fault D5 with clusters"):
        ids("--brokers", "cluster", "--only", "D5")
    with pytest.raises(SystemExit, match="for single nodes"):
        ids("--brokers", "cluster", "--random")
