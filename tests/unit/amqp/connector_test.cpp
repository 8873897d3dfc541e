// Which endpoint, which of its addresses, and what of it may fail.

#include "broker/amqp/connector.hpp"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <netinet/in.h>
#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "doubles/no_threads.hpp"
#include "half_transport.hpp"
#include "scripted_server.hpp"

namespace mombridge::amqp {
namespace {

using testing::HasSubstr;
using Addresses = std::vector<Address>;

Address loopback(const std::string& port) {
  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(std::stoi(port)));
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.size = sizeof v4;
  address.family = AF_INET;
  return address;
}

class ConnectorTest : public testing::Test {
 protected:
  ConnectorTest() {
    settings.endpoints = {{.host = "rabbit", .port = "5672"}};
    settings.connect_timeout = 2s;
    loop.start();
  }
  ~ConnectorTest() override {
    loop.call([this] {
      transport.reset();
      connector.reset();
    });
    loop.stop();
  }
  /// Each host has these addresses.
  void has_addresses(Addresses addresses) {
    make({.lookup = [addresses](auto&, auto&) { return Result<Addresses>(addresses); }});
  }
  void make(ConnectorMeans means) {
    loop.call([&] { connector = std::make_unique<Connector>(loop, settings, std::move(means)); });
  }
  /// "connected", or the error.
  std::string attempt() {
    auto said = std::make_shared<std::promise<std::string>>();
    auto answer = said->get_future();
    loop.call([&] {
      connector->begin([this, said](auto result) {
        if (result) transport = std::move(*result);
        said->set_value(result ? "connected" : result.error().text);
      });
    });
    return answer.wait_for(test::kPatience) == std::future_status::ready ? answer.get() : "nothing";
  }
  static std::string dead_port() { return test::ScriptedServer().port(); }

