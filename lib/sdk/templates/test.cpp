// Tests the built plugin without a bridge: FakeHost plays the bridge. Any test framework can do the same.
#include <iostream>
#include <string>

#include "mombridge/testing.hpp"

using namespace mombridge::sdk;
using namespace mombridge::sdk::testing;

static int failures = 0;

static void expect(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "failed: " << what << '\n';
  ++failures;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const mombridge_handler& plugin = open_plugin(argv[1]);

  FakeHost bridge(plugin);
  bridge.start();
  const auto answered = bridge.request({.body = "world", .reply_to = "me"});
  expect(answered && answered->reply && answered->reply->body == "Hello, world", "a request is answered");
  expect(bridge.counts()["greetings"] == 1, "and counted");
  const auto rejected = bridge.request({});
  expect(rejected && rejected->verdict == Status::reject, "an empty request is rejected");

  FakeHost configured(plugin);
  configured.config("greeting", "Moin ").start();
  const auto greeted = configured.request({.body = "world"});
  expect(greeted && greeted->reply && greeted->reply->body == "Moin world", "the greeting is configured");

  if (failures == 0) std::cout << "all passed\n";
  return failures == 0 ? 0 : 1;
}
