"""`handler new`, `inspect` and `run`; a project that `new` wrote is built in tests/unit/sdk/test_package.py."""
import os
import pathlib
import re
import subprocess

import pytest

from program import BINARY, CONFIG, OK, PATIENCE, USAGE, environment, mombridge, plugin

SAMPLES = pathlib.Path(os.environ["MOMBRIDGE_SAMPLES"])
FAILED, SOFTWARE = 1, 70


def sample(name):
    return SAMPLES / f"{name}.so"


def compiled(folder, name, text, *flags):
    (folder / f"{name}.c").write_text(text)
    file = folder / f"{name}.so"
    subprocess.run(["cc", "-shared", "-fPIC", folder / f"{name}.c", "-o", file, *flags], check=True)
    return file


def inspected(file):
    done = mombridge("handler", "inspect", file)
    assert done.stdout == ""
    return done.returncode, done.stderr


def run(file, *arguments):
    return mombridge("handler", "run", file, "--target", "x", *arguments)


# new

def new(folder, *arguments):
    return subprocess.run([BINARY, "handler", "new", *arguments], cwd=folder, capture_output=True, text=True, timeout=PATIENCE,
                          env=environment(), check=False)


def test_new_writes_a_project_and_says_what_to_do_next(tmp_path):
    done = new(tmp_path, "order-price")
    assert (done.returncode, done.stderr) == (OK, "")
    assert sorted(file.name for file in (tmp_path / "order-price").iterdir()) == [
        "CMakeLists.txt", "bridge.yaml", "cases.yaml", "order-price.cpp", "test.cpp"]
    assert "class OrderPriceHandler : public Handler" in (tmp_path / "order-price/order-price.cpp").read_text()
    assert not [file for file in (tmp_path / "order-price").iterdir() if re.search("@[A-Z]+@", file.read_text())]
    assert "cd order-price\n" in done.stdout


