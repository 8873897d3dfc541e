// A subscription against a server that does what the test says: refusals, closed channels, and who connects first.

#include <list>
#include <mutex>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "broker/amqp/broker.hpp"
#include "broker/amqp/queue_lifetime.hpp"
#include "entry.hpp"
#include "scripted_server.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using test::arguments;
using test::close_arguments;
using test::FrameSocket;
using testing::HasSubstr;
using State = LinkStatus::State;

const test::Entry kTheirs{.queue = "q"};
const test::Entry kPrivate{.queue = "", .bindings = {{"amq.topic", {"#"}}}};

struct Away final : Delivery::Attachment {
  [[nodiscard]] bool away() const noexcept override { return true; }
};

class ConsumerLife : public testing::Test, public Sink {
 protected:
  ConsumerLife() {
    log::init(log::Level::off, log::Format::text);
    settings->endpoints = {{.host = "127.0.0.1", .port = server.port(), .user = "me", .password = Secret("pw")}};
    settings->heartbeat = Duration::zero();
    settings->reconnect_delay = settings->reconnect_delay_max = 1ms;
  }
  ~ConsumerLife() override {
    held.clear();
    broker->stop(Duration::zero());
  }
  void subscribe(const test::Entry& entry) { settings->subscriptions.push_back(entry); }
  void start_alone() {
    broker = create({.name = "shop", .type = "amqp", .mark = {}, .settings = settings});
    broker->start(*this);
  }
  /// The publisher is up.
  void start() {
    start_alone();
    publisher = server.login();
    confirm_select();
  }
  void confirm_select() {
    ASSERT_TRUE(publisher.await(AMQP_CONFIRM_SELECT_METHOD));
    publisher.method(1, AMQP_CONFIRM_SELECT_OK_METHOD);
  }
  /// What the client asks on its channel, answered; returns the name of the queue that it consumes from.
  std::string consume(FrameSocket& socket, const std::string& server_named = "") {
    for (;;) {
      auto frame = socket.read();
      if (!frame) {
        ADD_FAILURE() << "it does not consume";
        return {};
      }
      Reader in(frame->payload);
      switch (in.number<uint32_t>()) {
        case AMQP_QUEUE_DECLARE_METHOD:
          ++declared;
          socket.method(1, AMQP_QUEUE_DECLARE_OK_METHOD, arguments([&](Writer& w) {
                          w.short_string(server_named);
                          w.number(uint64_t{0});
                        }));
          break;
        case AMQP_BASIC_GET_METHOD:
          socket.method(1, AMQP_BASIC_GET_EMPTY_METHOD, std::string(1, '\0'));
          break;
        case AMQP_BASIC_CONSUME_METHOD:
          in.number<uint16_t>();
          socket.method(1, AMQP_BASIC_CONSUME_OK_METHOD, "\x09mombridge"s);
          return std::string(in.short_string());
        default:
          break;
      }
    }
  }
  static void deliver(FrameSocket& socket, uint64_t tag, const std::string& body) {
    socket.write(test::method_bytes(1, AMQP_BASIC_DELIVER_METHOD, arguments([&](Writer& w) {
                                      w.short_string("mombridge");
                                      w.number(tag);
                                      w.octet(0);
                                      w.short_string("");
                                      w.short_string("key");
                                    })) +
                 test::frame_bytes(2, 1, "\0\x3c\0\0\0\0\0\0\0\0\0"s + static_cast<char>(body.size()) + "\0\0"s) +
                 test::frame_bytes(3, 1, body));
  }
  /// A message of somebody else's queue has come, and its destination is away.
  FrameSocket one_waits_for_its_destination() {
    destination_away = true;
    subscribe(kTheirs);
    start();
    auto socket = server.login();
    consume(socket);
    deliver(socket, 1, "a");
    return socket;
  }
  void receive(DeliveryHandle d) noexcept override {
    if (destination_away) d->attachment = std::make_unique<Away>();
    std::lock_guard lock(mutex_);
    held.push_back(std::move(d));
  }
  bool await_held(size_t count) {
    return await([&] {
      std::lock_guard lock(mutex_);
      return held.size() == count;
    });
  }
  static bool await(const std::function<bool()>& condition) {
    for (auto deadline = Clock::now() + test::kPatience; Clock::now() < deadline; std::this_thread::sleep_for(1ms))
      if (condition()) return true;
    return false;
  }
  /// Of the subscription.
  [[nodiscard]] LinkStatus link(size_t i = 1) const { return broker->status().at(i); }
  bool await_state(State state, size_t i = 1) {
    return await([&] { return link(i).state == state; });
  }

