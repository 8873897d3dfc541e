// Logins with a token: one connection's part in it, and what becomes of what is published meanwhile.

#include "broker/amqp/token_login.hpp"

#include <filesystem>
#include <fstream>

#include "publisher_scripted.hpp"
#include "token/fixed_source.hpp"
#include "token/jwt.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using test::arguments;
using test::close_arguments;
using testing::HasSubstr;
using testing::Not;
using token::FixedSource;

constexpr unsigned kForbidden = 403;
constexpr std::string_view kWords = "ACCESS_REFUSED - access to queue 'q' refused";

TEST(TokenLogin, WithoutASourceNothingApplies) {
  TokenLogin login(nullptr);
  EXPECT_FALSE(login);
  EXPECT_TRUE(login.ready());
  EXPECT_FALSE(login.update());
  EXPECT_FALSE(login.run_out(kForbidden, kWords));
}

TEST(TokenLogin, LogsInWithThePresentToken) {
  FixedSource tokens("a");
  TokenLogin login(&tokens.source);
  EXPECT_TRUE(login.ready());
  EXPECT_EQ(login.log_in()->reveal(), "a");
  EXPECT_FALSE(login.update());
}

TEST(TokenLogin, WithAFreshTokenTheBrokerMeansWhatItSays) {
  FixedSource tokens("a");
  TokenLogin login(&tokens.source);
  (void)login.log_in();
  EXPECT_FALSE(login.run_out(kForbidden, kWords));
  EXPECT_TRUE(login.ready());
  EXPECT_FALSE(login.run_out(404, "has expired"));
  EXPECT_TRUE(login.run_out(kForbidden, "ACCESS_REFUSED - Provided JWT token has expired at timestamp 1"));
  tokens.await(2);
  (void)login.log_in();
  EXPECT_FALSE(login.run_out(kForbidden, kWords));
  tokens.pass(31s);
  EXPECT_FALSE(login.run_out(404, kWords));
  EXPECT_TRUE(login.run_out(kForbidden, kWords));
}

TEST(TokenLogin, WaitsForANewerOneThanTheRefused) {
  FixedSource tokens("a");
  TokenLogin login(&tokens.source), other(&tokens.source);
  (void)login.log_in();
  (void)other.log_in();
  tokens.pass(1h);
  tokens.will_find("");
  ASSERT_TRUE(login.run_out(kForbidden, kWords));
  ASSERT_FALSE(login.ready());
  EXPECT_THAT(login.ready().error().text, HasSubstr("no newer one yet"));
  while (tokens.source.status().detail.empty()) ::usleep(1000);
  EXPECT_THAT(login.ready().error().text, HasSubstr("it is down"));
  EXPECT_FALSE(login.log_in());
  EXPECT_TRUE(other.ready()) << "another connection is not refused";
  tokens.will_find("b");
  tokens.pass(1h);
  tokens.await(2);
  EXPECT_EQ(login.log_in()->reveal(), "b");
  EXPECT_FALSE(login.run_out(kForbidden, kWords));
}

TEST(TokenLogin, AnUpdateMayNotHaveComeToEveryChannel) {
  FixedSource tokens("a");
  TokenLogin login(&tokens.source);
  (void)login.log_in();
  tokens.pass(1h);
  tokens.will_find("b");
  tokens.source.refused(1);
  tokens.await(2);
  EXPECT_EQ(login.update()->reveal(), "b");
  EXPECT_FALSE(login.update());
  EXPECT_TRUE(login.run_out(kForbidden, kWords)) << "for a moment, a channel may still go by the token before";
}

// A connection of its own.
TEST(TokenConnection, TheTokenIsThePassword) {
  FixedSource tokens("the.token");
  test::ScriptedServer server;
  test::Client client({server.port()}, {}, &tokens.source);
  client.open();
  auto socket = server.login();
  EXPECT_EQ(client.next(), "opened");
  EXPECT_THAT(server.start_ok, HasSubstr("\0me\0the.token"s));
  EXPECT_THAT(server.start_ok, Not(HasSubstr("\0me\0pw"s)));
}

