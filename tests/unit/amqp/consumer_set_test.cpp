// Which consumers a broker has, and what becomes of those that a change of its subscriptions leaves out.

#include "broker/amqp/consumer_set.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <mutex>

#include <gmock/gmock.h>

#include "base/log.hpp"
#include "broker/source/memory_budget.hpp"
#include "entry.hpp"
#include "scripted_server.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using test::arguments;
using test::FrameSocket;
using testing::ElementsAre;
using testing::Gt;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

/// Keeps what it gets.
class Keeping final : public Sink {
 public:
  void receive(DeliveryHandle delivery) noexcept override {
    std::lock_guard lock(mutex_);
    seen_.push_back(std::string(delivery->message.body) + " of " + std::to_string(delivery->subscription));
    kept_.push_back(std::move(delivery));
  }
  [[nodiscard]] std::vector<std::string> seen() {
    std::lock_guard lock(mutex_);
    return seen_;
  }
  void settle_all() {
    std::lock_guard lock(mutex_);
    for (auto& delivery : kept_) settle(std::move(delivery), Settlement::accept);
    kept_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> seen_;
  std::vector<DeliveryHandle> kept_;
};

class ConsumerSetTest : public testing::Test {
 protected:
  ConsumerSetTest() { log::init(log::Level::off, log::Format::text); }
  ~ConsumerSetTest() override {
    first.settle_all();
    second.settle_all();
    loop.call([this] { set->each([](auto& consumer) { consumer.close(); }); });
    loop.stop();
  }

  std::shared_ptr<const Settings> with(std::initializer_list<const char*> queues) {
    auto settings = std::make_shared<Settings>();
    settings->endpoints = {{.host = "127.0.0.1", .port = server.port(), .user = "me", .password = Secret("pw")}};
    settings->heartbeat = Duration::zero();
    settings->reconnect_delay = settings->reconnect_delay_max = 1ms;
    for (auto* queue : queues) settings->subscriptions.push_back(test::Entry{.queue = queue});
    return settings;
  }
  void make(const std::shared_ptr<const Settings>& settings) {
    set = std::make_unique<ConsumerSet>(loop, settings, [this](const Settings& of, size_t index) {
      ++made;
      return std::make_unique<Consumer>(loop, broker, of, index, order);
    });
    loop.before_sleep([this] {
      auto sleep = Duration::max();
      set->each([&](auto& consumer) { sleep = std::min(sleep, consumer.serve()); });
      set->close_idle();
      return sleep;
    });
    loop.start();
  }
  void start() {
    loop.call([this] { set->start(first); });
  }
  void change_to(const std::shared_ptr<const Settings>& settings, const std::vector<bool>& paused = {}) {
    loop.call([&] { set->change_to(settings, &second, paused); });
  }
  /// The next consumer's connection, up to where it consumes; its queue.
  std::string connect() {
    auto& socket = sockets.emplace_back(server.login());
    for (;;) {
      auto frame = socket.read();
      if (!frame) return "nothing";
      Reader in(frame->payload);
      switch (in.number<uint32_t>()) {
        case AMQP_CHANNEL_OPEN_METHOD:
          socket.method(1, AMQP_CHANNEL_OPEN_OK_METHOD, std::string(4, '\0'));
          break;
        case AMQP_BASIC_QOS_METHOD:
          socket.method(1, AMQP_BASIC_QOS_OK_METHOD);
          break;
        case AMQP_BASIC_GET_METHOD:
          socket.method(1, AMQP_BASIC_GET_EMPTY_METHOD, std::string(1, '\0'));
          break;
        case AMQP_QUEUE_DECLARE_METHOD:
          socket.method(1, AMQP_QUEUE_DECLARE_OK_METHOD, arguments([&](Writer& w) {
                          w.short_string("");
                          w.number(uint64_t{0});
                        }));
          break;
        case AMQP_BASIC_CONSUME_METHOD: {
          in.number<uint16_t>();
          socket.method(1, AMQP_BASIC_CONSUME_OK_METHOD, "\x09mombridge"s);
          auto queue = std::string(in.short_string());
          by_queue[queue] = &socket;
          return queue;
        }
        default:
          break;
      }
    }
  }
  void deliver(const std::string& queue, const std::string& body) {
    by_queue.at(queue)->write(
        test::method_bytes(1, AMQP_BASIC_DELIVER_METHOD, arguments([&](Writer& w) {
                             w.short_string("mombridge");
                             w.number(++tag);
                             w.octet(0);
                             w.short_string("");
                             w.short_string("key");
                           })) +
        test::frame_bytes(2, 1, "\0\x3c\0\0\0\0\0\0\0\0\0"s + static_cast<char>(body.size()) + "\0\0"s) +
        test::frame_bytes(3, 1, body));
  }
  static bool await(const std::function<bool()>& condition) {
    for (auto end = Clock::now() + 20s; Clock::now() < end; std::this_thread::sleep_for(1ms))
      if (condition()) return true;
    return condition();
  }
  std::map<std::string, uint64_t> in_flight() {
    std::map<std::string, uint64_t> all;
    for (auto& [names, bytes] : source::memory_budget().uses()) all[names.second] = bytes;
    return all;
  }
  std::vector<std::string> links() {
    std::vector<std::string> all;
    for (auto& link : set->status()) all.push_back(link.link);
    return all;
  }
  size_t up() {
    auto all = set->status();
    return static_cast<size_t>(
        std::ranges::count_if(all, [](auto& link) { return link.state == LinkStatus::State::up; }));
  }
  size_t size() {
    size_t size = 0;
    loop.call([&] { size = set->size(); });
    return size;
  }

