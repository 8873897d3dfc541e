// Snapshots that are swapped while messages cross memory brokers.

#include "topology/snapshot.hpp"

#include <algorithm>
#include <thread>

#include "broker/memory/broker.hpp"
#include "doubles/fake_broker.hpp"
#include "loading.hpp"
#include "routing/destination_broker.hpp"
#include "routing/router.hpp"

namespace mombridge::topology {
namespace {

using mombridge::test::eventually;

/// A message to the first of the brokers.
class Sent final : public Publication {
 public:
  Sent() {
    content_.target = "a";
    content_.body = "body";
    Publication::message = &content_;
    Publication::target = "a";
  }
  void completed(Outcome outcome) noexcept override {
    delivered = outcome.kind == Outcome::Kind::delivered;
    done = true;
  }
  std::atomic<bool> done{false}, delivered{false};

 private:
  mombridge::Message content_;
};

/// Where the way of a message ends: at once, or when the test says so.
class End final : public routing::Destination {
 public:
  std::optional<routing::Refusal> prepare(routing::Outgoing&) const override { return std::nullopt; }
  void send(routing::Outgoing& out) const noexcept override {
    if (keeps)
      kept = &out;
    else
      out.completed({});
  }
  [[nodiscard]] std::string text() const override { return "end"; }
  [[nodiscard]] std::string explain(const mombridge::Message&, std::string_view) const override { return "end"; }

  static inline std::atomic<bool> keeps{false};
  static inline std::atomic<routing::Outgoing*> kept{nullptr};
};

const routing::DestinationKinds& kinds() {
  static const routing::DestinationKinds kAll{
      routing::broker_destination_kind(),
      {.key = "handler", .compile = [](const config::Destination&, const routing::Compiling&) {
         return std::unique_ptr<const routing::Destination>(std::make_unique<End>());
       }}};
  return kAll;
}

std::shared_ptr<const config::Config> configuration() {
  auto loaded = config::test::load_text(
      "brokers: {one: {type: memory}, two: {type: memory}}\n"
      "handlers: {end: {plugin: end.so}}\n"
      "routes:\n"
      "  - {name: first, from: {broker: one, target: a}, to: {broker: two, target: b}}\n"
      "  - {name: second, from: {broker: two, target: b}, to: {broker: one, target: c}}\n"
      "  - {name: last, from: {broker: one, target: c}, to: {handler: end}}\n",
      false);
  for (auto& said : loaded.said) ADD_FAILURE() << said;
  return std::make_shared<const config::Config>(std::move(loaded.config));
}

/// A bridge with two memory brokers between which each message crosses twice.
class World {
 public:
  World() {
    End::keeps = false;
    auto config = configuration();
    for (auto& section : config->brokers)
      brokers[section.name] =
          std::shared_ptr<Broker>(memory::create(section).release(), [config](Broker* broker) { delete broker; });
    loop.start();
    swap();
    for (auto& [name, broker] : brokers) broker->start(router.ingress(name));
  }
  ~World() {
    for (auto& [name, broker] : brokers) broker->stop_intake();
    router.stop();
    for (auto& [name, broker] : brokers) broker->stop(1s);
    loop.stop();
  }

  /// A new snapshot with the brokers that run.
  void swap() {
    Parts parts{.config = configuration(), .brokers = brokers, .handlers = std::make_shared<handler::Registry>()};
    auto snapshot = Snapshot::make(std::move(parts), kinds(), retired);
    ASSERT_TRUE(snapshot) << snapshot.error().text;
    snapshots.emplace_back(*snapshot);
    router.use(Snapshot::routes(*snapshot));
  }
  [[nodiscard]] size_t snapshots_alive() const {
    return static_cast<size_t>(std::ranges::count_if(snapshots, [](auto& s) { return !s.expired(); }));
  }
  void publish(Sent& message) { brokers.at("one")->publish(message); }

  EventLoop loop{"main"};
  std::shared_ptr<Retired> retired = Retired::on(loop);
  std::map<std::string, std::shared_ptr<Broker>> brokers;
  routing::Router router{loop};
  std::vector<std::weak_ptr<const Snapshot>> snapshots;
};

TEST(Snapshot, IsSwappedAThousandTimesUnderLoad) {
  World world;
  constexpr size_t kMessages = 2000;
  std::vector<std::unique_ptr<Sent>> sent;
  for (size_t i = 0; i < kMessages; ++i) sent.push_back(std::make_unique<Sent>());
  std::atomic<bool> swapped{false};
  std::atomic<uint64_t> rounds{0};
  std::thread source([&] {
    while (!swapped || rounds == 0) {
      for (auto& message : sent) {
        message->done = false;
        world.publish(*message);
      }
      for (auto& message : sent) ASSERT_TRUE(eventually([&] { return message->done.load(); }));
      for (auto& message : sent) ASSERT_TRUE(message->delivered);
      ++rounds;
    }
  });
  for (int i = 0; i < 1000; ++i) world.swap();
  swapped = true;
  source.join();
  EXPECT_EQ(world.router.in_flight(), 0u);
  EXPECT_TRUE(eventually([&] { return world.snapshots_alive() == 1; })) << world.snapshots_alive();
}

TEST(Snapshot, StaysForADeliveryOnItsWay) {
  World world;
  End::keeps = true;
  End::kept = nullptr;
  Sent message;
  world.publish(message);
  ASSERT_TRUE(eventually([&] { return End::kept != nullptr; }));
  End::keeps = false;
  for (int i = 0; i < 10; ++i) world.swap();
  EXPECT_TRUE(eventually([&] { return world.snapshots_alive() == 2; })) << world.snapshots_alive();
  Sent other;
  world.publish(other);
  EXPECT_TRUE(eventually([&] { return other.done.load(); }));
  EXPECT_EQ(world.snapshots_alive(), 2u) << "the one that the first message goes by, and the present one";
  EXPECT_FALSE(message.done);
  End::kept.load()->completed({});
  EXPECT_TRUE(eventually([&] { return message.done.load(); }));
  EXPECT_TRUE(message.delivered);
  EXPECT_TRUE(eventually([&] { return world.snapshots_alive() == 1; })) << world.snapshots_alive();
}

TEST(Snapshot, SaysWhatIsWrongWithItsRoutes) {
  EventLoop loop("main");
  auto loaded = config::test::load_text(
      "brokers: {one: {type: memory}}\nroutes: [{from: {broker: one, target: a}, to: {broker: one, target: '{key'}}]\n",
      false);
  Parts parts{.config = std::make_shared<const config::Config>(loaded.config),
              .brokers = {},
              .handlers = std::make_shared<handler::Registry>()};
  auto snapshot = Snapshot::make(std::move(parts), kinds(), Retired::on(loop));
  ASSERT_FALSE(snapshot);
  EXPECT_THAT(snapshot.error().text, testing::HasSubstr("'{' without '}'"));
}

TEST(Retired, EndsOnItsLoopWhatOtherThreadsAdd) {
  EventLoop loop("main");
  loop.start();
  auto retired = Retired::on(loop);
  std::atomic<bool> there{false}, ended{false};
  retired->add([&] {
    there = loop.in_loop();
    retired->add([&] { ended = true; });
  });
  EXPECT_TRUE(eventually([&] { return ended.load(); }));
  EXPECT_TRUE(there);
  loop.stop();
}

TEST(Retired, EndsWhatIsLeftWithItself) {
  EventLoop loop("main");
  bool ended = false;
  {
    auto retired = Retired::on(loop);
    retired->add([&] { ended = true; });
    EXPECT_FALSE(ended);
  }
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace mombridge::topology
