#include "broker/kafka/token_feed.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "base/fd.hpp"
#include "broker/kafka/handles.hpp"
#include "token/fixed_source.hpp"

namespace mombridge::kafka {
namespace {

using token::FixedSource;

class TokenFeedTest : public testing::Test {
 protected:
  TokenFeedTest() {
    auto* conf = rd_kafka_conf_new();
    char text[256];
    for (auto [name, value] : {std::pair("security.protocol", "sasl_plaintext"), {"sasl.mechanism", "OAUTHBEARER"}})
      EXPECT_EQ(rd_kafka_conf_set(conf, name, value, text, sizeof text), RD_KAFKA_CONF_OK) << text;
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    EXPECT_TRUE(client) << text;
  }
  ~TokenFeedTest() override {
    feed.end();
    rd_kafka_destroy(client);
  }
  // The source is the fixture's.
  static std::shared_ptr<token::Source> unowned(FixedSource& tokens) {
    return {std::shared_ptr<void>(), &tokens.source};
  }

  FixedSource tokens{"a"};
  ClientSockets sockets;
  rd_kafka_t* client = nullptr;
  TokenFeed feed{unowned(tokens), sockets};
};

TEST_F(TokenFeedTest, WithoutASourceNothingHappens) {
  TokenFeed none(nullptr, sockets);
  none.begin(client);
  EXPECT_FALSE(none.run_out());
  none.end();
}

TEST_F(TokenFeedTest, WhatIsForbiddenToAFreshLoginIsForbidden) {
  EXPECT_FALSE(feed.run_out()) << "there is no client";
  feed.begin(client);
  EXPECT_FALSE(feed.run_out());
  tokens.pass(31s);
  tokens.will_find("b");
  EXPECT_TRUE(feed.run_out());
  tokens.await(2);
  while (feed.run_out()) ::usleep(1000);  // until the client has it
  EXPECT_FALSE(feed.run_out());
}

TEST_F(TokenFeedTest, ARenewalByItselfMakesNoLoginFresh) {
  feed.begin(client);
  tokens.pass(31s);
  tokens.will_find("b");
  tokens.source.refused(1);  // by another client
  tokens.await(2);
  EXPECT_TRUE(feed.run_out()) << "this one's connections were made with the token before";
}

// Or the client would go on with the connection that it has, on which it logged in with the token before.
TEST_F(TokenFeedTest, ANewerTokenThatWasAskedForNeedsANewConnection) {
  Fd listener(::socket(AF_INET, SOCK_STREAM, 0)), socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* where = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener.get(), where, size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ::getsockname(listener.get(), where, &size);
  feed.begin(client);
  ASSERT_EQ(sockets.connect(socket.get(), where, size), 0);
  pollfd ended{socket.get(), POLLRDHUP, 0};
  EXPECT_EQ(::poll(&ended, 1, 0), 0);
  tokens.pass(31s);
  ASSERT_TRUE(feed.run_out());
  EXPECT_EQ(::poll(&ended, 1, 10'000), 1);
  EXPECT_FALSE(sockets.is_cut());
}

}  // namespace
}  // namespace mombridge::kafka
