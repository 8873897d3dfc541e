// How many messages are in a queue, asked over the connection that publishes.

#include <atomic>
#include <optional>

#include <gtest/gtest.h>

#include "base/log.hpp"
#include "broker/amqp/publisher.hpp"
#include "scripted_server.hpp"

namespace mombridge::amqp {
namespace {

using test::arguments;
using test::close_arguments;
using test::FrameSocket;

/// Behind the one that publishes and the one that exchanges are looked up on.
constexpr uint16_t kChannel = 3;

class PublisherCount : public testing::Test {
 protected:
  PublisherCount() {
    log::init(log::Level::off, log::Format::text);
    settings.endpoints = {{.host = "127.0.0.1", .port = server.port(), .user = "me", .password = Secret("pw")}};
    settings.heartbeat = Duration::zero();
    settings.reconnect_delay = settings.reconnect_delay_max = 1ms;
    publisher.emplace(loop, broker, settings, order);
    publisher->on_counted([this](auto& queue, auto messages) {
      counted = queue + " " + (messages ? std::to_string(*messages) : "refused");
      ++answers;
    });
    loop.before_sleep([this] { return publisher->serve(); });
    loop.start();
  }
  ~PublisherCount() override {
    loop.call([this] { publisher->close(); });
    loop.stop();
  }
  void connect(const test::Greeting& greeting = {}) {
    if (!socket) loop.call([this] { publisher->start(); });
    socket.emplace(server.login(greeting));
    ASSERT_TRUE(socket->await(AMQP_CHANNEL_OPEN_METHOD));
    socket->method(1, AMQP_CHANNEL_OPEN_OK_METHOD, std::string(4, '\0'));
    ASSERT_TRUE(socket->await(AMQP_CONFIRM_SELECT_METHOD));
    socket->method(1, AMQP_CONFIRM_SELECT_OK_METHOD);
    ASSERT_TRUE(await([this] { return publisher->up(); }));
  }
  bool count(const std::string& queue) {
    bool asked = false;
    loop.call([&] { asked = publisher->count(queue); });
    return asked;
  }
  bool counting() {
    bool yes = false;
    loop.call([&] { yes = publisher->counting(); });
    return yes;
  }
  static bool await(const std::function<bool()>& condition) {
    for (auto end = Clock::now() + 20s; Clock::now() < end; std::this_thread::sleep_for(1ms))
      if (condition()) return true;
    return condition();
  }
  bool answered(int count) {
    return await([&] { return answers == count; });
  }

  const std::string broker = "shop";
  test::ScriptedServer server;
  Settings settings;
  EventLoop loop{"test"};
  PublisherFirst order{[] {}, [] {}};
  std::optional<Publisher> publisher;
  std::optional<FrameSocket> socket;
  std::atomic<int> answers{0};
  std::string counted;
};

TEST_F(PublisherCount, IsWhatTheBrokerSays) {
  EXPECT_FALSE(count("tasks")) << "there is no connection";
  connect();
  EXPECT_TRUE(count("tasks"));
  auto declare = socket->await(AMQP_QUEUE_DECLARE_METHOD);
  ASSERT_TRUE(declare);
  EXPECT_EQ(declare->channel, kChannel);
  Reader in(declare->arguments());
  in.number<uint16_t>();
  EXPECT_EQ(in.short_string(), "tasks");
  EXPECT_TRUE(in.number<uint8_t>() & 1) << "passive";
  EXPECT_TRUE(counting());
  socket->method(kChannel, AMQP_QUEUE_DECLARE_OK_METHOD, arguments([](Writer& w) {
                   w.short_string("tasks");
                   w.number(uint32_t{7});
                   w.number(uint32_t{1});
                 }));
  ASSERT_TRUE(socket->await(AMQP_CHANNEL_CLOSE_METHOD));
  socket->method(kChannel, AMQP_CHANNEL_CLOSE_OK_METHOD);
  ASSERT_TRUE(answered(1));
  EXPECT_EQ(counted, "tasks 7");
  EXPECT_FALSE(counting());
}

TEST_F(PublisherCount, ARefusalCostsNothingElse) {
  connect();
  EXPECT_TRUE(count("none"));
  ASSERT_TRUE(socket->await(AMQP_QUEUE_DECLARE_METHOD));
  socket->method(kChannel, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(404, "NOT_FOUND - no queue 'none'"));
  ASSERT_TRUE(answered(1));
  EXPECT_EQ(counted, "none refused");
  EXPECT_TRUE(publisher->up());
}

TEST_F(PublisherCount, IsNotAskedWhereTheBrokerAllowsTooFewChannels) {
  connect({.channel_max = kChannel - 1});
  EXPECT_FALSE(count("tasks"));
}

TEST_F(PublisherCount, WhatWasAskedOnAConnectionThatEndedIsForgotten) {
  connect();
  EXPECT_TRUE(count("tasks"));
  ASSERT_TRUE(socket->await(AMQP_QUEUE_DECLARE_METHOD));
  socket->close();
  ASSERT_TRUE(await([this] { return !publisher->up(); }));
  EXPECT_FALSE(counting());
  connect();
  EXPECT_TRUE(count("tasks"));
  EXPECT_TRUE(socket->await(AMQP_QUEUE_DECLARE_METHOD));
  EXPECT_EQ(answers, 0);
}

}  // namespace
}  // namespace mombridge::amqp