  const std::string broker = "shop";
  test::ScriptedServer server;
  EventLoop loop{"test"};
  PublisherFirst order{[] {}, [] {}};
  Keeping first, second;
  std::list<FrameSocket> sockets;
  std::map<std::string, FrameSocket*> by_queue;
  std::unique_ptr<ConsumerSet> set;
  int made = 0;
  uint64_t tag = 0;
};

TEST_F(ConsumerSetTest, EachSubscriptionHasAConsumer) {
  make(with({"a", "b"}));
  EXPECT_THAT(links(), ElementsAre("queue a", "queue b"));
  EXPECT_FALSE(set->replies());
  start();
  std::vector<std::string> connected{connect(), connect()};
  EXPECT_THAT(connected, UnorderedElementsAre("a", "b"));
  EXPECT_TRUE(await([this] { return up() == 2; }));
}

TEST_F(ConsumerSetTest, WhatStaysKeepsItsConnectionAndHandsOverToTheNewSink) {
  make(with({"a", "b"}));
  start();
  connect();
  connect();
  deliver("b", "before");
  ASSERT_TRUE(await([this] { return !first.seen().empty(); }));
  change_to(with({"new", "b"}));
  EXPECT_EQ(made, 3);
  EXPECT_EQ(connect(), "new");
  EXPECT_THAT(links(), ElementsAre("queue new", "queue b"));
  deliver("b", "after");
  ASSERT_TRUE(await([this] { return !second.seen().empty(); }));
  EXPECT_THAT(first.seen(), ElementsAre("before of 1"));
  EXPECT_THAT(second.seen(), ElementsAre("after of 1"));
}

TEST_F(ConsumerSetTest, AStayingSubscriptionGetsItsNewNumber) {
  make(with({"a", "b"}));
  start();
  connect();
  connect();
  change_to(with({"b"}));
  deliver("b", "x");
  ASSERT_TRUE(await([this] { return !second.seen().empty(); }));
  EXPECT_THAT(second.seen(), ElementsAre("x of 0"));
}

TEST_F(ConsumerSetTest, WhatGoesClosesWhenNothingOfItIsInFlight) {
  make(with({"a"}));
  start();
  connect();
  deliver("a", "x");
  ASSERT_TRUE(await([this] { return !first.seen().empty(); }));
  change_to(with({}));
  EXPECT_THAT(links(), IsEmpty());
  EXPECT_EQ(size(), 1u) << "its message is in flight";
  first.settle_all();
  auto& socket = *by_queue.at("a");
  ASSERT_TRUE(socket.await(AMQP_BASIC_ACK_METHOD));
  ASSERT_TRUE(socket.await(AMQP_CONNECTION_CLOSE_METHOD));
  socket.method(0, AMQP_CONNECTION_CLOSE_OK_METHOD, "");
  EXPECT_TRUE(await([this] { return size() == 0; }));
}

TEST_F(ConsumerSetTest, WhatIsPausedGoesAndComesAgain) {
  make(with({"a", "b"}));
  start();
  connect();
  connect();
  change_to(with({"a", "b"}), {true, false});
  EXPECT_THAT(links(), ElementsAre("queue b"));
  ASSERT_TRUE(by_queue.at("a")->await(AMQP_CONNECTION_CLOSE_METHOD));
  change_to(with({"a", "b"}));
  EXPECT_EQ(made, 3);
  EXPECT_EQ(connect(), "a");
  EXPECT_THAT(links(), ElementsAre("queue a", "queue b"));
}

TEST_F(ConsumerSetTest, BytesInFlightAreThoseOfAllThatItHas) {
  make(with({"a", "b"}));
  start();
  connect();
  connect();
  deliver("a", "x");
  ASSERT_TRUE(await([this] { return !first.seen().empty(); }));
  EXPECT_THAT(in_flight(), ElementsAre(Pair("a", Gt(0u)), Pair("b", 0u)));
  change_to(with({"b"}));
  EXPECT_THAT(in_flight(), ElementsAre(Pair("a", Gt(0u)), Pair("b", 0u))) << "one of them only ends";
}

TEST_F(ConsumerSetTest, BeforeTheStartAChangeOnlyChoosesOthers) {
  make(with({"a"}));
  loop.call([this] { set->change_to(with({"b"}), nullptr, {}); });
  EXPECT_THAT(links(), ElementsAre("queue b"));
  start();
  EXPECT_EQ(connect(), "b");
}

TEST_F(ConsumerSetTest, TheLastOneThatIsNoReplyQueueGivesWay) {
  auto settings = std::make_shared<Settings>(*with({"replies", "a"}));
  settings->subscriptions[0].replies = true;
  make(settings);
  EXPECT_TRUE(set->replies());
  start();
  connect();
  connect();
  ASSERT_TRUE(await([this] { return up() == 2; }));
  loop.call([this] { set->give_way(); });
  EXPECT_TRUE(by_queue.at("a")->await(AMQP_CONNECTION_CLOSE_METHOD));
}

}  // namespace
}  // namespace mombridge::amqp
