// Frames and login against a server that does what the test says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripted_server.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using test::Client;
using test::close_arguments;
using test::frame_bytes;
using test::Greeting;
using test::method_bytes;
using test::ScriptedServer;
using testing::HasSubstr;
using testing::StartsWith;

struct Connected {
  explicit Connected(const Greeting& greeting = {}) : client(server) {
    client.open();
    socket = server.login(greeting);
    EXPECT_EQ(client.next(), "opened");
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(socket.await(AMQP_CHANNEL_OPEN_METHOD));
  }
  ScriptedServer server;
  Client client;
  test::FrameSocket socket;
};

TEST(Connection, LogsIn) {
  Connected c(Greeting{.frame_max = 8192, .heartbeat = 60});
  EXPECT_THAT(c.server.start_ok, HasSubstr("\0me\0pw"s));
  EXPECT_THAT(c.server.start_ok, HasSubstr("test publisher")) << "the connection's name";
  for (auto* capability : {"connection.blocked", "consumer_cancel_notify", "authentication_failure_close"})
    EXPECT_THAT(c.server.start_ok, HasSubstr(capability));
  Reader tune(c.server.tune_ok);
  tune.number<uint16_t>();
  EXPECT_EQ(tune.number<uint32_t>(), 8192u) << "the smaller frame_max";
  EXPECT_EQ(tune.number<uint16_t>(), 0) << "ours is off";
  EXPECT_EQ(Reader(c.server.open).short_string(), "/");
  EXPECT_EQ(c.client.connection->agreed().server, "RabbitMQ 3.10.8");
  EXPECT_EQ(c.client.connection->agreed().server_major, 3u);
  EXPECT_EQ(c.client.connection->agreed().frame_max, 8192u);
}

TEST(Connection, FramesArriveWhereverTheStreamIsSplit) {
  std::string deliver = method_bytes(7, AMQP_BASIC_DELIVER_METHOD, "arguments");
  std::string header(12, '\0');
  header[11] = 5;
  std::string stream = deliver + frame_bytes(2, 7, header + "properties") + frame_bytes(8, 0, "") +
                       frame_bytes(3, 7, "he\xCEllo") + frame_bytes(3, 7, "");
  Connected c;
  for (size_t split = 0; split <= stream.size(); ++split) {
    ASSERT_TRUE(c.socket.write(stream.substr(0, split)));
    c.client.run([] {});  // it has been read
    ASSERT_TRUE(c.socket.write(stream.substr(split)));
    EXPECT_EQ(c.client.next(), "method 7 " + std::to_string(AMQP_BASIC_DELIVER_METHOD)) << split;
    EXPECT_EQ(c.client.next(), "header 7 5 properties") << split;
    EXPECT_EQ(c.client.next(), "body 7 he\xCEllo") << split;
    EXPECT_EQ(c.client.next(), "body 7 ") << split;
  }
  for (char byte : stream) {
    ASSERT_TRUE(c.socket.write({&byte, 1}));
    c.client.run([] {});
  }
  for (int i = 0; i < 4; ++i) EXPECT_THAT(c.client.next(), testing::Not(StartsWith("closed")));
  EXPECT_TRUE(c.client.quiet());
}

TEST(Connection, AFrameOfTheLargestSizeIsTakenAndALargerOneIsNot) {
  Connected c(Greeting{.frame_max = 4096});
  std::string body(4096 - 8, 'x');
  c.socket.write(frame_bytes(3, 1, body));
  EXPECT_EQ(c.client.next(), "body 1 " + body);
  c.socket.write(frame_bytes(3, 1, body + "y"));
  EXPECT_THAT(c.client.next(), testing::AllOf(StartsWith("closed "), HasSubstr("larger than agreed")));
  EXPECT_TRUE(c.socket.await_end());
}

// The size alone must do, before so much is waited or room is made for it.
TEST(Connection, AnAbsurdSizeIsRefusedAtOnce) {
  Connected c;
  c.socket.write("\3\0\1\xff\xff\xff\xff"s);
  EXPECT_THAT(c.client.next(), HasSubstr("larger than agreed"));
}

