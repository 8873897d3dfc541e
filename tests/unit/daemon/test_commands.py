"""What the commands print and how they end."""

import os
import pathlib
import shutil
import tempfile

import pytest

from program import CONFIG, NOT_TAKEN, OK, SOURCE, USAGE, mombridge, plugin

SAMPLES = sorted(pathlib.Path(SOURCE, "config").glob("*.yaml"))
BAD = pathlib.Path(SOURCE, "tests/unit/config/bad")
SMALLEST = pathlib.Path(SOURCE, "config/smallest.yaml")


@pytest.mark.parametrize("file", SAMPLES, ids=lambda f: f.stem)
def test_samples_pass_in_silence(file):
    done = mombridge("check", "--no-environment", "-c", file)
    assert (done.returncode, done.stdout, done.stderr) == (OK, "", "")


def test_there_are_samples():
    assert SAMPLES


@pytest.mark.parametrize("name", ["unknown_key", "colon", "references", "unknown_type", "tab"])
def test_bad_files_are_refused_with_their_place(name):
    file = BAD / f"{name}.yaml"
    expected = next(line for line in file.read_text().splitlines() if line.startswith("# expect: "))
    for command in ("check", "run"):
        done = mombridge(command, "-c", file)
        assert done.returncode == CONFIG
        errors = [line for line in done.stderr.splitlines() if ": error: " in line]
        assert errors[0] == f"{file}:{expected.removeprefix('# expect: ')}"
        assert done.stdout == ""


def test_check_reports_everything_at_once(tmp_path):
    (tmp_path / "c.yaml").write_text(
        "brokers:\n"
        "  shop: {type: amqp, url: amqp://localhost, subscribe: [{exchange: amq.topic, routing_key: ['#']}]}\n"
        "routes:\n"
        "  - {name: r, from: {broker: shop, target: 'a'}, to: {broker: shop, target: '{key}'}}\n"
        "  - {name: s, from: {broker: shop, target: 'a'}, to: {broker: shop, target: '{'}}\n"
        "failures: {dead_letter: {broker: shop, target: dead}}\n")
    done = mombridge("check", "-c", tmp_path / "c.yaml")
    assert done.returncode == CONFIG
    places = [line.split(": ")[:2] for line in done.stderr.splitlines()]
    assert [severity for _, severity in places] == ["warning", "error", "error"]


