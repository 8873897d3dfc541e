// How a subscription begins, played with a server that the test scripts: single messages first, where the queue may
// count deliveries.

#include <atomic>
#include <deque>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "broker/amqp/consumer.hpp"
#include "entry.hpp"
#include "scripted_server.hpp"

namespace mombridge::amqp {
namespace {

using namespace test;
using State = LinkStatus::State;

class ConsumerIntake : public testing::Test, public Sink {
 protected:
  ConsumerIntake() {
    log::init(log::Level::off, log::Format::text);
    settings.endpoints = {{.host = "127.0.0.1", .port = server.port(), .user = "me", .password = Secret("pw")}};
    settings.heartbeat = Duration::zero();
    settings.reconnect_delay = settings.reconnect_delay_max = 1ms;
    settings.prefetch_count = 10;
    settings.subscriptions.push_back(test::Entry{.queue = "q"});
  }
  ~ConsumerIntake() override {
    take();
    loop.call([this] {
      consumer->close();
      consumer.reset();
    });
    loop.stop();
  }
  void start() {
    consumer = std::make_unique<Consumer>(loop, name, settings, 0, order);
    loop.before_sleep([this] { return consumer ? consumer->serve() : Duration::max(); });
    loop.start();
    loop.post([this] { consumer->start(*this); });
    connect();
  }
  /// The server's part up to where messages are asked for.
  void connect() {
    socket = server.login();
    open_channel();
  }
  void open_channel() {
    ASSERT_TRUE(socket.await(AMQP_CHANNEL_OPEN_METHOD));
    socket.method(1, AMQP_CHANNEL_OPEN_OK_METHOD, std::string(4, '\0'));
    ASSERT_TRUE(socket.await(AMQP_BASIC_QOS_METHOD));
    socket.method(1, AMQP_BASIC_QOS_OK_METHOD);
  }
  /// The next method that the client sends, heartbeats aside.
  uint32_t next(Duration patience = kPatience) {
    auto frame = socket.read(patience);
    return frame ? frame->method() : 0;
  }
  /// The client consumes, and the broker shall send by itself no more than that.
  void expect_consume_at_most(uint16_t messages) {
    auto frame = socket.read(kPatience);
    ASSERT_TRUE(frame && frame->method() == AMQP_BASIC_QOS_METHOD);
    Reader qos(frame->arguments());
    qos.number<uint32_t>();
    EXPECT_EQ(qos.number<uint16_t>(), messages);
    ASSERT_EQ(next(), AMQP_BASIC_CONSUME_METHOD);
  }
  static std::string content(std::string_view body, std::optional<int64_t> count) {
    std::string table;
    if (count) {
      table = arguments([&](Writer& w) {
        w.short_string("x-delivery-count");
        w.octet('l');
        w.number(static_cast<uint64_t>(*count));
      });
    }
    auto header = arguments([&](Writer& w) {
      w.number(uint16_t{60});
      w.number(uint16_t{0});
      w.number(static_cast<uint64_t>(body.size()));
      w.number(uint16_t{1 << 13});
      w.long_string(table);
    });
    return frame_bytes(2, 1, header) + frame_bytes(3, 1, body);
  }
  void get_ok(uint64_t tag, bool redelivered, std::optional<int64_t> count) {
    auto method = arguments([&](Writer& w) {
      w.number(tag);
      w.octet(redelivered);
      w.short_string("");
      w.short_string("key");
      w.number(uint32_t{7});
    });
    socket.write(method_bytes(1, AMQP_BASIC_GET_OK_METHOD, method) + content("body", count));
  }
  void get_empty() { socket.method(1, AMQP_BASIC_GET_EMPTY_METHOD, std::string(1, '\0')); }
  void consume_ok() {
    socket.method(1, AMQP_BASIC_CONSUME_OK_METHOD, arguments([](Writer& w) { w.short_string("mombridge"); }));
  }
  void close_channel(uint16_t code, uint32_t method) {
    socket.method(1, AMQP_CHANNEL_CLOSE_METHOD, close_for(code, method));
  }
  static std::string close_for(uint16_t code, uint32_t method) {
    return arguments([&](Writer& w) {
      w.number(code);
      w.short_string("NO");
      w.number(method);
    });
  }

