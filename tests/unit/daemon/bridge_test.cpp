// The composition root without a process around it.

#include "daemon/bridge.hpp"

#include "doubles/fake_broker.hpp"
#include "loading.hpp"

namespace mombridge {
namespace {

using test::eventually;

std::shared_ptr<const config::Config> loaded(const std::string& text) {
  auto loaded = config::test::load_text(text, false);
  for (auto& h : loaded.config.handlers) h.plugin.value = HANDLERS "/" + h.plugin.value;
  return std::make_shared<const config::Config>(std::move(loaded.config));
}

const std::string kChain =
    "brokers: {local: {type: memory}}\n"
    "handlers: {h: {plugin: good_source.so, isolation: in_process, config: {broker: local, target: a, messages: 50}}, "
    "n: {plugin: "
    "bad_never_completes.so, isolation: in_process}}\n"
    "routes: [{from: {broker: local, target: a}, to: {handler: n}}, {from: {broker: local, target: c}, to: {handler: "
    "h}}]\n";

/// Runs the function on the loop, and waits for it.
void on(EventLoop& loop, const std::function<void()>& function) {
  std::atomic<bool> done = false;
  loop.post([&] {
    function();
    done = true;
  });
  ASSERT_TRUE(eventually([&] { return done.load(); }));
}

TEST(Bridge, SaysWhyItCannotStart) {
  EventLoop loop("main");
  auto missing =
      loaded("brokers: {local: {type: memory}}\nhandlers: {h: {plugin: nothing.so, isolation: in_process}}\n");
  EXPECT_EQ(Bridge(missing, loop).start().error().text, HANDLERS "/nothing.so: No such file or directory");
  auto fails =
      loaded("brokers: {local: {type: memory}}\nhandlers: {h: {plugin: bad_start_fails.so, isolation: in_process}}\n");
  EXPECT_EQ(Bridge(fails, loop).start().error().text,
            "handler 'h': start failed (internal error): the device is not there");
}

/// A bridge with fifty messages in a handler that never answers.
class Busy {
  std::shared_ptr<const config::Config> config_ = loaded(kChain);

 public:
  Busy() {
    auto& routed = counter("routed", config_->routes[0].name);
    auto before = routed.value();
    loop.start();
    on(loop, [&] {
      bridge = std::make_unique<Bridge>(config_, loop);
      EXPECT_TRUE(bridge->start());
    });
    EXPECT_TRUE(eventually([&] { return routed.value() == before + 50; }));
  }

  EventLoop loop{"main"};
  std::unique_ptr<Bridge> bridge;
};

TEST(Bridge, DrainsToTheDeadlineAndSaysWhatIsLeft) {
  Busy busy;
  std::atomic<int> calls = 0;
  std::atomic<uint64_t> left = 0;
  auto done = [&](uint64_t unsettled) {
    left = unsettled;
    ++calls;
  };
  on(busy.loop, [&] { busy.bridge->drain(1h, done); });
  EXPECT_EQ(calls, 0);
  on(busy.loop, [&] { busy.bridge->drain(0ms, done); });
  ASSERT_TRUE(eventually([&] { return calls > 0; }));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(left, 50u);
  EXPECT_FALSE(busy.bridge->left_behind());
  on(busy.loop, [&] { busy.bridge.reset(); });
}

// The loop runs on, past all that the bridge had set on it.
TEST(Bridge, LeavesNothingOnTheLoop) {
  Busy busy;
  on(busy.loop, [&] {
    busy.bridge->drain(1h, [](uint64_t) { FAIL() << "nobody is there any longer to be told"; });
    busy.bridge.reset();
  });
  std::this_thread::sleep_for(50ms);  // several looks of a drain
  on(busy.loop, [] {});
}

}  // namespace
}  // namespace mombridge
