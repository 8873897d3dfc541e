// Brokers that come, go and change while messages cross them.

#include "topology/broker_set.hpp"

#include <condition_variable>
#include <thread>

#include "broker/memory/broker.hpp"
#include "broker/pausing.hpp"
#include "broker/resubscribing.hpp"
#include "doubles/fake_broker.hpp"
#include "loading_parts.hpp"
#include "routing/destination_broker.hpp"
#include "topology/retired.hpp"
#include "topology/snapshot.hpp"

namespace mombridge::topology {
namespace {

using config::BrokerSection;
using mombridge::test::eventually;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// A broker of the kind that must not run twice, or of one that changes its subscriptions.
class Recorded final : public Broker, public Resubscribing, public Pausing {
 public:
  struct Log {
    std::mutex mutex;
    std::vector<std::string> events;
    std::atomic<LinkStatus::State> publisher{LinkStatus::State::up};
    std::atomic<Sink*> sink{nullptr};
    std::atomic<bool> stop_hangs{false}, delivers{false}, cannot_resubscribe{false};
    void add(const std::string& event) {
      std::lock_guard lock(mutex);
      events.push_back(event);
    }
    std::vector<std::string> all() {
      std::lock_guard lock(mutex);
      return events;
    }
  };
  Recorded(std::string name, Log& log) : Broker(name), log_(log) { log_.add("made"); }
  ~Recorded() override { log_.add("ended"); }
  void start(Sink& sink) override {
    log_.sink = &sink;
    log_.add("started");
  }
  void publish(Publication& publication) noexcept override {
    if (log_.delivers) return publication.completed({});
    std::lock_guard lock(mutex_);
    waiting_.push_back(&publication);
  }
  [[nodiscard]] bool can_resubscribe(const config::BrokerSettings& settings) const override {
    return !log_.cannot_resubscribe && settings.subscription_count() > 0;
  }
  void resubscribe(const std::shared_ptr<const config::BrokerSettings>&, Sink& sink,
                   const std::vector<bool>& paused) override {
    log_.sink = &sink;
    log_.add("resubscribed" + in_words(paused));
  }
  void pause(const std::vector<bool>& paused) override { log_.add("pauses" + in_words(paused)); }
  void stop_intake() override { log_.add("intake stopped"); }
  void stop(Duration) override {
    while (log_.stop_hangs) std::this_thread::sleep_for(1ms);
    std::vector<Publication*> waiting;
    {
      std::lock_guard lock(mutex_);
      waiting.swap(waiting_);
    }
    for (auto* publication : waiting) publication->completed(Outcome::away("stopped"));
    log_.add("stopped");
  }
  [[nodiscard]] std::vector<LinkStatus> status() const override {
    return {{"publisher", log_.publisher, "", LinkStatus::Role::publisher}};
  }
  [[nodiscard]] std::vector<const EventLoop*> loops() const override { return {}; }

 private:
  static std::string in_words(const std::vector<bool>& paused) {
    std::string text;
    for (size_t i = 0; i < paused.size(); ++i)
      if (paused[i]) text += " " + std::to_string(i);
    return text;
  }

  Log& log_;
  std::mutex mutex_;
  std::vector<Publication*> waiting_;
};

class Delivered final : public Delivery {
 public:
  explicit Delivered(std::string_view target) { message.target = target; }
  void settle(Settlement s) noexcept override {
    settlement = s;
    ++settled;
  }
  std::atomic<int> settled{0};
  std::atomic<Settlement> settlement{};
};

const routing::DestinationKinds& kinds() {
  static const routing::DestinationKinds kAll{routing::broker_destination_kind()};
  return kAll;
}

/// A bridge's brokers, changed on its loop as a reload does.
class World {
 public:
  World() { loop.start(); }
  ~World() {
    on_loop([&] {
      router.stop();
      brokers->stop_intake();
      brokers->stop(1s);
      snapshot.reset();
      router.use(nullptr);
      brokers.reset();
      retired->end_all();
    });
    loop.stop();
  }

  void on_loop(const std::function<void()>& function) { loop.call(function); }

