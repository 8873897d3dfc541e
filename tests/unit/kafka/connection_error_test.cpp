#include "broker/kafka/connection_error.hpp"

#include <string>

#include <gtest/gtest.h>

namespace mombridge::kafka {
namespace {

constexpr auto kServers = "k1:9092,ssl://k2:9093";

TEST(ExplainConnection, ABrokerThatIsAdvertisedUnderAnAddressThatNobodyReaches) {
  for (auto* text :
       {"inner:9092/1: Failed to resolve 'inner:9092': Name or service not known (after 2ms in state CONNECT)",
        "ssl://inner:9092/1: Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after 1ms in state "
        "CONNECT, 3 identical error(s) suppressed)",
        "GroupCoordinator: inner:9092: Failed to resolve 'inner:9092': Name or service not known"}) {
    auto words = explain_connection(text, kServers);
    EXPECT_NE(words.find("advertises inner:9092"), std::string::npos) << words;
    EXPECT_NE(words.find("advertised.listeners"), std::string::npos) << words;
    EXPECT_EQ(words.find("in state"), std::string::npos) << "what changes from time to time is left out: " << words;
  }
}

TEST(ExplainConnection, WhatIsWrongWithTheAddress) {
  auto words = [](const std::string& what) { return explain_connection("inner:9092/1: " + what, kServers); };
  EXPECT_NE(
      words("Failed to resolve 'inner:9092': Name or service not known").find("inner:9092, which cannot be resolved"),
      std::string::npos);
  EXPECT_NE(words("Connect to ipv4#10.0.0.1:9092 failed: Connection refused").find("inner:9092, which refuses"),
            std::string::npos);
  EXPECT_NE(words("Connection setup timed out in state CONNECT").find("inner:9092, which cannot be reached"),
            std::string::npos);
}

TEST(ExplainConnection, AnAddressOfTheConfigurationIsNotAdvertised) {
  EXPECT_EQ(explain_connection("k1:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused", kServers),
            "");
  EXPECT_EQ(explain_connection("k1:9092/1: Connect to ipv4#10.0.0.1:9092 failed: Connection refused", kServers), "");
  EXPECT_EQ(explain_connection("ssl://k2:9093/2: Failed to resolve 'k2:9093'", kServers), "");
  EXPECT_NE(explain_connection("k1:909/1: Failed to resolve 'k1:909'", kServers), "") << "another port";
}

TEST(ExplainConnection, AConnectionThatBreaksIsNotAWrongAddress) {
  EXPECT_EQ(explain_connection("inner:9092/1: Disconnected (after 300ms in state UP)", kServers), "");
  EXPECT_EQ(explain_connection("1/1 brokers are down", kServers), "");
  EXPECT_EQ(explain_connection("", kServers), "");
}

std::string answer(uint32_t first_bytes) {
  return explain_connection(
      "k1:5672/bootstrap: Receive failed: Invalid response size " + std::to_string(first_bytes) +
          " (0..100000000): increase receive.message.max.bytes (after 2ms in state APIVERSION_QUERY)",
      kServers);
}

TEST(ExplainConnection, APortThatDoesNotSpeakKafka) {
  EXPECT_EQ(answer(0x414d5150), "k1:5672 does not speak Kafka: it answers AMQP, as RabbitMQ's port does");
  EXPECT_EQ(answer(0x48545450), "k1:5672 does not speak Kafka: it answers HTTP");
  EXPECT_NE(answer(0x15030300).find("it answers TLS"), std::string::npos);
  EXPECT_NE(answer(0x5353482d).find("begins with \"SSH-\""), std::string::npos);
  EXPECT_NE(answer(0xff000001).find("does not speak Kafka"), std::string::npos);
  EXPECT_EQ(answer(100'000'000), "") << "a large answer of Kafka's own";
}

ConnectionError connection_error() {
  Settings settings;
  settings.bootstrap_servers = kServers;
  settings.security.tls.emplace();
  settings.security.sasl.emplace().mechanism = Mechanism::plain;
  settings.security.sasl->username = "bridge";
  return ConnectionError(settings);
}

TEST(ConnectionError, KeepsTheReasonThatSaysWhatToMendUntilTheClusterIsReached) {
  auto error = connection_error();
  EXPECT_EQ(error.reason("no answer"), "no answer");
  EXPECT_TRUE(error.note(nullptr, RD_KAFKA_RESP_ERR__TRANSPORT, "k1:9092/bootstrap: Disconnected"));
  EXPECT_NE(error.reason("no answer").find("Disconnected"), std::string::npos);
  EXPECT_TRUE(error.note(nullptr, RD_KAFKA_RESP_ERR__RESOLVE, "inner:9092/1: Failed to resolve 'inner:9092'"));
  EXPECT_TRUE(error.note(nullptr, RD_KAFKA_RESP_ERR__TRANSPORT, "k1:9092/bootstrap: Disconnected"));
  EXPECT_NE(error.reason("no answer").find("advertised.listeners"), std::string::npos);
  EXPECT_FALSE(error.note(nullptr, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down"));
  error.clear();
  EXPECT_EQ(error.reason("no answer"), "no answer");
}

TEST(ConnectionError, KnowsAConnectionThatWasClosedFromOneThatCannotBeMade) {
  auto error = connection_error();
  EXPECT_TRUE(error.only_closed());
  for (auto* text : {"k1:9092/1: Disconnected (after 600123ms in state UP, 1 identical error(s) suppressed)",
                     "ssl://k2:9093/2: Disconnected: SSL connection closed by peer (after 2769473ms in state UP)"}) {
    EXPECT_TRUE(error.note(nullptr, RD_KAFKA_RESP_ERR__TRANSPORT, text));
    EXPECT_TRUE(error.only_closed()) << text;
  }
  for (auto* text :
       {"k1:9092/1: Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after 1ms in state CONNECT)",
        "k1:9092/bootstrap: Disconnected while requesting ApiVersion (after 1ms in state APIVERSION_QUERY)"}) {
    error.clear();
    error.note(nullptr, RD_KAFKA_RESP_ERR__TRANSPORT, text);
    EXPECT_FALSE(error.only_closed()) << text;
  }
  error.clear();
  EXPECT_TRUE(error.only_closed());
}

TEST(ConnectionError, AGuessGivesWayToWhatIsKnown) {
  constexpr auto kGuess =
      "ssl://k1:9092/1: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 3ms in "
      "state SSL_HANDSHAKE)";
  auto error = connection_error();
  error.note(nullptr, RD_KAFKA_RESP_ERR__TRANSPORT, kGuess);
  EXPECT_NE(error.reason("").find("a listener without TLS?"), std::string::npos) << error.reason("");
  EXPECT_FALSE(error.says_what_to_mend());
  error.note(nullptr, RD_KAFKA_RESP_ERR__TRANSPORT, "ssl://k1:9092/1: Connect to ipv4#10.0.0.1:9092 failed: refused");
  EXPECT_NE(error.reason("").find("failed: refused"), std::string::npos) << error.reason("");
  error.note(nullptr, RD_KAFKA_RESP_ERR__RESOLVE, "inner:9092/1: Failed to resolve 'inner:9092'");
  error.note(nullptr, RD_KAFKA_RESP_ERR__TRANSPORT, kGuess);
  EXPECT_NE(error.reason("").find("advertised.listeners"), std::string::npos) << error.reason("");
}

TEST(ConnectionError, KnowsALoginThatWasRefusedFromAConnectionThatWasNotMade) {
  auto error = connection_error();
  error.note(nullptr, RD_KAFKA_RESP_ERR__TRANSPORT, "k1:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed");
  EXPECT_FALSE(error.refused());
  error.note(nullptr, RD_KAFKA_RESP_ERR__AUTHENTICATION,
             "sasl_ssl://k2:9093/2: SASL authentication error: Invalid username or password (after 3ms in state "
             "AUTH_REQ)");
  EXPECT_TRUE(error.refused());
  EXPECT_TRUE(error.reason("").starts_with("k2:9093: it refuses the login of 'bridge' by PLAIN (Invalid"))
      << error.reason("");
  error.note(nullptr, RD_KAFKA_RESP_ERR__TRANSPORT, "k1:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed");
  EXPECT_TRUE(error.refused());
  error.clear();
  EXPECT_FALSE(error.refused());
  error.note(nullptr, RD_KAFKA_RESP_ERR__SSL, "ssl://k2:9093/2: something new");
  EXPECT_TRUE(error.refused());
  error.clear();
  error.note(nullptr, RD_KAFKA_RESP_ERR__SSL,
             "ssl://k2:9093/2: SSL handshake failed: error:0A000126:SSL routines::unexpected eof while reading");
  EXPECT_FALSE(error.refused()) << "perhaps it only stops";
}

TEST(ConnectionError, ALoginThatItsConnectionDidNotOutliveSaysNothingNew) {
  auto error = connection_error();
  EXPECT_TRUE(error.note(nullptr, RD_KAFKA_RESP_ERR__TRANSPORT, "k1:9092/1: Disconnected (after 5018ms in state UP)"));
  EXPECT_TRUE(error.only_closed());
  EXPECT_TRUE(
      error.note(nullptr, RD_KAFKA_RESP_ERR__AUTHENTICATION,
                 "GroupCoordinator: k1:9092: SASL OAUTHBEARER mechanism handshake failed: Local: Broker transport "
                 "failure: broker's supported mechanisms: (n/a) (after 0ms in state DOWN)"));
  EXPECT_TRUE(error.only_closed());
  EXPECT_FALSE(error.refused());
}

}  // namespace
}  // namespace mombridge::kafka