TEST(Connection, WhatIsNoFrameEndsIt) {
  auto no_end = frame_bytes(3, 1, "body");
  no_end.back() = '\0';
  struct Case {
    std::string bytes, reason;
  };
  for (auto& [bytes, reason] :
       {Case{no_end, "without its end mark"}, Case{frame_bytes(4, 1, "x"), "unknown type 4"},
        Case{frame_bytes(0, 0, ""), "unknown type 0"}, Case{frame_bytes(2, 1, "short"), "unknown type"},
        Case{method_bytes(1, 0x00630063), "cannot be decoded"},
        Case{method_bytes(0, AMQP_CONNECTION_CLOSE_METHOD, "\1"), "cannot be decoded"},
        Case{frame_bytes(1, 0, "\0\1"s), "cannot be decoded"}}) {
    Connected c;
    c.socket.write(bytes);
    EXPECT_THAT(c.client.next(), testing::AllOf(StartsWith("closed "), HasSubstr(reason)));
    EXPECT_TRUE(c.socket.await_end()) << reason;
    EXPECT_TRUE(c.client.quiet()) << "said once: " << reason;
  }
}

// The broker adds to headers (x-death), and sends them as large as they have become.
TEST(Connection, AContentHeaderMayBeLargerThanAgreed) {
  Connected c(Greeting{.frame_max = 4096});
  std::string properties(400'000, 'p');
  c.socket.write(frame_bytes(2, 1, std::string(11, '\0') + "\2" + properties) + frame_bytes(3, 1, "hi"));
  EXPECT_EQ(c.client.next(), "header 1 2 " + properties);
  EXPECT_EQ(c.client.next(), "body 1 hi");
}

TEST(Connection, AMethodThatDoesNotFitAFrameIsNotSent) {
  Connected c(Greeting{.frame_max = 4096});
  c.client.run([&] {
    std::string large(4090, 'v');
    amqp_table_entry_t entry{};
    entry.key = bytes("x-large");
    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = bytes(large);
    amqp_queue_declare_t declare{};
    declare.arguments = {1, &entry};
    c.client.connection->send(1, AMQP_QUEUE_DECLARE_METHOD, &declare);
    c.client.connection->send(1, AMQP_QUEUE_DECLARE_METHOD, &declare);  // nothing happens any more
  });
  EXPECT_THAT(c.client.next(), testing::AllOf(HasSubstr("frame_max of 4096"), HasSubstr("AMQP_QUEUE_DECLARE_METHOD")));
  EXPECT_TRUE(c.socket.await_end());
  EXPECT_TRUE(c.client.quiet());
}

// What was received in one go with the frame that made the user stop waits until he goes on.
TEST(Connection, NothingFurtherComesWhileReadingIsPaused) {
  Connected c;
  c.client.run([&] { c.client.pause_after = "body 1 1"; });
  c.socket.write(frame_bytes(3, 1, "1") + frame_bytes(3, 1, "2") + frame_bytes(3, 1, "3"));
  EXPECT_EQ(c.client.next(), "body 1 1");
  EXPECT_TRUE(c.client.quiet());
  c.client.run([&] { c.client.connection->pause_reading(false); });
  EXPECT_EQ(c.client.next(), "body 1 2");
  EXPECT_EQ(c.client.next(), "body 1 3");
}

TEST(Connection, APeerThatClosesBeforeItGreets) {
  ScriptedServer server;
  Client client(server);
  client.open();
  server.accept().close();
  EXPECT_THAT(client.next(), testing::AllOf(HasSubstr(server.port()), HasSubstr("closed before the AMQP handshake"),
                                            HasSubstr("is this RabbitMQ's port?")));
  EXPECT_FALSE(client.connection->end().login_refused());
}

TEST(Connection, APeerThatSpeaksSomethingElseIsNamed) {
  for (auto [bytes, said] : {std::pair{"\x15\3\3\0\2\2\x0a"s, "speaks TLS"},
                             {"HTTP/1.1 400 Bad Request\r\n"s, "speaks HTTP"},
                             {"SSH-2.0-OpenSSH\r\n"s, "'SSH-2.0-OpenSSH\\x0d\\x0a'"}}) {
    ScriptedServer server;
    Client client(server);
    client.open();
    auto socket = server.accept();
    socket.write(bytes);
    EXPECT_THAT(client.next(), testing::AllOf(StartsWith("closed "), HasSubstr(said)));
    EXPECT_TRUE(socket.await_end());
  }
}

TEST(Connection, ALimitOfConnectionsIsKnownAsOneAndSaysHowManyAreNeeded) {
  for (auto* words : {"NOT_ALLOWED - access to vhost '/' refused for user 'me': connection limit (5) is reached",
                      "NOT_ALLOWED - connection refused for user 'me': user connection limit (1) is reached"}) {
    ScriptedServer server;
    Client client(server);
    client.settings.subscriptions.resize(3);
    client.open();
    auto socket = server.greet();
    socket.method(0, AMQP_CONNECTION_CLOSE_METHOD, close_arguments(530, words));
    EXPECT_THAT(client.next(), testing::AllOf(HasSubstr(words), HasSubstr("needs 4 AMQP connections")));
    EXPECT_TRUE(client.connection->end().limited());
    EXPECT_TRUE(client.connection->end().login_refused()) << "not to be knocked at at once";
  }
  ScriptedServer server;
  Client client(server);
  client.open();
  auto socket = server.greet();
  socket.method(0, AMQP_CONNECTION_CLOSE_METHOD, close_arguments(530, "NOT_ALLOWED - vhost nosuch not found"));
  EXPECT_THAT(client.next(), HasSubstr("vhost nosuch"));
  EXPECT_FALSE(client.connection->end().limited());
}

TEST(Connection, AServerOfAnotherProtocol) {
  ScriptedServer server;
  Client client(server);
  client.open();
  auto socket = server.accept();
  socket.write("AMQP\0\1\0\0"s);
  EXPECT_THAT(client.next(), HasSubstr("does not speak AMQP 0-9-1"));
  client.open();
  socket = server.accept();
  socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_THAT(client.next(), StartsWith("closed "));
}

TEST(Connection, NothingOfAChannelBeforeItIsOpen) {
  ScriptedServer server;
  Client client(server);
  client.open();
  auto socket = server.greet();
  socket.write(method_bytes(1, AMQP_CONFIRM_SELECT_OK_METHOD));
  EXPECT_THAT(client.next(), StartsWith("closed "));
}

// A number from the wire must not lead anywhere but to a channel that was opened.
TEST(Connection, AFrameOnAChannelThatWasNeverOpenedEndsIt) {
  for (uint16_t channel : {2, 6, 8, 2047, 65535})
    for (auto& bytes : {method_bytes(channel, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(404, "gone")),
                        method_bytes(channel, AMQP_BASIC_ACK_METHOD, std::string(9, '\0')),
                        frame_bytes(2, channel, std::string(14, '\0')), frame_bytes(3, channel, "body")}) {
      Connected c;
      c.socket.write(bytes);
      EXPECT_EQ(c.client.next(), "closed a frame on channel " + std::to_string(channel) + ", which was never opened");
      EXPECT_TRUE(c.socket.await_end());
    }
}

// Arrays in arrays, so many that a decoder that recurses would end the process.
std::string deep_array() {
  std::string value = "V";
  for (int i = 0; i < 20'000; ++i) {
    Buffer outer("A");
    Writer(outer).long_string(value);
    value = outer.str();
  }
  return value;
}

// They may carry tables, which rabbitmq-c decodes as deep as they nest.
TEST(Connection, AMethodThatOnlyClientsSendEndsItAndIsNotDecoded) {
  auto declare = test::arguments([&](Writer& w) {
    w.number(uint16_t{0});
    w.short_string("queue");
    w.octet(0);
    w.long_string("\4deep" + deep_array());
  });
  for (auto [channel, id, name] : {std::tuple(1, AMQP_QUEUE_DECLARE_METHOD, "AMQP_QUEUE_DECLARE_METHOD"),
                                   {0, AMQP_CONNECTION_START_OK_METHOD, "AMQP_CONNECTION_START_OK_METHOD"}}) {
    Connected c;
    c.socket.method(static_cast<uint16_t>(channel), id, declare);
    EXPECT_EQ(c.client.next(), "closed the broker sent "s + name + ", which only clients send");
    EXPECT_TRUE(c.socket.await_end());
  }
}

TEST(Connection, MethodsOutOfTurnEndIt) {
  for (auto id : {AMQP_CONNECTION_TUNE_METHOD, AMQP_CONNECTION_OPEN_OK_METHOD}) {
    Connected c;
    c.socket.method(0, id, std::string(8, '\0'));
    EXPECT_THAT(c.client.next(), HasSubstr("out of turn"));
  }
  Connected c;
  c.socket.method(0, AMQP_CONNECTION_START_METHOD, "\0\x09\0\0\0\0\0\0\0\5PLAIN\0\0\0\0"s);
  EXPECT_THAT(c.client.next(), HasSubstr("greeting"));
}

// rabbitmq-c's decoder would recurse 26,000 times.
TEST(Connection, AGreetingThatNestsDeep) {
  Connected c(Greeting{.properties = "\4deep" + deep_array() + "\7versionS\0\0\0\00512.34"s});
  EXPECT_EQ(c.client.connection->agreed().server_major, 12u);
}

TEST(Connection, AServerWithoutPlain) {
  ScriptedServer server;
  Client client(server);
  client.open();
  auto socket = server.greet({.mechanisms = "EXTERNAL PLAINER"});
  EXPECT_THAT(client.next(), testing::AllOf(HasSubstr("does not take PLAIN"), HasSubstr("EXTERNAL PLAINER")));
  EXPECT_TRUE(client.connection->end().login_refused());
}

TEST(ConnectionEnd, WhatWillBeRefusedAgainWaitsLongest) {
  using Kind = ConnectionEnd::Kind;
  EXPECT_EQ(ConnectionEnd{Kind::lost}.least_wait(30s), 0s);
  EXPECT_EQ(ConnectionEnd{Kind::limited}.least_wait(30s), 1s);
  EXPECT_EQ(ConnectionEnd{Kind::login_refused}.least_wait(30s), 30s);
  EXPECT_EQ(ConnectionEnd{Kind::login_refused}.least_wait(10ms), 1s);
}

TEST(Connection, ARefusedLoginIsKnownAsOne) {
  ScriptedServer server;
  Client client(server);
  client.open();
  auto socket = server.greet();
  socket.method(0, AMQP_CONNECTION_CLOSE_METHOD, close_arguments(403, "ACCESS_REFUSED - Login was refused"));
  EXPECT_THAT(client.next(), HasSubstr("403 ACCESS_REFUSED - Login was refused"));
  EXPECT_TRUE(client.connection->end().login_refused());
  client.open();
  socket = server.greet();
  socket.close();  // as brokers do to clients that cannot be told
  EXPECT_THAT(client.next(), HasSubstr("wrong user or password?"));
  EXPECT_TRUE(client.connection->end().login_refused());
  client.open();
  socket = server.login();
  EXPECT_EQ(client.next(), "opened");
  socket.close();
  EXPECT_THAT(client.next(), StartsWith("closed "));
  EXPECT_FALSE(client.connection->end().login_refused());
}

TEST(Connection, AServerThatSaysNothingEndsTheAttemptInTime) {
  ScriptedServer server;
  Client client(server);
  client.settings.connect_timeout = 100ms;
  client.open();
  auto socket = server.accept();
  EXPECT_THAT(client.next(), HasSubstr("connect_timeout"));
  EXPECT_TRUE(socket.await_end());
}

}  // namespace
}  // namespace mombridge::amqp