  Settings settings;
  EventLoop loop{"test"};
  std::unique_ptr<Connector> connector;
  std::unique_ptr<Transport> transport;
};

std::unique_ptr<Transport> half(Fd socket, const Endpoint&) {
  return std::make_unique<test::HalfTransport>(std::move(socket));
}

TEST_F(ConnectorTest, EachAttemptTakesTheNextEndpoint) {
  test::ScriptedServer server;
  settings.endpoints = {{.host = "a"}, {.host = "b", .port = "1"}, {.host = "c"}};
  has_addresses({loopback(server.port())});
  for (auto* expected : {"a:5672", "b:1", "c:5672", "a:5672"}) {
    EXPECT_EQ(attempt(), "connected");
    EXPECT_EQ(connector->endpoint_text(), expected);
  }
}

TEST_F(ConnectorTest, AddressesAreTriedInTheirOrderUntilOneConnects) {
  test::ScriptedServer second, third;
  has_addresses({loopback(dead_port()), loopback(second.port()), loopback(third.port())});
  EXPECT_EQ(attempt(), "connected");
  EXPECT_TRUE(second.pending(test::kPatience));
  EXPECT_FALSE(third.pending(Duration::zero()));
  EXPECT_EQ(connector->error(), "") << "another one is connected";
}

TEST_F(ConnectorTest, TheLastReasonIsSaidWhereNoAddressConnects) {
  has_addresses({loopback(dead_port()), loopback(dead_port())});
  EXPECT_EQ(attempt(), "cannot connect to rabbit:5672: Connection refused");
  has_addresses({});
  EXPECT_THAT(attempt(), HasSubstr("no address"));
}

TEST_F(ConnectorTest, AnAddressThatSwallowsEverythingLeavesTimeForTheNext) {
  test::ScriptedServer hole(AF_INET, 0, 0), server;
  hole.swallow();
  settings.connect_timeout = 400ms;
  has_addresses({loopback(hole.port()), loopback(server.port())});
  std::promise<void> ended;
  std::atomic<bool> connected = false;
  loop.call([&] {
    connector->begin([&](auto result) {
      connected = result.has_value();
      ended.set_value();
    });
  });
  for (int i = 0; i < 3; ++i) loop.call([] {});
  EXPECT_FALSE(connected) << "what others have posted runs meanwhile";
  ASSERT_EQ(ended.get_future().wait_for(test::kPatience), std::future_status::ready);
  loop.call([&] { EXPECT_TRUE(connected); });
  EXPECT_TRUE(server.pending(test::kPatience));
}

// A node that is dead behind a name server that is dead, too: everything else on this thread goes on.
TEST_F(ConnectorTest, ALookupThatHangsHoldsNothingUp) {
  test::ScriptedServer server;
  auto answer = std::make_shared<std::promise<void>>();
  std::shared_future<void> wait = answer->get_future();
  settings.endpoints = {{.host = "hangs"}, {.host = "answers"}};
  make({.lookup = [&server, wait](auto& host, auto&) -> Result<Addresses> {
    if (host == "hangs") wait.wait();
    return Addresses{loopback(server.port())};
  }});
  bool called = false;
  loop.call([&] { connector->begin([&](auto) { called = true; }); });
  std::promise<void> ran;
  loop.post([&] { ran.set_value(); });
  EXPECT_EQ(ran.get_future().wait_for(test::kPatience), std::future_status::ready);
  EXPECT_EQ(attempt(), "connected") << "the next endpoint";
  answer->set_value();
  loop.call([] {});
  EXPECT_FALSE(called) << "the first attempt was cancelled";
}

TEST_F(ConnectorTest, AHandshakeIsDrivenByTheLoop) {
  test::ScriptedServer server;
  make({.lookup = [&](auto&, auto&) { return Result<Addresses>({loopback(server.port())}); }, .transport = half});
  std::promise<bool> connected;
  loop.call([&] {
    connector->begin([&](auto result) {
      if (result) transport = std::move(*result);
      connected.set_value(result.has_value());
    });
  });
  auto socket = server.accept();
  auto answer = connected.get_future();
  EXPECT_EQ(answer.wait_for(20ms), std::future_status::timeout) << "the other end has said nothing yet";
  socket.write("ok");
  ASSERT_EQ(answer.wait_for(test::kPatience), std::future_status::ready);
  EXPECT_TRUE(answer.get());
}

TEST_F(ConnectorTest, AHandshakeThatFailsOrStallsLeavesTheNextAddress) {
  settings.connect_timeout = 600ms;
  for (auto* says : {"no", "", "end"}) {
    test::ScriptedServer bad, good;
    make({.lookup =
              [&](auto&, auto&) {
                return Result<Addresses>({loopback(bad.port()), loopback(good.port())});
              },
          .transport = half});
    std::promise<bool> connected;
    loop.call([&] {
      connector->begin([&](auto result) {
        if (result) transport = std::move(*result);
        connected.set_value(result.has_value());
      });
    });
    auto first = bad.accept();
    says == std::string("end") ? first.close() : void(first.write(says));
    good.accept().write("ok");
    EXPECT_TRUE(connected.get_future().get()) << says;
  }
}

TEST_F(ConnectorTest, AHandshakeThatFailsEverywhereIsSaid) {
  test::ScriptedServer server;
  make({.lookup = [&](auto&, auto&) { return Result<Addresses>({loopback(server.port())}); }, .transport = half});
  std::promise<std::string> said;
  loop.call([&] { connector->begin([&](auto result) { said.set_value(result ? "" : result.error().text); }); });
  server.accept().write("no");
  EXPECT_EQ(said.get_future().get(), "cannot connect to rabbit:5672: the other end is not trusted");
}

// One connect_timeout is for all of it.
TEST(ConnectTimeout, AHandshakeThatStallsEndsTheAttempt) {
  test::ScriptedServer server;
  test::Client client({server.port()}, {.transport = half});
  client.settings.connect_timeout = 100ms;
  client.open();
  auto socket = server.accept();
  EXPECT_THAT(client.next(), HasSubstr("connect_timeout"));
  EXPECT_TRUE(socket.await_end());
}

TEST_F(ConnectorTest, WithoutADescriptorTheReasonIsTheTrueOne) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer needs a descriptor to look at an object";
#endif
  test::ScriptedServer server;
  has_addresses({loopback(server.port())});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  auto said = attempt();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(said, "cannot connect to rabbit:5672: cannot make a socket: Too many open files");
  EXPECT_EQ(attempt(), "connected") << "and is tried again";
}

TEST_F(ConnectorTest, WithoutAThreadToResolveTheNameTheAttemptFails) {
  test::ScriptedServer server;
  has_addresses({loopback(server.port())});
  {
    mombridge::test::NoThreads none;
    EXPECT_THAT(attempt(), HasSubstr("cannot resolve 'rabbit': cannot make thread 'resolve': "));
  }
  EXPECT_EQ(attempt(), "connected") << "and is tried again";
}

}  // namespace
}  // namespace mombridge::amqp
