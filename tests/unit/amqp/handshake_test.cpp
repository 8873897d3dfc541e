// A login without a server: bytes in, bytes out.

#include "broker/amqp/handshake.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/amqp/frame_reader.hpp"
#include "broker/amqp/wire.hpp"
#include "tls/making.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using Stage = Handshake::Stage;

class HandshakeTest : public testing::Test {
 protected:
  HandshakeTest() {
    settings.appname = "shop";
    settings.heartbeat = 10s;
    handshake.begin(endpoint, out);
  }
  Result<> start(std::string_view mechanisms = "PLAIN AMQPLAIN") {
    Buffer arguments;
    Writer w(arguments);
    w.number(uint16_t{9});
    w.long_string("\7productS\0\0\0\10RabbitMQ\7versionS\0\0\0\0054.0.2"s);
    w.long_string(mechanisms);
    w.long_string("en_US");
    return handshake.take(AMQP_CONNECTION_START_METHOD, arguments, out);
  }
  Result<> tune(uint16_t channel_max, uint32_t frame_max, uint16_t heartbeat) {
    Buffer arguments;
    Writer w(arguments);
    w.number(channel_max);
    w.number(frame_max);
    w.number(heartbeat);
    return handshake.take(AMQP_CONNECTION_TUNE_METHOD, arguments, out);
  }
  Result<> open_ok() { return handshake.take(AMQP_CONNECTION_OPEN_OK_METHOD, std::string_view("\0", 1), out); }
  /// The methods that were appended to `out` since the last call, as class.method numbers.
  std::string sent() {
    Reader in(out.view());
    std::string methods;
    while (!in.at_end() && in.ok()) {
      EXPECT_EQ(in.octet(), AMQP_FRAME_METHOD);
      EXPECT_EQ(in.number<uint16_t>(), 0);
      Reader payload(in.long_string());
      methods += std::to_string(payload.number<uint16_t>()) + ".";
      methods += std::to_string(payload.number<uint16_t>()) + " ";
      EXPECT_EQ(in.octet(), AMQP_FRAME_END);
    }
    EXPECT_TRUE(in.ok());
    out.clear();
    return methods;
  }

  Settings settings;
  Endpoint endpoint{.host = "rabbit", .vhost = "orders", .user = "me", .password = Secret("pw")};
  Buffer out;
  Handshake handshake{settings, "publisher"};
};

TEST_F(HandshakeTest, GoesThroughItsStages) {
  EXPECT_EQ(out.str(), "AMQP\0\0\x09\x01"s);
  out.clear();
  ASSERT_TRUE(start());
  EXPECT_EQ(handshake.stage(), Stage::tuning);
  EXPECT_THAT(out.str(), testing::AllOf(HasSubstr("\0me\0pw"s), HasSubstr("shop publisher")));
  EXPECT_EQ(sent(), "10.11 ");
  ASSERT_TRUE(tune(2047, 131072, 60));
  EXPECT_EQ(handshake.stage(), Stage::opening);
  EXPECT_THAT(out.str(), HasSubstr("orders"));
  EXPECT_EQ(sent(), "10.31 10.40 ");
  ASSERT_TRUE(open_ok());
  EXPECT_EQ(handshake.stage(), Stage::done);
  EXPECT_EQ(sent(), "");
  auto& agreed = handshake.agreed();
  EXPECT_EQ(agreed.server, "RabbitMQ 4.0.2");
  EXPECT_EQ(agreed.server_major, 4u);
  EXPECT_EQ(agreed.heartbeat, 10s);
  EXPECT_EQ(agreed.channel_max, 2047);
}

TEST_F(HandshakeTest, AgreesOnTheSmallerOfEachNumber) {
  struct Case {
    uint16_t channel_max;
    uint32_t frame_max;
    uint16_t heartbeat;
    uint16_t channels;
    size_t frame;
    Duration interval;
  };
  for (auto& c : {Case{0, 0, 0, 65535, FrameReader::kOurFrameMax, 10s}, Case{1, 8192, 3, 1, 8192, 3s},
                  Case{7, 10, 600, 7, 4096, 10s}, Case{7, 1 << 30, 10, 7, FrameReader::kOurFrameMax, 10s}}) {
    handshake.begin(endpoint, out);
    ASSERT_TRUE(start());
    ASSERT_TRUE(tune(c.channel_max, c.frame_max, c.heartbeat));
    EXPECT_EQ(handshake.agreed().channel_max, c.channels);
    EXPECT_EQ(handshake.agreed().frame_max, c.frame);
    EXPECT_EQ(handshake.agreed().heartbeat, c.interval);
  }
}

TEST_F(HandshakeTest, RefusesWhatComesOutOfTurn) {
  EXPECT_THAT(tune(0, 0, 0).error().text, HasSubstr("out of turn"));
  EXPECT_THAT(open_ok().error().text, HasSubstr("out of turn"));
  ASSERT_TRUE(start());
  EXPECT_THAT(start().error().text, HasSubstr("greeting is not understood"));
  EXPECT_THAT(open_ok().error().text, HasSubstr("out of turn"));
}

TEST_F(HandshakeTest, RefusesWhatIsCutShort) {
  EXPECT_THAT(handshake.take(AMQP_CONNECTION_START_METHOD, "\0\x09\0\0"s, out).error().text, HasSubstr("greeting"));
  ASSERT_TRUE(start());
  EXPECT_THAT(handshake.take(AMQP_CONNECTION_TUNE_METHOD, "\0\x09\0\0"s, out).error().text, HasSubstr("decoded"));
}

TEST_F(HandshakeTest, AServerWithoutPlainIsSaid) {
  EXPECT_THAT(start("EXTERNAL PLAINER").error().text, HasSubstr("does not take PLAIN logins, but: EXTERNAL PLAINER"));
}

TEST_F(HandshakeTest, ExternalSaysNothingOfUserAndPassword) {
  settings.mechanism = Mechanism::external;
  out.clear();
  ASSERT_TRUE(start("PLAIN AMQPLAIN EXTERNAL"));
  EXPECT_THAT(out.str(), testing::AllOf(HasSubstr("\10EXTERNAL\0\0\0\0\5en_US"s), testing::Not(HasSubstr("pw"))));
}

TEST_F(HandshakeTest, AServerWithoutExternalIsSaid) {
  settings.mechanism = Mechanism::external;
  EXPECT_THAT(start("PLAIN AMQPLAIN").error().text,
              testing::AllOf(HasSubstr("does not take EXTERNAL logins, but: PLAIN AMQPLAIN"),
                             HasSubstr("rabbitmq_auth_mechanism_ssl")));
}

TEST_F(HandshakeTest, ThePasswordIsReadAtEachLogin) {
  tls::test::Folder folder;
  auto file = folder.write("password", "first");
  endpoint.password = config::LiveSecret("${file:" + file + "}", "c.yaml", Secret("first"));
  for (auto* password : {"first", "second"}) {
    folder.write("password", password);
    handshake.begin(endpoint, out);
    out.clear();
    ASSERT_TRUE(start());
    EXPECT_THAT(out.str(), HasSubstr("\0me\0"s + password));
  }
}

TEST_F(HandshakeTest, NothingIsLeftOfTheLoginBefore) {
  ASSERT_TRUE(start() && tune(1, 4096, 1) && open_ok());
  handshake.begin(endpoint, out);
  EXPECT_EQ(handshake.stage(), Stage::greeting);
  EXPECT_EQ(handshake.agreed().server_major, 0u);
  EXPECT_EQ(handshake.agreed().frame_max, size_t{FrameReader::kOurFrameMax});
}

}  // namespace
}  // namespace mombridge::amqp