  test::ScriptedServer server;
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
  std::unique_ptr<Broker> broker;
  FrameSocket publisher;
  std::vector<DeliveryHandle> held;
  std::atomic<bool> destination_away{false};
  size_t declared = 0;

 private:
  std::mutex mutex_;
};

TEST_F(ConsumerLife, ThePublisherConnectsFirst) {
  subscribe(kTheirs);
  start_alone();
  publisher = server.login();
  EXPECT_FALSE(server.pending(50ms)) << "nobody else connects before it is there";
  confirm_select();
  auto socket = server.login();
  EXPECT_EQ(consume(socket), "q");
  EXPECT_TRUE(await_state(State::up));
}

TEST_F(ConsumerLife, WithoutThePublisherSubscriptionsConnectAllTheSame) {
  subscribe(kTheirs);
  settings->reconnect_delay = settings->reconnect_delay_max = 1h;
  start_alone();
  server.accept().close();
  auto socket = server.login();
  EXPECT_EQ(consume(socket), "q");
  EXPECT_TRUE(await_state(State::up));
}

TEST_F(ConsumerLife, ASubscriptionGivesWayToThePublisher) {
  subscribe(kTheirs);
  subscribe(kPrivate);
  start();
  auto first = server.login(), second = server.login();
  for (auto* socket : {&first, &second}) consume(*socket, "amq.gen-1");
  ASSERT_TRUE(await_state(State::up, 1) && await_state(State::up, 2));
  publisher.close();
  auto refused = server.greet();
  refused.method(0, AMQP_CONNECTION_CLOSE_METHOD,
                 close_arguments(530, "NOT_ALLOWED - access refused: connection limit (2) is reached"));
  // Not the private queue: what is in it would be gone.
  ASSERT_TRUE(await([&] { return link(1).state != State::up; }));
  EXPECT_EQ(to_string(link(2).state), "up");
  publisher = server.login();
  EXPECT_THAT(link(1).detail, HasSubstr("publisher"));
  confirm_select();
  EXPECT_TRUE(await_state(State::up, 0));
  auto again = server.login();
  consume(again);
  EXPECT_TRUE(await_state(State::up, 1));
}

TEST_F(ConsumerLife, ARefusalThatLastsWaitsForTheLongestDelay) {
  settings->reconnect_delay_max = 1s;
  subscribe({.queue = "q", .declare = QueueDeclaration{}});
  start();
  auto socket = server.login();
  ASSERT_TRUE(socket.await(AMQP_QUEUE_DECLARE_METHOD));
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(406, "PRECONDITION_FAILED - inequivalent arg 'durable'"));
  auto before = Clock::now();
  ASSERT_TRUE(await_state(State::failing));
  EXPECT_THAT(link().detail, testing::AllOf(HasSubstr("406"), HasSubstr("'durable'"), HasSubstr("declare")));
  socket = server.login();
  EXPECT_GE(Clock::now() - before, 900ms);
  consume(socket);
  EXPECT_TRUE(await_state(State::up));
}

TEST_F(ConsumerLife, ADeclarationThatCostsTheConnectionIsAFailingStateThatSaysWhy) {
  subscribe({.queue = "q", .declare = QueueDeclaration{.durable = false}});
  start();
  auto socket = server.login();
  ASSERT_TRUE(socket.await(AMQP_QUEUE_DECLARE_METHOD));
  socket.method(0, AMQP_CONNECTION_CLOSE_METHOD, close_arguments(541, "INTERNAL_ERROR - not permitted"));
  ASSERT_TRUE(await_state(State::failing));
  EXPECT_THAT(link().detail, testing::AllOf(HasSubstr("541 INTERNAL_ERROR"), HasSubstr("durable: false")));
  EXPECT_EQ(to_string(link(0).state), "up") << "the publisher has nothing to do with it";
}

// A closed connection would delete the queue, and what is in it.
TEST_F(ConsumerLife, APrivateQueueOutlivesItsChannel) {
  subscribe(kPrivate);
  start();
  auto socket = server.login();
  EXPECT_EQ(consume(socket, "amq.gen-1"), "");
  ASSERT_TRUE(await_state(State::up));
  deliver(socket, 1, "a");
  ASSERT_TRUE(await_held(1));
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD,
                close_arguments(406, "PRECONDITION_FAILED - delivery acknowledgement timed out"));
  ASSERT_TRUE(socket.await(AMQP_CHANNEL_CLOSE_OK_METHOD));
  EXPECT_EQ(consume(socket), "amq.gen-1") << "on the same connection";
  EXPECT_EQ(declared, 1u);
  EXPECT_TRUE(held[0]->stale()) << "it comes again";
  deliver(socket, 1, "a");
  ASSERT_TRUE(await_held(2));
  EXPECT_FALSE(held[1]->stale());
  EXPECT_TRUE(await_state(State::up));
}