  void change_to(const std::string& text, Duration patience = 60s) {
    on_loop([&] {
      auto loaded = config::test::load_parts(text);
      auto config = std::make_shared<const config::Config>(std::move(loaded.config));
      auto difference = compare(written, loaded.written);
      written = std::move(loaded.written);
      Parts parts{.config = config,
                  .brokers = brokers_of(brokers->plan(*config, difference)),
                  .handlers = std::make_shared<handler::Registry>()};
      auto made = Snapshot::make(std::move(parts), kinds(), retired);
      ASSERT_TRUE(made) << made.error().text;
      brokers->change_to(Snapshot::routes(*made), difference, patience);
      snapshot = std::move(*made);
    });
  }
  [[nodiscard]] std::vector<std::string> links() {
    std::vector<std::string> names;
    on_loop([&] {
      for (auto& [broker, link] : brokers->links()) names.push_back(broker);
    });
    return names;
  }

  std::map<std::string, Recorded::Log> logs;  ///< of brokers that are not of memory
  EventLoop loop{"main"};
  std::shared_ptr<Retired> retired = Retired::on(loop);
  std::shared_ptr<const Snapshot> snapshot;
  config::Written written;
  routing::Router router{loop};
  std::unique_ptr<BrokerSet> brokers = std::make_unique<BrokerSet>(loop, router, [this](const BrokerSection& section) {
    std::unique_ptr<Broker> broker = section.type == "memory"
                                         ? memory::create(section)
                                         : std::make_unique<Recorded>(section.name, logs[section.name]);
    return std::make_shared<RunningBroker>(std::move(broker), section, section.type == "kafka");
  });
};

/// A message to a broker.
class Sent final : public Publication {
 public:
  explicit Sent(std::string_view to) {
    content_.target = to;
    Publication::message = &content_;
    Publication::target = to;
  }
  void completed(Outcome outcome) noexcept override {
    kind = outcome.kind;
    done = true;
  }
  std::atomic<bool> done{false};
  std::atomic<Outcome::Kind> kind{};

