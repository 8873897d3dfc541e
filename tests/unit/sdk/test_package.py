"""An installed mombridge, as somebody has it who writes a handler: headers, CMake package, pkg-config, program."""
import os
import pathlib
import shlex
import shutil
import subprocess

import pytest

BUILD = os.environ["MOMBRIDGE_BUILD"]
PREFIX = pathlib.Path(os.environ["MOMBRIDGE_PREFIX"]).relative_to("/")
EXAMPLES = os.environ["MOMBRIDGE_EXAMPLES"]
SAMPLES = os.environ["MOMBRIDGE_SAMPLE_NAMES"].split(",")
PROJECT = """cmake_minimum_required(VERSION 3.22)
project(mine LANGUAGES CXX)
find_package(mombridge 0.1 REQUIRED)
add_library(mine MODULE mine.cpp)
target_link_libraries(mine PRIVATE mombridge::handler)
set_target_properties(mine PROPERTIES PREFIX "" CXX_STANDARD 20)
message(STATUS "handlers: ${mombridge_HANDLER_DIR}")
"""
HANDLER = """#include "mombridge/handler.hpp"
class Mine : public mombridge::sdk::Handler {
 public:
  using Handler::Handler;
  void handle(const mombridge::sdk::MessageView&, mombridge::sdk::Request& request) override { request.reply("mine"); }
};
MOMBRIDGE_HANDLER(Mine, "mine", "1.0");
"""


def run(*command, **env):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, env={**os.environ, **env})
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The prefix of an installation that was moved after it was installed, so that no path in it may be fixed."""
    first = tmp_path_factory.mktemp("clean") / "first"
    run("cmake", "--install", BUILD, "--prefix", first)
    return first.rename(first.with_name("moved"))


def pkg_config(installed, *arguments):
    package = next(installed.rglob("mombridge-handler.pc"))
    return run("pkg-config", *arguments, "mombridge-handler", PKG_CONFIG_PATH=str(package.parent)).strip()


def configured(folder, source, installed, *more):
    return run("cmake", "-G", "Ninja", "-S", source, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={installed}",
               "-DCMAKE_BUILD_TYPE=Debug", *more)


def checked(installed, folder, *plugins):
    """`mombridge check` loads and configures the plugins; those that are not beside the file come from the handler folder."""
    lines = "".join(f"  h{number}: {{plugin: {plugin}}}\n" for number, plugin in enumerate(plugins))
    (folder / "bridge.yaml").write_text("brokers: {local: {type: memory}}\nhandlers:\n" + lines
                                        + "routes: [{from: {broker: local, target: x}, to: {handler: h0}}]\n")
    assert f", {len(plugins)} handler" in run(installed / "bin/mombridge", "check", "-c", folder / "bridge.yaml")


def test_a_cmake_project(installed, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(PROJECT)
    (tmp_path / "mine.cpp").write_text(HANDLER)
    said = configured(tmp_path, tmp_path, installed)
    assert f"handlers: {installed}/" in said
    run("cmake", "--build", tmp_path / "build")
    checked(installed, tmp_path, "build/mine.so", "greeter.so")


def test_pkg_config_and_a_compiler(installed, tmp_path):
    flags = shlex.split(pkg_config(installed, "--cflags"))
    assert [pathlib.Path(flag.removeprefix("-I")).resolve() for flag in flags] == [installed / "include"]
    source = next(installed.rglob("echo.c"))
    run("cc", "-std=c11", "-shared", "-fPIC", *flags, source, "-o", tmp_path / "mine.so")
    folder = pathlib.Path(pkg_config(installed, "--variable=handlerdir"))
    shutil.copy(tmp_path / "mine.so", folder / "copied.so")
    checked(installed, tmp_path, "mine.so", "copied.so")
    assert pkg_config(installed, "--modversion") == "0.1.0"


def test_what_a_packager_installs_below_a_folder_of_his_own(tmp_path):
    run("cmake", "--install", BUILD, DESTDIR=str(tmp_path))
    prefix = tmp_path / PREFIX
    (tmp_path / "bridge").mkdir()
    checked(prefix, tmp_path / "bridge", "greeter.so")
    folder = pathlib.Path(pkg_config(prefix, "--variable=handlerdir"))
    assert sorted(file.stem for file in folder.iterdir()) == sorted([*SAMPLES, "http"])


def test_nothing_installed_names_a_folder_of_the_build(installed):
    build = BUILD.encode()
    files = [file for file in installed.rglob("*") if file.is_file() and file.suffix in {".cmake", ".pc", ".hpp", ".h"}]
    assert len(files) >= 10
    assert [file for file in files if build in file.read_bytes()] == []


def test_another_version_is_not_found(installed, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(PROJECT.replace("mombridge 0.1", "mombridge 9.0"))
    done = subprocess.run(["cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={installed}"],
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "version" in done.stderr


@pytest.mark.parametrize("language", ["cpp", "c"])
def test_a_project_that_handler_new_wrote(installed, tmp_path, language):
    program = installed / "bin/mombridge"
    done = subprocess.run([program, "handler", "new", "my-greeter", "--lang", language], cwd=tmp_path, capture_output=True, text=True, check=True)
    folder = tmp_path / "my-greeter"
    configured(folder, folder, installed, "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON")
    run("cmake", "--build", folder / "build")
    assert "100% tests passed" in run("ctest", "--test-dir", folder / "build")
    built = folder / "build/my-greeter.so"
    assert "my-greeter\n" in run(program, "handler", "inspect", built)
    assert run(program, "handler", "run", built, "--target", "my-greeter", "world") == "Hello, world\n"
    assert run(program, "check", "-c", folder / "bridge.yaml").startswith("ok")
    assert "2 of 2 cases passed" in run(program, "test", "-c", folder / "bridge.yaml", folder / "cases.yaml")
    assert "cd my-greeter\n" in done.stdout


def test_the_installed_samples(installed, tmp_path):
    configured(tmp_path, installed / EXAMPLES, installed)
    # All of them compile in the bridge's own build: one of each language shows that they do so here.
    run("cmake", "--build", tmp_path / "build", "--target", "greeter", "echo")
    assert sorted(file.stem for file in (tmp_path / "build").glob("*.so")) == ["echo", "greeter"]
    targets = run("cmake", "--build", tmp_path / "build", "--target", "help")
    assert [sample for sample in SAMPLES if f"\n{sample}: phony" not in targets] == []