def test_new_changes_nothing_that_is_there(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/mine.cpp").write_text("my work")
    done = new(tmp_path, "mine", "--lang", "c")
    assert done.returncode == USAGE and "'mine' is there already" in done.stderr
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["mine.cpp"]
    (tmp_path / "file").write_text("")
    assert new(tmp_path, "file").returncode == USAGE


@pytest.mark.parametrize("name", ["", "Big", "1st", "_x", "a/b", "../a", "a b", "test", "all", "a" * 65, "é", "a.b"])
def test_new_refuses_what_is_no_name(tmp_path, name):
    done = new(tmp_path, name)
    assert done.returncode == USAGE and "cannot be the name of a handler" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_new_refuses_another_language(tmp_path):
    done = new(tmp_path, "mine", "--lang", "go")
    assert done.returncode == USAGE and "--lang takes cpp or c, not 'go'" in done.stderr
    assert list(tmp_path.iterdir()) == []


# inspect

def test_inspect_says_what_it_is():
    done = mombridge("handler", "inspect", plugin("good_serial"))
    assert (done.returncode, done.stderr) == (OK, "")
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["handler"] == "good_serial" and lines["version"] == "1.0"
    assert lines["ABI"] == "1.0, this bridge has 1.0" and lines["threads"] == "one call at a time (serial)"
    assert "several calls at a time" in mombridge("handler", "inspect", sample("echo")).stdout
    assert re.search("^start +none$", mombridge("handler", "inspect", sample("echo")).stdout, re.M)


@pytest.mark.parametrize("name, words", [
    ("bad_no_symbol", "no symbol 'mombridge_handler_entry'"), ("bad_declines", "does not support handler ABI"),
    ("bad_major", "built for handler ABI"), ("bad_null", "null pointer where 'handle'"), ("bad_flags", "flags")])
def test_inspect_says_what_is_wrong_with_it(name, words):
    code, said = inspected(plugin(name))
    assert code == CONFIG and words in said


def test_inspect_of_what_is_no_plugin(tmp_path):
    (tmp_path / "text.so").write_text("text")
    code, said = inspected(tmp_path / "text.so")
    assert code == CONFIG and "text.so: file too short" in said
    code, said = inspected(tmp_path / "none.so")
    assert code == CONFIG and "No such file" in said


def test_inspect_of_a_plugin_for_another_machine(tmp_path):
    bytes_ = bytearray(sample("echo").read_bytes())
    bytes_[18:20] = (0xB7 if bytes_[18] != 0xB7 else 0x3E, 0)
    (tmp_path / "other.so").write_bytes(bytes_)
    code, said = inspected(tmp_path / "other.so")
    assert code == CONFIG and "it was built for " in said and "this bridge runs on" in said


def test_inspect_names_every_symbol_and_library_that_is_missing(tmp_path):
    library = compiled(tmp_path, "libgone", "void there(void) {}")
    file = compiled(tmp_path, "needs", "extern void there(void), nowhere(void), neither(void);\n"
                    "void f(void) { there(); nowhere(); neither(); }", f"-L{tmp_path}", "-lgone", "-Wl,--no-as-needed")
    library.unlink()
    code, said = inspected(file)
    assert code == CONFIG
    for words in ("library libgone.so is missing", "symbol nowhere is in none", "symbol neither is in none"):
        assert words in said, said


@pytest.mark.parametrize("text, words", [
    ("abort()", "crashed with SIGABRT (Aborted) while it was loaded"),
    ("exit(0)", "ended its process with exit code 0 while it was loaded"),
    ("kill(getpid(), SIGTERM)", "crashed with SIGTERM (Terminated) while it was loaded")])
def test_inspect_survives_code_that_runs_at_load(tmp_path, text, words):
    file = compiled(tmp_path, "constructor", "#include <signal.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
                    f"__attribute__((constructor)) static void run(void) {{ {text}; }}\n")
    code, said = inspected(file)
    assert code == SOFTWARE and words in said


# run

def test_run_prints_verdict_reply_and_time():
    done = run(sample("enrich"), "-H", "a=b", "--config", "header.value=me", "-v", "Hello")
    assert (done.returncode, done.stdout) == (OK, "HELLO\n")
    assert re.search(r"^ok, with a reply of 5 bytes, in [0-9.]+ ms$", done.stderr, re.M)
    assert "< a: b\n" in done.stderr and "< enriched-by: me\n" in done.stderr and "counted enriched: 1\n" in done.stderr


def test_run_takes_a_body_that_follows_a_header():
    assert run(sample("echo"), "-H", "a=b", "-H", "c=d", "body").stdout == "body\n"


def test_run_takes_the_body_from_standard_input():
    for arguments in ([], ["-"]):
        done = subprocess.run([BINARY, "handler", "run", sample("echo"), "--target", "x", *arguments], input=b"a\0b\n", capture_output=True,
                              timeout=PATIENCE, env=environment(), check=False)
        assert (done.returncode, done.stdout) == (OK, b"a\0b\n")


def test_run_many_times_shows_percentiles():
    done = run(sample("echo"), "--count", "200", "x")
    assert (done.returncode, done.stdout) == (OK, "x\n")
    assert "200 calls, 200 ok\n" in done.stderr
    assert re.search(r"^p50 [0-9.]+ ms, p90 [0-9.]+ ms, p99 [0-9.]+ ms, longest [0-9.]+ ms, \d+ a second$", done.stderr, re.M)


def test_run_shows_what_is_published():
    done = run(sample("archive"), "--config", "broker=lake", "--config", "target=copies", "Hello")
    assert done.returncode == OK and "published to lake, target copies, 5 bytes: Hello\n" in done.stderr


def test_run_reads_a_file_of_configuration(tmp_path):
    file = tmp_path / "price.yaml"
    file.write_text("currency: EUR\nmarkets: [DE]\ntax: {DE: 19}\n")
    assert run(sample("price"), "--config", file, "1000").stdout == "EUR 11.90\n"
    rejected = run(sample("price"), "--config", file, "abc")
    assert rejected.returncode == FAILED and "reject (the body is no price in cents), in " in rejected.stderr
    file.write_text("currency: EUR\n- x\n")
    broken = run(sample("price"), "--config", file, "1000")
    assert broken.returncode == CONFIG and f"{file}:2:1: error: " in broken.stderr


def test_run_says_what_the_plugin_finds_wrong():
    done = run(sample("price"), "--config", "currency=Euro", "1")
    assert done.returncode == CONFIG and "expected three capital letters such as EUR, found 'Euro'" in done.stderr
    assert run(plugin("bad_start_fails"), "1").returncode == CONFIG


def test_run_of_one_that_crashes():
    done = run(plugin("bad_crashes"), "crash")
    assert done.returncode == SOFTWARE and "bad_crashes.so crashed with SIGABRT (Aborted) while it handled a message" in done.stderr


def test_run_of_one_that_never_answers():
    done = run(plugin("bad_never_completes"), "--timeout", "50ms", "x")
    assert done.returncode == FAILED and "retry (the handler did not answer in time)" in done.stderr


@pytest.mark.parametrize("arguments, words", [
    (["--config", "neither"], "takes path=value or a file"), (["-H", "x"], "-H takes name=value"), (["--timeout", "soon"], "--timeout takes"),
    (["--count", "0"], "--count")])
def test_run_refuses(arguments, words):
    done = run(sample("echo"), *arguments, "x")
    assert done.returncode == USAGE and words in done.stderr