TEST_F(ConsumerLife, WhatWaitsForADestinationGoesBackWhereTheQueueOutlivesItsConsumer) {
  settings->give_back_after = 20ms;
  auto socket = one_waits_for_its_destination();
  EXPECT_TRUE(socket.await(AMQP_CONNECTION_CLOSE_METHOD));
  EXPECT_TRUE(await_state(State::blocked));
}

// The broker has sent it before it read the close, and gives it back with the rest: handed out as a new one, it would
// be worked on beside the one that comes again.
TEST_F(ConsumerLife, WhatComesWhileTheSubscriptionIsGivenBackIsStaleWhenItGoesOn) {
  settings->give_back_after = 20ms;
  auto socket = one_waits_for_its_destination();
  ASSERT_TRUE(await_held(1));
  ASSERT_TRUE(socket.await(AMQP_CONNECTION_CLOSE_METHOD));
  deliver(socket, 2, "b");
  socket.method(0, AMQP_CONNECTION_CLOSE_OK_METHOD);
  EXPECT_TRUE(socket.await_end());
  destination_away = false;
  settle(std::move(held.front()), Settlement::accept);
  held.erase(held.begin());
  auto again = server.login();
  consume(again);
  ASSERT_TRUE(await_state(State::up));
  for (auto& d : held) EXPECT_TRUE(d->stale()) << d->message.body;
}

// Taken again at once it would time out again, until a quorum queue's limit is used up.
TEST_F(ConsumerLife, WhatTimesOutWhileItsDestinationIsAwayIsTakenAgainWhenThatIsBack) {
  auto socket = one_waits_for_its_destination();
  ASSERT_TRUE(await_held(1));
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD,
                close_arguments(406, "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out"));
  ASSERT_TRUE(await_state(State::blocked));
  EXPECT_THAT(link().detail, HasSubstr("timed out): 1 messages were given back"));
  EXPECT_FALSE(held[0]->stale()) << "it shows when the destination is back";
  EXPECT_FALSE(server.pending(50ms)) << "the queue has no consumer meanwhile";
  held.clear();
  auto again = server.login();
  EXPECT_EQ(consume(again), "q");
  EXPECT_TRUE(await_state(State::up));
}

// The destination is there: what hangs is something else, and does not keep the others.
TEST_F(ConsumerLife, WhatTimesOutOtherwiseIsTakenAgainAtOnce) {
  subscribe(kTheirs);
  start();
  auto socket = server.login();
  consume(socket);
  deliver(socket, 1, "a");
  ASSERT_TRUE(await_held(1));
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD,
                close_arguments(406, "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out"));
  auto again = server.login();
  EXPECT_EQ(consume(again), "q");
  EXPECT_TRUE(held[0]->stale());
}

TEST_F(ConsumerLife, AndStaysWhereItDoesNot) {
  destination_away = true;
  settings->give_back_after = 20ms;
  subscribe(kPrivate);
  subscribe({.queue = "q", .declare = QueueDeclaration{.auto_delete = true}});
  start();
  auto first = server.login(), second = server.login();
  for (auto* socket : {&first, &second}) {
    consume(*socket, "amq.gen-1");
    deliver(*socket, 1, "a");
  }
  ASSERT_TRUE(await_held(2));
  for (auto* socket : {&first, &second}) EXPECT_FALSE(socket->await(AMQP_CONNECTION_CLOSE_METHOD, 100ms));
  EXPECT_EQ(to_string(link(1).state), "up");
  EXPECT_EQ(to_string(link(2).state), "up");
}

// Connections that break again and again bring a lot each, and none of it gets through.
TEST_F(ConsumerLife, WhatEarlierConnectionsBroughtBoundsWhatIsReadFromAQueueThatNeedsItsConsumer) {
  destination_away = true;
  settings->prefetch_count = 2;
  subscribe(kPrivate);
  start();
  for (int connection = 0; connection < 5; ++connection) {
    auto socket = server.login();
    consume(socket, "amq.gen-1");
    deliver(socket, 1, "a");
    deliver(socket, 2, "b");
    ASSERT_TRUE(await_held(connection ? 4 : 2));
    ASSERT_TRUE(await_state(State::up)) << "its queue has a consumer all the same";
    std::this_thread::sleep_for(5ms);  // whatever were to come would come
    socket.close();
    ASSERT_TRUE(await_state(State::failing));
  }
  EXPECT_TRUE(await_held(4));
}

}  // namespace
}  // namespace mombridge::amqp