  void receive(DeliveryHandle d) noexcept override {
    std::lock_guard lock(mutex_);
    held_.push_back(std::move(d));
    ++arrived;
  }
  std::deque<DeliveryHandle> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(held_, {});
  }
  static bool await(const std::function<bool()>& condition) {
    for (auto deadline = Clock::now() + kPatience; Clock::now() < deadline; std::this_thread::sleep_for(1ms))
      if (condition()) return true;
    return false;
  }
  bool await_arrived(size_t n) {
    return await([&] { return arrived >= n; });
  }
  bool await_state(State state) {
    return await([&] { return consumer->status().state == state; });
  }
  void accept_all() {
    for (auto& d : take()) settle(std::move(d), Settlement::accept);
  }

  ScriptedServer server;
  const std::string name = "shop";  // of the broker
  Settings settings;
  EventLoop loop{"test"};
  std::unique_ptr<Consumer> consumer;
  PublisherFirst order{[] {}, [] {}};
  FrameSocket socket;
  std::atomic<size_t> arrived{0};

 private:
  std::mutex mutex_;
  std::deque<DeliveryHandle> held_;
};

TEST_F(ConsumerIntake, AnEmptyQueueIsConsumed) {
  start();
  ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
  get_empty();
  ASSERT_EQ(next(), AMQP_BASIC_CONSUME_METHOD);
  EXPECT_NE(consumer->status().state, State::up);
  consume_ok();
  EXPECT_TRUE(await_state(State::up));
}

TEST_F(ConsumerIntake, AFreshMessageIsHandedOutAndTheQueueConsumed) {
  start();
  ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
  get_ok(1, false, {});
  expect_consume_at_most(9);  // with this one it is the prefetch
  ASSERT_TRUE(await_arrived(1));
  auto held = take();
  EXPECT_EQ(held.front()->message.target, "key");
  EXPECT_EQ(held.front()->message.body, "body");
  settle(std::move(held.front()), Settlement::accept);
  EXPECT_EQ(next(), AMQP_BASIC_ACK_METHOD);
}

TEST_F(ConsumerIntake, ARedeliveredOneOfAQueueThatDoesNotCountIsNoReasonForCare) {
  start();
  ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
  get_ok(1, true, {});
  expect_consume_at_most(9);
}

TEST_F(ConsumerIntake, APrefetchOfOneIsKept) {
  settings.prefetch_count = 1;
  start();
  ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
  get_ok(1, false, {});
  ASSERT_TRUE(await_arrived(1));
  EXPECT_EQ(next(50ms), 0u) << "nothing more before it is settled";
  accept_all();
  ASSERT_EQ(next(), AMQP_BASIC_ACK_METHOD);
  EXPECT_EQ(next(), AMQP_BASIC_CONSUME_METHOD);
}

TEST_F(ConsumerIntake, CountedOnesComeSinglyEachAfterTheAcknowledgementBefore) {
  start();
  for (uint64_t tag = 1; tag <= 3; ++tag) {
    ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
    get_ok(tag, true, 1);
    ASSERT_TRUE(await_arrived(tag));
    EXPECT_TRUE(await_state(State::up));
    EXPECT_EQ(next(50ms), 0u) << "nothing more before it is settled";
    accept_all();
    ASSERT_EQ(next(), AMQP_BASIC_ACK_METHOD);
  }
  ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
  get_empty();
  EXPECT_EQ(next(), AMQP_BASIC_CONSUME_METHOD);
}

TEST_F(ConsumerIntake, OneThatStaysOpenDoesNotStopTheQueue) {
  start();
  for (uint64_t tag = 1; tag <= 4; ++tag) {
    ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
    get_ok(tag, true, 1);
    ASSERT_TRUE(await_arrived(tag));
  }
  EXPECT_EQ(take().size(), 4u);
}

TEST_F(ConsumerIntake, AQueueThatRefusesGetIsConsumedOnANewChannel) {
  start();
  ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
  close_channel(AMQP_RESOURCE_LOCKED, AMQP_BASIC_GET_METHOD);
  ASSERT_EQ(next(), AMQP_CHANNEL_CLOSE_OK_METHOD);
  open_channel();
  ASSERT_EQ(next(), AMQP_BASIC_CONSUME_METHOD);
  consume_ok();
  EXPECT_TRUE(await_state(State::up));
}

TEST_F(ConsumerIntake, AnExclusiveQueueOfOthersIsAFailure) {
  start();
  ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
  close_channel(AMQP_RESOURCE_LOCKED, AMQP_BASIC_GET_METHOD);
  open_channel();
  ASSERT_EQ(next(), AMQP_BASIC_CONSUME_METHOD);
  close_channel(AMQP_RESOURCE_LOCKED, AMQP_BASIC_CONSUME_METHOD);
  ASSERT_TRUE(await_state(State::failing));
  EXPECT_THAT(consumer->status().detail, testing::HasSubstr("405"));
}

TEST_F(ConsumerIntake, AStreamIsAFailingStateThatSaysWhy) {
  settings.reconnect_delay_max = 1h;
  start();
  ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
  socket.method(0, AMQP_CONNECTION_CLOSE_METHOD, close_for(AMQP_NOT_IMPLEMENTED, AMQP_BASIC_GET_METHOD));
  ASSERT_TRUE(await_state(State::failing));
  EXPECT_THAT(consumer->status().detail, testing::HasSubstr("is a stream"));
  EXPECT_THAT(consumer->status().detail, testing::HasSubstr("540"));
}

TEST_F(ConsumerIntake, ADeclaredClassicQueueIsConsumedAtOnce) {
  settings.subscriptions[0].declare = QueueDeclaration{};
  settings.subscriptions[0].declare->arguments["x-queue-type"] = std::string("classic");
  start();
  ASSERT_TRUE(socket.await(AMQP_QUEUE_DECLARE_METHOD));
  EXPECT_EQ(next(), AMQP_BASIC_CONSUME_METHOD);
}

TEST_F(ConsumerIntake, TheLastDeliveryIsMarked) {
  settings.subscriptions[0].delivery_limit = 3;
  start();
  ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
  get_ok(1, true, 3);
  ASSERT_TRUE(await_arrived(1));
  auto held = take();
  ASSERT_TRUE(held.front()->deliveries_left);
  EXPECT_FALSE(held.front()->deliveries_left->another);
  EXPECT_EQ(held.front()->deliveries_left->headers[1].value.text, "key");
  settle(std::move(held.front()), Settlement::accept);
  ASSERT_EQ(next(), AMQP_BASIC_ACK_METHOD);
  ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
  get_ok(2, true, 1);
  ASSERT_TRUE(await_arrived(2));
  EXPECT_FALSE(take().front()->deliveries_left) << "the same object, another message";
}

TEST_F(ConsumerIntake, NothingIsAskedForWhileDraining) {
  start();
  ASSERT_EQ(next(), AMQP_BASIC_GET_METHOD);
  get_ok(1, true, 1);
  ASSERT_TRUE(await_arrived(1));
  loop.call([this] { consumer->stop_intake(); });
  ASSERT_EQ(next(), AMQP_BASIC_CANCEL_METHOD);
  accept_all();
  ASSERT_EQ(next(), AMQP_BASIC_ACK_METHOD);
  EXPECT_EQ(next(100ms), 0u);
}

}  // namespace
}  // namespace mombridge::amqp
