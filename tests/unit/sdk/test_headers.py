"""The headers compile without a warning, by each compiler and in each language, and a layout that changed is noticed."""
import os
import pathlib
import shutil
import subprocess

import pytest

SOURCE = pathlib.Path(os.environ["MOMBRIDGE_SOURCE"])
INCLUDE = SOURCE / "lib/sdk/include"
LAYOUT = SOURCE / "tests/unit/sdk/layout.c"
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only")
C = ("gcc", "clang", "clang-16")
CPP = ("g++", "clang++", "clang++-16")
PLUGIN = """
#include "mombridge/handler.hpp"
#include "mombridge/testing.hpp"
using namespace mombridge::sdk;
class Plugin : public Handler {
 public:
  using Handler::Handler;
  void handle(const MessageView& message, Request& request) override {
    host().publish(broker_, Message::copy_of(message), [request = std::move(request)](Status, std::string_view) mutable {
      request.done();
    });
  }
 private:
  const std::string broker_ = config().require("broker") + config().get("suffix", "");
  const int number_ = config().get("number", 1);
};
MOMBRIDGE_HANDLER(Plugin, "plugin", "1.0", MOMBRIDGE_HANDLER_SERIAL);
"""


def compiled(compiler, standard, text, suffix, folder, include=INCLUDE):
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed, so nothing is proved for it")
    file = folder / f"source{suffix}"
    file.write_text(text)
    return subprocess.run([compiler, f"-std={standard}", *STRICT, "-I", include, file], capture_output=True, text=True, check=False)


def passes(*arguments):
    done = compiled(*arguments)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("standard", ["c11", "c17", "gnu11"])
@pytest.mark.parametrize("compiler", C)
def test_c(compiler, standard, tmp_path):
    passes(compiler, standard, LAYOUT.read_text(), ".c", tmp_path)


@pytest.mark.parametrize("standard", ["c++20", "gnu++20", "c++17"])
@pytest.mark.parametrize("compiler", CPP)
def test_c_header_in_cpp(compiler, standard, tmp_path):
    passes(compiler, standard, '#include "mombridge/handler.h"\nint main() { return mombridge_text("x").size == 1 ? 0 : 1; }\n', ".cpp", tmp_path)


@pytest.mark.parametrize("compiler", CPP)
def test_cpp(compiler, tmp_path):
    passes(compiler, "c++20", PLUGIN, ".cpp", tmp_path)


CHANGES = {
    "a field between others": ("  mombridge_slice body;", "  mombridge_slice extra;\n  mombridge_slice body;"),
    "a field at the end": ("  uint32_t flags;       /* (in)", "  uint64_t extra;\n  uint32_t flags;       /* (in)"),
    "two fields change places": ("  mombridge_slice name;\n  mombridge_slice value;", "  mombridge_slice value;\n  mombridge_slice name;"),
    "another type of the same size": ("  int64_t deadline_ms;", "  uint64_t deadline_ms;"),
    "another signature": ("(*start)(void* self, char* err,", "(*start)(void* self, const char* err,"),
    "another value": ("MOMBRIDGE_RETRY = -1,", "MOMBRIDGE_RETRY = -9,"),
    "another flag": ("#define MOMBRIDGE_HANDLER_SERIAL 1u", "#define MOMBRIDGE_HANDLER_SERIAL 2u"),
    "another major version": ("#define MOMBRIDGE_ABI_MAJOR 1u", "#define MOMBRIDGE_ABI_MAJOR 2u"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_layout_test_fails_on(change, tmp_path):
    old, new = CHANGES[change]
    text = (INCLUDE / "mombridge/handler.h").read_text()
    assert text.count(old) == 1
    (tmp_path / "mombridge").mkdir()
    (tmp_path / "mombridge/handler.h").write_text(text.replace(old, new))
    done = compiled("gcc", "c11", LAYOUT.read_text(), ".c", tmp_path, tmp_path)
    assert done.returncode != 0 and "static assertion failed" in done.stderr