def test_check_shows_warnings_and_passes(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("brokers: {local: {type: memory}}\n")
    done = mombridge("check", "-c", file)
    assert done.returncode == OK
    assert "warning: there are no routes" in done.stderr
    assert mombridge("check", "--no-environment", "-c", file).stderr == ""


def test_check_says_that_all_is_well_and_what_the_file_needs(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text(SMALLEST.read_text() + "failures: {dead_letter: {broker: shop, target: dead}}\n")
    done = mombridge("check", "-c", file)
    assert (done.returncode, done.stderr) == (OK, "")
    assert done.stdout == "ok: 2 brokers, 1 route; needs 2 AMQP connections to shop, 1 Kafka client at lake\n"


def test_check_counts_its_warnings(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("brokers: {local: {type: memory}}\n")
    assert mombridge("check", "-c", file).stdout == "ok, with 1 warning: 1 broker, 0 routes\n"


def test_check_tries_the_clients_out(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text(
        "brokers:\n  shop: {type: amqp, url: amqp://localhost}\n"
        "  lake: {type: kafka, bootstrap_servers: localhost:9092, librdkafka: {retries: 0}}\n"
        "routes: [{from: {broker: shop, queue: q}, to: {broker: lake, target: t}}]\n"
        "failures: {dead_letter: {broker: shop, target: dead}}\n")
    for command in ("check", "run"):
        done = mombridge(command, "-c", file)
        assert done.returncode == CONFIG
        assert done.stderr.startswith(f"{file}:3:80: error: brokers.lake.librdkafka.retries: the producer cannot be made: ")
        assert len(done.stderr.splitlines()) == 1
    assert mombridge("check", "--no-environment", "-c", file).returncode == OK


@pytest.fixture
def open_folder():
    """A folder that anybody may enter; pytest's own are not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)


def test_check_warns_of_secrets_that_anybody_may_read(open_folder):
    secret, file = open_folder / "secret", open_folder / "c.yaml"
    secret.write_text("hunter2")
    literal = "brokers: {shop: {type: amqp, url: amqp://u@localhost, password: hunter3}}\nroutes: []\n"
    reference = literal.replace("hunter3", '"${file:secret}"')
    for text, place in ((literal, f"{file}:1:55: warning: 'password' is written out in a file that anybody may read"),
                        (reference, f"{file}:1:65: warning: brokers.shop.password: anybody may read {secret}")):
        file.write_text(text)
        for path in (file, secret):
            path.chmod(0o644)
        done = mombridge("check", "-c", file)
        assert done.stderr.startswith(place), done.stderr
        assert "hunter" not in done.stderr
        for path in (file, secret):
            path.chmod(0o640)
        assert "anybody" not in mombridge("check", "-c", file).stderr
        file.chmod(0o644), secret.chmod(0o644), open_folder.chmod(0o750)
        assert "anybody" not in mombridge("check", "-c", file).stderr, "nobody gets into the folder"
        open_folder.chmod(0o755)


def test_check_warns_of_a_bridge_without_a_dead_letter():
    done = mombridge("check", "-c", SMALLEST)
    assert done.returncode == OK
    warnings = [line for line in done.stderr.splitlines() if ": warning: " in line]
    assert len(warnings) == 1 and "failures: no dead_letter" in warnings[0]


def handler_config(folder, name, settings=""):
    file = folder / "c.yaml"
    file.write_text(
        "brokers: {local: {type: memory}}\n"
        f"handlers:\n  h:\n    plugin: {plugin(name)}\n{settings}"
        "routes: [{from: {broker: local}, to: {handler: h}}]\n")
    return file


def test_check_loads_and_configures_plugins(tmp_path):
    file = handler_config(tmp_path, "good_publish")
    done = mombridge("check", "-c", file)
    assert done.returncode == CONFIG
    assert done.stderr.startswith(f"{file}:4:13: error: handlers.h: {plugin('good_publish')}: create failed")
    assert mombridge("check", "-c", handler_config(tmp_path, "good_publish", "    config: {broker: local, target: x}\n")).returncode == OK
    assert mombridge("check", "--no-environment", "-c", handler_config(tmp_path, "bad_major")).returncode == OK
    done = mombridge("run", "-c", handler_config(tmp_path, "bad_major"))
    assert done.returncode == CONFIG
    assert "built for handler ABI 2.0" in done.stderr


def test_a_missing_plugin_does_not_hide_what_is_wrong_with_others(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text(
        "brokers: {local: {type: memory}}\n"
        "handlers:\n  gone: {plugin: gone.so}\n"
        f"  major: {{plugin: {plugin('bad_major')}}}\n  create: {{plugin: {plugin('good_publish')}}}\n"
        "routes: [{from: {broker: local}, to: [{handler: gone}, {handler: major}, {handler: create}]}]\n")
    done = mombridge("check", "-c", file)
    assert done.returncode == CONFIG
    for line, words in zip(done.stderr.splitlines(), ("no such file: 'gone.so'", "built for handler ABI 2.0", "create failed"), strict=True):
        assert words in line


def explain(*arguments):
    return mombridge("explain", "-c", SMALLEST, *arguments)


def test_explain_says_which_route():
    done = explain("--broker", "shop", "--target", "orders")
    assert done.returncode == OK
    assert "-> lake (kafka), target 'orders'" in done.stdout
    assert done.stderr == ""


def test_explain_says_why_none():
    done = explain("--broker", "lake", "--target", "orders")
    assert done.returncode == NOT_TAKEN
    assert "no route takes target 'orders' from broker 'lake'" in done.stdout
    assert "broker 'lake' subscribes to nothing that brings target 'orders': it has no subscription" in done.stdout


def test_explain_says_what_becomes_of_what_no_route_takes(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text(
        "brokers: {shop: {type: amqp, url: amqp://localhost}}\n"
        "routes: [{from: {broker: shop, queue: q, target: a}, to: {broker: shop, target: b}}]\n")
    done = mombridge("explain", "-c", file, "--broker", "shop", "--target", "c")
    assert done.returncode == NOT_TAKEN
    assert "discarded (unrouted)" in done.stdout


def test_explain_names_the_nearest_broker():
    done = explain("--broker", "shap", "--target", "orders")
    assert done.returncode == CONFIG
    assert done.stderr == "mombridge: there is no broker 'shap' (did you mean 'shop'?)\n"


def test_explain_shows_what_is_rendered(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text(
        "brokers: {shop: {type: amqp, url: amqp://localhost}, lake: {type: kafka, bootstrap_servers: localhost:9092}}\n"
        "routes: [{from: {broker: shop, queue: q}, to: {broker: lake, target: 'o.{header.kind:-other}', key: 'k-{key:-}', headers: {n: 5}}}]\n")
    arguments = ["explain", "-c", file, "--broker", "shop", "--target", "a"]
    assert "-> lake (kafka), target 'o.other', key 'k-', header n 5\n" in mombridge(*arguments).stdout
    assert "-> lake (kafka), target 'o.x', key 'k-1', header n 5\n" in mombridge(*arguments, "--key", "1", "-H", "kind=x").stdout


def test_explain_takes_headers(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text(
        "brokers: {shop: {type: amqp, url: amqp://localhost}, lake: {type: kafka, bootstrap_servers: localhost:9092}}\n"
        "routes: [{from: {broker: shop, queue: q, headers: {kind: 'x=y'}}, to: {broker: lake, target: t}}]\n")
    arguments = ["explain", "-c", file, "--broker", "shop", "--target", "a"]
    done = mombridge(*arguments)
    assert done.returncode == NOT_TAKEN
    assert "header kind is missing, and must be 'x=y'" in done.stdout
    assert mombridge(*arguments, "-H", "kind=x=y").returncode == OK
    done = mombridge(*arguments, "-H", "kind")
    assert done.returncode == USAGE
    assert "-H takes name=value, not 'kind'" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["fly"], ["check", "--fast"], ["explain", "--broker", "b"], ["run", "extra"]])
def test_wrong_usage(arguments):
    done = mombridge(*arguments)
    assert done.returncode == USAGE
    assert done.stderr


@pytest.mark.parametrize("arguments, words", [
    ([], "no command is given; there are run, check, explain, publish, request, test, status, top, tap, reload, drain, dead-letters, handler"),
    (["fly"], "there is no command 'fly'; there are run, check, explain, publish, request, test, status, top, tap, reload, drain, dead-letters, handler"),
    (["chekc"], "there is no command 'chekc' (did you mean 'check'?)"),
    (["check", "my.yaml"], "the configuration is named with -c: mombridge check -c my.yaml"),
    (["run", "/etc/mombridge"], "the configuration is named with -c: mombridge run -c /etc/mombridge"),
    (["check", "--no-enviroment"], "there is no option '--no-enviroment' (did you mean '--no-environment'?)"),
    (["check", "--fast"], "there is no option '--fast'; 'mombridge check --help' shows those that there are"),
    (["publish", "--broker", "b", "--target", "t", "two", "words"], "'publish' takes nothing like 'words'; text with spaces goes in quotes"),
])
def test_wrong_usage_is_answered_in_plain_words(arguments, words):
    done = mombridge(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (USAGE, "", f"mombridge: {words}\n")


def test_version_and_help():
    done = mombridge("--version")
    assert (done.returncode, done.stderr) == (OK, "")
    assert done.stdout.startswith("mombridge ")
    done = mombridge("--help")
    assert done.returncode == OK
    for command in ("run", "check", "explain"):
        assert command in done.stdout


def test_configuration_from_the_environment():
    assert mombridge("explain", "--broker", "shop", "--target", "orders", MOMBRIDGE_CONFIG=str(SMALLEST)).returncode == OK
    done = mombridge("check", MOMBRIDGE_CONFIG="/nowhere/mombridge")
    assert done.returncode == CONFIG
    assert "/nowhere/mombridge" in done.stderr


def test_a_folder_means_its_files(tmp_path):
    (tmp_path / "10-brokers.yaml").write_text("brokers: {shop: {type: amqp, url: amqp://localhost}}\n")
    (tmp_path / "20-more.yaml").write_text("brokers: {lake: {type: kafka, bootstrap_servers: localhost:9092}}\n")
    (tmp_path / "30-routes.yaml").write_text("routes: [{from: {broker: shop, queue: q}, to: {broker: lake, target: t}}]\n")
    (tmp_path / "notes.txt").write_text("not: [read\n")
    arguments = ["explain", "--broker", "shop", "--target", "a"]
    assert mombridge(*arguments, "-c", tmp_path).returncode == OK
    separately = [argument for file in sorted(tmp_path.glob("*.yaml")) for argument in ("-c", file)]
    assert mombridge(*arguments, *separately).returncode == OK
    assert mombridge(*arguments, *separately[2:]).returncode == CONFIG


def test_a_name_that_is_defined_twice(tmp_path):
    (tmp_path / "a.yaml").write_text("brokers: {shop: {type: memory}}\n")
    (tmp_path / "b.yaml").write_text("brokers:\n  shop: {type: memory}\n")
    done = mombridge("check", "-c", tmp_path)
    assert done.returncode == CONFIG
    assert done.stderr.startswith(f"{tmp_path}/b.yaml:2:3: error: brokers.shop: ")
    assert f"first at {tmp_path}/a.yaml:1" in done.stderr


CASES_CONFIG = """
brokers: {shop: {type: amqp, url: amqp://localhost}, lake: {type: kafka, bootstrap_servers: "localhost:9092"}}
routes:
  - {name: r, from: {broker: shop, queue: q}, to: {broker: lake, target: t, key: "{target}"}}
failures: {dead_letter: {broker: shop, target: dead}}
"""


def run_cases(folder, cases):
    (folder / "c.yaml").write_text(CASES_CONFIG)
    (folder / "cases.yaml").write_text(cases)
    return mombridge("test", "-c", folder / "c.yaml", folder / "cases.yaml")


def test_cases_that_pass(tmp_path):
    done = run_cases(tmp_path, "cases:\n- {name: one, message: {broker: shop, target: q}, expect: {sent: {key: q}}}\n")
    assert (done.returncode, done.stderr) == (OK, "")
    assert done.stdout == "ok      one\n1 of 1 cases passed\n"


def test_cases_that_fail(tmp_path):
    done = run_cases(tmp_path, "cases:\n"
                     "- {name: one, message: {broker: shop, target: q}, expect: {sent: {key: k}}}\n"
                     "- {name: two, message: {broker: shop, target: q}, expect: {sent: {key: q}}}\n"
                     "- {name: three, message: {broker: ship, target: q}, expect: {sent: []}}\n")
    assert done.returncode == NOT_TAKEN
    assert done.stdout == "failed  one\nok      two\nfailed  three\n1 of 3 cases passed\n"
    file = tmp_path / "cases.yaml"
    assert done.stderr == (
        f"{file}:2:72: sent, lake/t\n    - key: 'k'\n    + key: 'q'\n"
        f"{file}:4:26: error: message: there is no broker 'ship' (did you mean 'shop'?)\n")


def test_cases_with_errors_are_not_played(tmp_path):
    done = run_cases(tmp_path, "cases:\n- {name: one, message: {broker: shop, target: q}, expct: {}}\n")
    assert (done.returncode, done.stdout) == (CONFIG, "")
    assert "unknown key 'expct' (did you mean 'expect'?)" in done.stderr and "missing key 'expect'" in done.stderr
    assert mombridge("test", "-c", tmp_path / "c.yaml", tmp_path / "none.yaml").returncode == CONFIG
    assert mombridge("test", "-c", tmp_path / "c.yaml").returncode == USAGE


@pytest.mark.parametrize("command", ["publish", "request"])
def test_a_body_may_follow_a_header(command):
    done = mombridge(command, "-c", SMALLEST, "--broker", "nowhere", "--target", "t", "-H", "a=b", "body")
    assert done.returncode == CONFIG and "there is no broker 'nowhere'" in done.stderr


@pytest.mark.parametrize("cases", sorted(pathlib.Path(SOURCE, "config/cases").glob("*.yaml")), ids=lambda f: f.stem)
def test_the_cases_of_samples_pass(cases, tmp_path):
    # The sample handlers are found beside the file here, and in the installed handler folder elsewhere.
    for handler in pathlib.Path(os.environ["MOMBRIDGE_SAMPLES"]).glob("*.so"):
        (tmp_path / handler.name).symlink_to(handler)
    config = shutil.copy(pathlib.Path(SOURCE, "config", cases.name), tmp_path)
    done = mombridge("test", "-c", config, cases)
    assert done.returncode == OK, done.stdout + done.stderr