 private:
  mombridge::Message content_;
};

std::string chain(unsigned prefetch, const std::string& last) {
  return "brokers: {one: {type: memory, prefetch_count: " + std::to_string(prefetch) +
         "}, two: {type: memory}, end: {type: memory}}\n"
         "unrouted: discard\n"
         "routes:\n"
         "  - {name: first, from: {broker: one, target: a}, to: {broker: two, target: " +
         last +
         "}}\n"
         "  - {name: second, from: {broker: two}, to: {broker: end, target: e}}\n";
}

// All messages are delivered or given back, and none of them twice at once, however often their brokers are replaced.
TEST(BrokerSet, ReplacesBrokersUnderLoad) {
  World world;
  world.change_to(chain(10, "b"));
  std::atomic<bool> changed{false};
  std::atomic<uint64_t> delivered{0}, away{0};
  std::thread source([&] {
    while (!changed) {
      std::vector<std::unique_ptr<Sent>> lot;
      for (int i = 0; i < 50; ++i) {
        auto outlet = world.brokers->find("one");
        ASSERT_TRUE(outlet.broker);
        outlet.broker->publish(*lot.emplace_back(std::make_unique<Sent>("a")));
      }
      for (auto& one : lot) {
        ASSERT_TRUE(eventually([&] { return one->done.load(); }));
        ++(one->kind == Outcome::Kind::delivered ? delivered : away);
      }
    }
  });
  for (unsigned i = 0; i < 60; ++i) {
    world.change_to(chain(10 + i % 2, i % 3 ? "b" : "c"));
    std::this_thread::sleep_for(2ms);
  }
  changed = true;
  source.join();
  EXPECT_GT(delivered, 0u);
  EXPECT_EQ(world.router.in_flight(), 0u);
  EXPECT_TRUE(eventually([&] { return world.links().size() == 3; })) << "the former ones have ended";
}

const std::string kWays =
    "routes:\n"
    "  - {name: r, from: {broker: shop, queue: q}, to: {broker: lake, target: t}}\n"
    "  - {name: s, from: {broker: lake, topic: u}, to: {broker: shop, target: v}}\n";

std::string pair(const std::string& shop, const std::string& lake, const std::string& routes = kWays) {
  return "brokers:\n  shop: {type: amqp, url: 'amqp://localhost'" + shop +
         "}\n  lake: {type: kafka, bootstrap_servers: 'localhost:9092'" + lake + "}\n" + routes;
}

TEST(BrokerSet, LeavesAloneWhatHasNotChanged) {
  World world;
  world.change_to(pair("", ""));
  world.change_to(pair(", prefetch_count: 7", ""));
  EXPECT_THAT(world.logs["lake"].all(), ElementsAre("made", "started"));
  EXPECT_TRUE(eventually([&] {
    auto events = world.logs["shop"].all();
    return std::ranges::count(events, "ended") == 1;
  }));
  EXPECT_THAT(world.logs["shop"].all(),
              ElementsAre("made", "started", "made", "intake stopped", "started", "stopped", "ended"))
      << "the new one runs beside the former one";
}

TEST(BrokerSet, StartsTheNextMemberOfAGroupAfterTheFormerOne) {
  Delivered delivery("u");
  World world;
  world.change_to(pair("", ""));
  world.logs["lake"].sink.load()->receive(DeliveryHandle(&delivery));
  world.change_to(pair("", ", prefetch_count: 7"));
  std::this_thread::sleep_for(100ms);
  EXPECT_THAT(world.logs["lake"].all(), ElementsAre("made", "started", "made", "intake stopped"))
      << "a message of the former one is still on its way";
  EXPECT_THAT(world.links(), UnorderedElementsAre("lake", "lake (ending)", "shop"));
  // Its destination goes, too, and gives the message back, which the next one delivers.
  world.logs["shop"].delivers = true;
  world.logs["shop"].publisher = LinkStatus::State::failing;
  world.change_to(pair(", prefetch_count: 7", ", prefetch_count: 7"));
  EXPECT_TRUE(eventually([&] { return world.logs["lake"].all().size() == 7; }));
  EXPECT_THAT(world.logs["lake"].all(),
              ElementsAre("made", "started", "made", "intake stopped", "stopped", testing::_, testing::_));
  EXPECT_EQ(delivery.settled, 1);
}

TEST(BrokerSet, EndsAtTheLatestAfterItsPatience) {
  Delivered delivery("q");
  World world;
  world.change_to(pair("", ""));
  world.logs["shop"].sink.load()->receive(DeliveryHandle(&delivery));  // and lake does not answer
  world.change_to(pair(", prefetch_count: 7", ""), 100ms);
  EXPECT_TRUE(eventually([&] { return std::ranges::count(world.logs["shop"].all(), "stopped") == 1; }));
  EXPECT_EQ(std::ranges::count(world.logs["shop"].all(), "ended"), 0) << "a delivery of it is on its way";
  EXPECT_EQ(delivery.settled, 0);
}

TEST(BrokerSet, WhatWaitsForABrokerThatIsReplacedGoesOnToTheNewOne) {
  Delivered delivery("q");
  World world;
  world.change_to(pair("", ""));
  world.logs["lake"].publisher = LinkStatus::State::failing;
  world.logs["shop"].sink.load()->receive(DeliveryHandle(&delivery));
  world.change_to(
      "brokers:\n  shop: {type: amqp, url: 'amqp://localhost'}\n  lake: {type: memory}\n"
      "  end: {type: memory}\nunrouted: discard\n"
      "routes:\n"
      "  - {name: r, from: {broker: shop, queue: q}, to: {broker: lake, target: t}}\n"
      "  - {name: s, from: {broker: lake}, to: {broker: end, target: v}}\n");
  EXPECT_TRUE(eventually([&] { return delivery.settled == 1; }));
  EXPECT_EQ(delivery.settlement, Settlement::accept);
}

TEST(BrokerSet, ARemovedBrokerEnds) {
  World world;
  world.change_to(pair("", ""));
  world.change_to(
      "brokers: {local: {type: memory}, other: {type: memory}}\n"
      "routes: [{from: {broker: local, target: a}, to: {broker: other, target: b}}, {from: {broker: other, target: b}, "
      "to: {broker: local, target: c}}, {from: {broker: local, target: c}, to: {broker: other, target: d}}]\nunrouted: "
      "discard\n");
  for (auto* name : {"shop", "lake"})
    EXPECT_TRUE(eventually([&] { return std::ranges::count(world.logs[name].all(), "ended") == 1; })) << name;
  EXPECT_FALSE(world.brokers->find("shop").broker);
}

TEST(BrokerSet, ChangesSubscriptionsOnTheBrokerThatRuns) {
  Delivered delivery("other");
  World world;
  world.change_to(pair("", ""));
  auto* former = world.logs["shop"].sink.load();
  auto more = kWays + "  - {name: t, from: {broker: shop, queue: other}, to: {broker: lake, target: t2}}\n";
  world.change_to(pair("", "", more));
  EXPECT_THAT(world.logs["shop"].all(), ElementsAre("made", "started", "resubscribed"));
  EXPECT_NE(world.logs["shop"].sink.load(), former);
  EXPECT_THAT(world.logs["lake"].all(), ElementsAre("made", "started"));
  // The second subscription is one of the new table.
  delivery.subscription = 1;
  world.logs["shop"].sink.load()->receive(DeliveryHandle(&delivery));
  EXPECT_EQ(world.router.in_flight("shop"), 1u);
  world.change_to(pair("", "", more));
  EXPECT_THAT(world.logs["shop"].all(), ElementsAre("made", "started", "resubscribed")) << "nothing has changed";
}

TEST(BrokerSet, WhatIsDrainedStaysSoOverChanges) {
  World world;
  const Section route{Section::Kind::route, "r"}, lake{Section::Kind::broker, "lake"};
  world.change_to(pair("", ""));
  world.on_loop([&] {
    world.brokers->drained().add(route);
    world.brokers->drained().add(lake);
    world.brokers->pause(world.snapshot->config());
  });
  EXPECT_THAT(world.logs["shop"].all(), ElementsAre("made", "started", "pauses 0"));
  EXPECT_THAT(world.logs["lake"].all(), ElementsAre("made", "started", "pauses 0"));
  auto more = kWays + "  - {name: t, from: {broker: shop, queue: other}, to: {broker: lake, target: t2}}\n";
  world.change_to(pair("", "", more));
  EXPECT_THAT(world.logs["shop"].all(), ElementsAre("made", "started", "pauses 0", "resubscribed 0"));
  world.change_to(pair("", ", prefetch_count: 7", more));
  EXPECT_TRUE(eventually([&] { return std::ranges::count(world.logs["lake"].all(), "started") == 2; }));
  auto events = world.logs["lake"].all();
  EXPECT_EQ(std::ranges::count(events, "pauses 0"), 2);
  EXPECT_EQ(events.back() == "pauses 0", false) << "it is paused before it starts";
  // Without the route its sources go on, and a later one of its name begins undrained.
  auto without =
      "routes:\n  - {name: s, from: {broker: lake, topic: u}, to: {broker: shop, target: v}}\n"
      "  - {name: t, from: {broker: shop, queue: q}, to: {broker: lake, target: t2}}\n";
  world.change_to(pair("", ", prefetch_count: 7", without));
  EXPECT_EQ(world.logs["shop"].all().back(), "resubscribed");
  world.change_to(pair("", ", prefetch_count: 7", more));
  EXPECT_EQ(world.logs["shop"].all().back(), "resubscribed");
  world.on_loop([&] { EXPECT_THAT(world.brokers->drained().sections(), ElementsAre(lake)); });
}

TEST(BrokerSet, ReplacesABrokerThatCannotChangeItsSubscriptions) {
  World world;
  world.change_to(pair("", ""));
  world.logs["lake"].cannot_resubscribe = true;
  world.change_to(
      pair("", "", kWays + "  - {name: t, from: {broker: lake, topic: w}, to: {broker: shop, target: v}}\n"));
  EXPECT_TRUE(eventually([&] { return world.logs["lake"].all().size() == 7; }));
  EXPECT_THAT(world.logs["lake"].all(),
              ElementsAre("made", "started", "made", "intake stopped", "stopped", testing::_, testing::_));
}

TEST(BrokerSet, AStopDoesNotWaitOnTheMainThread) {
  World world;
  world.change_to(pair("", ""));
  world.logs["shop"].stop_hangs = true;
  world.change_to(pair(", prefetch_count: 7", ""));
  for (int i = 0; i < 20; ++i) {
    world.on_loop([] {});
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(std::ranges::count(world.logs["shop"].all(), "stopped"), 0);
  world.logs["shop"].stop_hangs = false;
  EXPECT_TRUE(eventually([&] { return std::ranges::count(world.logs["shop"].all(), "ended") == 1; }));
}

TEST(BrokerSet, HandlersFindWhatIsPlanned) {
  World world;
  world.change_to(pair("", ""));
  world.on_loop([&] {
    auto loaded = config::test::load_parts("brokers:\n  next: {type: amqp, url: 'amqp://localhost'}\n" +
                                           pair("", "").substr(std::string("brokers:\n").size()));
    world.brokers->plan(loaded.config, compare(world.written, loaded.written));
  });
  EXPECT_TRUE(world.brokers->find("next").broker);
  world.on_loop([&] { world.brokers->discard(); });
  EXPECT_FALSE(world.brokers->find("next").broker);
  EXPECT_TRUE(world.brokers->find("shop").broker);
  EXPECT_THAT(world.logs["next"].all(), ElementsAre("made", "ended"));
}

}  // namespace
}  // namespace mombridge::topology
