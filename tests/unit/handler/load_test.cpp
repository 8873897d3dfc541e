// What is refused before anything of a plugin runs: each refusal names the file, what was expected and what was found.

#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include "doubles/no_threads.hpp"
#include "running.hpp"

namespace mombridge::handler::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string error(const std::string& plugin) { return load_error(section(plugin)); }

TEST(Load, WhatIsNoHandler) {
  EXPECT_EQ(error("bad_no_symbol"),
            so("bad_no_symbol") + ": no symbol 'mombridge_handler_entry': not a mombridge handler");
  EXPECT_EQ(error("missing"), so("missing") + ": No such file or directory");
  config::Handler folder = section("x");
  folder.plugin.value = HANDLERS;
  EXPECT_EQ(load_error(folder), HANDLERS ": not a file");
}

TEST(Load, WhatIsNoLibrary) {
  auto path = fs::temp_directory_path() / ("mombridge-no-library-" + std::to_string(::getpid()) + ".so");
  std::ofstream(path) << "not an ELF file";
  config::Handler h = section("x");
  h.plugin.value = path;
  EXPECT_THAT(load_error(h), AllOf(StartsWith("cannot load " + path.string() + ": "), HasSubstr("too short")));
  fs::remove(path);
}

TEST(Load, WhatDoesNotFit) {
  EXPECT_EQ(error("bad_major"), so("bad_major") + ": built for handler ABI 2.0, this bridge has 1.0");
  EXPECT_EQ(error("bad_declines"), so("bad_declines") + ": does not support handler ABI 1.0, which this bridge has");
  EXPECT_EQ(error("bad_null"), so("bad_null") + ": its handler table has a null pointer where 'handle' is expected");
  EXPECT_EQ(error("bad_small_struct"), so("bad_small_struct") + ": its handler table has 8 bytes, expected at least " +
                                           std::to_string(MOMBRIDGE_HANDLER_SIZE_1_0));
  EXPECT_EQ(error("bad_flags"), so("bad_flags") + ": sets handler flags that this bridge does not know (2147483648)");
}

TEST(Load, WhatCannotBeConfigured) {
  EXPECT_EQ(error("bad_create_fails"), so("bad_create_fails") + ": create failed (invalid): no database at 'db.path'");
  EXPECT_EQ(load_error(section("bad_throws_raw", {{"in", "create"}})),
            so("bad_throws_raw") + ": create failed (internal error)");
  // Through handler.hpp: the constructor asks for a value that is not there.
  EXPECT_THAT(error("good_publish"), AllOf(StartsWith(so("good_publish") + ": create failed ("), HasSubstr("broker")));
}

TEST(Load, APluginThatEndsWhereVersion10Ended) {
  // It has memory for the structs of 1.0 and not for a byte more, whatever the header says today.
  auto h = section("good_abi_1_0");
  h.concurrency = 1;
  Running bridge(h);
  for (auto body : {"", "first", "second"}) {
    TestCall call(body);
    bridge.call(call, "good_abi_1_0");
    EXPECT_EQ(call.reply(), body);
  }
  EXPECT_TRUE(eventually([&] { return bridge.shop.sent().size() == 3; }));
  EXPECT_EQ(bridge.shop.sent()[1].target, "copies");
  EXPECT_EQ(bridge.shop.sent()[1].body, "first");
}

TEST(Load, APluginOfALaterMinorVersion) {
  Running bridge(section("good_newer_minor"));
  TestCall call;
  bridge.call(call, "good_newer_minor");
  EXPECT_EQ(call.reply(), "newer");
}

TEST(Load, WhatAnybodyMayWriteTo) {
  auto path = fs::temp_directory_path() / ("mombridge-writable-" + std::to_string(::getpid()) + ".so");
  fs::copy_file(so("good_sync"), path, fs::copy_options::overwrite_existing);
  config::Handler h = section("x");
  h.plugin.value = path;
  ::chmod(path.c_str(), 0646);
  EXPECT_EQ(load_error(h), path.string() + ": anybody may write to it, so it is not loaded (chmod o-w)");
  ::chmod(path.c_str(), 0644);
  EXPECT_EQ(load_error(h), "");
  fs::remove(path);
}

TEST(Load, StaysLoadedAndKeepsItsSymbolsToItself) {
  EXPECT_EQ(error("good_count"), "");
  // The registry is gone; the library is not (RTLD_NODELETE), and its entry is nobody else's (RTLD_LOCAL).
  void* again = ::dlopen(so("good_count").c_str(), RTLD_NOW | RTLD_NOLOAD);
  EXPECT_NE(again, nullptr);
  if (again) ::dlclose(again);
  EXPECT_NE(::dlopen(so("good_count").c_str(), RTLD_NOW | RTLD_NOLOAD), nullptr);
  EXPECT_EQ(::dlsym(RTLD_DEFAULT, MOMBRIDGE_ENTRY_SYMBOL), nullptr);
}

TEST(Start, WhatCannotBeStarted) {
  Running bridge;
  bridge.load(section("bad_start_fails"));
  auto started = bridge.registry.start(bridge.find());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().text, "handler 'bad_start_fails': start failed (internal error): the device is not there");
}

TEST(Start, StopsAtTheFirstThatFails) {
  Running bridge;
  bridge.load(section("good_sync"));
  bridge.load(section("bad_throws_raw", {{"in", "start"}}));
  bridge.load(section("good_sync", {}, "never"));
  auto started = bridge.registry.start(bridge.find());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().text, "handler 'bad_throws_raw': start failed (internal error)");
}

TEST(Start, NeedsItsThreads) {
  Running bridge;
  bridge.load(section("good_sync"));
  mombridge::test::NoThreads none;
  auto started = bridge.registry.start(bridge.find());
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().text, StartsWith("handler 'good_sync': threads (concurrency): number 1 of "));
  EXPECT_THAT(started.error().text, HasSubstr(": cannot make thread 'h:good_sync': "));
}

}  // namespace
}  // namespace mombridge::handler::test