TEST(TokenConnection, ANewTokenIsSentOnAnOpenConnection) {
  FixedSource tokens("a");
  test::ScriptedServer server;
  test::Client client({server.port()}, {}, &tokens.source);
  client.open();
  auto socket = server.login();
  ASSERT_EQ(client.next(), "opened");
  client.run([&] { client.connection->renew_login(); });
  tokens.will_find("b.b");
  tokens.pass(1h);
  tokens.source.refused(1);
  tokens.await(2);
  client.run([&] { client.connection->renew_login(); });
  auto frame = socket.await(kUpdateSecretMethod);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->channel, 0);
  Reader in(frame->arguments());
  EXPECT_EQ(in.long_string(), "b.b");
  EXPECT_EQ(in.short_string(), "renewed");
  EXPECT_TRUE(in.ok());
  socket.method(0, kUpdateSecretOkMethod);
  EXPECT_TRUE(client.quiet());
}

TEST(TokenConnection, WithoutATokenNobodyConnects) {
  FixedSource tokens("a");
  test::ScriptedServer server;
  test::Client client({server.port()}, {}, &tokens.source);
  client.open();
  { server.login(); }
  ASSERT_EQ(client.next(), "opened");
  EXPECT_THAT(client.next(), HasSubstr("closed "));
  tokens.will_find("");
  tokens.pass(1h);
  client.run([&] { EXPECT_TRUE(client.connection->token_login().run_out(kForbidden, kWords)); });
  client.open();
  EXPECT_THAT(client.next(), HasSubstr("no newer one yet"));
  EXPECT_TRUE(client.connection->end().login_refused());
  EXPECT_FALSE(server.pending(100ms));
}

// A broker whose section has `token: {file: …}`.
class TokenPublisher : public test::ScriptedPublisher {
 protected:
  TokenPublisher() {
    file = std::filesystem::path(testing::TempDir()) / ("token." + std::to_string(::getpid()));
    settings->token.emplace().file = file.string();
  }
  ~TokenPublisher() override { std::filesystem::remove(file); }
  /// A token with a life of so many seconds.
  void write(const std::string& subject, int seconds) const {
    std::ofstream(file) << token::jwt(R"({"sub":")" + subject + R"(","exp":)" +
                                      std::to_string(unix_ms() / 1000 + seconds) + "}");
  }
  void begin() {
    broker = create({.name = "shop", .type = "amqp", .mark = {}, .settings = settings});
    start();
  }
  std::string state_of(const std::string& name) {
    for (auto& link : broker->status())
      if (link.link == name) return std::string(to_string(link.state)) + " " + link.detail;
    return "none";
  }
  void forbid() {
    socket.method(1, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(kForbidden, "ACCESS_REFUSED - not for you"));
  }

  std::filesystem::path file;
};

TEST_F(TokenPublisher, WithAFreshTokenARefusalIsTheMessages) {
  write("a", 3600);
  begin();
  auto& probe = one();
  broker->publish(probe);
  receive();
  forbid();
  EXPECT_THAT(probe.outcome(), HasSubstr("not for you"));
}

TEST_F(TokenPublisher, ALoginThatHasRunOutIsNoFaultOfTheMessage) {
  write("a", 2);
  begin();
  ::sleep(2);
  write("b", 3600);
  auto& probe = one();
  broker->publish(probe);
  receive();
  forbid();
  connect();
  EXPECT_TRUE(probe.pending());
  receive();
  ack(1, false);
  EXPECT_EQ(probe.outcome(), "delivered");
}

TEST_F(TokenPublisher, WaitsUntilThereIsAToken) {
  std::filesystem::remove(file);
  broker = create({.name = "shop", .type = "amqp", .mark = {}, .settings = settings});
  start_alone();
  EXPECT_FALSE(server.pending(300ms));
  EXPECT_THAT(state_of("token"), HasSubstr("failing there is no token: cannot read"));
  EXPECT_THAT(state_of("publisher"), HasSubstr("failing there is no token"));
  write("a", 3600);
  connect();
  await_state(LinkStatus::State::up);
  EXPECT_EQ(state_of("token"), "up ");
}

}  // namespace
}  // namespace mombridge::amqp
