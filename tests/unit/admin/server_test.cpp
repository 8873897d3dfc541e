// Real sockets, and peers that do not behave.

#include "admin/server.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>

#include <gmock/gmock.h>

namespace mombridge::admin {
namespace {

using testing::EndsWith;
using testing::StartsWith;

constexpr const char* kRequest = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr const char* kResponse = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

class ServerTest : public testing::Test {
 protected:
  void start(const Limits& limits = {}, std::string response = kResponse) {
    std::string name = "/tmp/mombridge-server-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    listen_ = *config::parse_listen("unix:" + folder_ + "/s");
    auto socket = ListeningSocket::open(listen_);
    ASSERT_TRUE(socket) << socket.error().text;
    server = std::make_unique<Server>("test", std::move(*socket), limits);
    ASSERT_TRUE(server->start([this, response](std::string_view request, const Server::Respond& respond) {
      EXPECT_THAT(std::string(request), EndsWith("\r\n\r\n"));
      ++requests;
      if (!keeps)
        respond(response);
      else
        kept.push_back(respond);
    }));
  }
  ~ServerTest() override {
    server.reset();
    ::rmdir(folder_.c_str());
  }

  [[nodiscard]] Fd connect() const {
    auto fd = connect_to(listen_, 20);
    EXPECT_TRUE(fd) << fd.error().text;
    return fd ? std::move(*fd) : Fd();
  }
  static bool send(const Fd& fd, std::string_view text) {
    return ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  /// All until the other end closes.
  static std::string receive(const Fd& fd) {
    std::string all;
    char buffer[65536];
    for (ssize_t n = 0; (n = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0;)
      all.append(buffer, static_cast<size_t>(n));
    return all;
  }
  [[nodiscard]] std::string ask() const {
    auto fd = connect();
    send(fd, kRequest);
    return receive(fd);
  }

  std::unique_ptr<Server> server;
  std::atomic<int> requests{0};
  std::atomic<bool> keeps{false};
  std::vector<Server::Respond> kept;  ///< the server's thread

 private:
  std::string folder_;
  config::Listen listen_;
};

TEST_F(ServerTest, AnswersAndCloses) {
  start();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(), kResponse);
  EXPECT_EQ(requests, 10);
}

TEST_F(ServerTest, ARequestMayComeInPieces) {
  start();
  auto fd = connect();
  for (char c : std::string_view(kRequest)) ASSERT_TRUE(send(fd, {&c, 1}));
  EXPECT_EQ(receive(fd), kResponse);
}

TEST_F(ServerTest, WhatFollowsTheRequestIsNotRead) {
  start();
  auto fd = connect();
  ASSERT_TRUE(send(fd, std::string(kRequest) + std::string(100'000, 'x')));
  EXPECT_EQ(receive(fd), kResponse);
}

TEST_F(ServerTest, AFloodOfHeadersIsRefused) {
  start();
  auto fd = connect();
  std::string flood = "GET /x HTTP/1.1\r\n";
  for (int i = 0; i < 2000; ++i) flood += "X-Header-" + std::to_string(i) + ": y\r\n";
  send(fd, flood);
  EXPECT_THAT(receive(fd), StartsWith("HTTP/1.1 431 "));
  EXPECT_EQ(requests, 0);
}

TEST_F(ServerTest, ASlowPeerIsSentAway) {
  start({.request = 100ms});
  auto silent = connect();
  auto slow = connect();
  send(slow, "GET /x");
  EXPECT_EQ(ask(), kResponse) << "others do not wait for them";
  EXPECT_THAT(receive(slow), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(receive(silent), "");
}

TEST_F(ServerTest, APeerThatReadsNothingIsSentAway) {
  start({.response = 100ms}, std::string(50'000'000, 'x'));
  auto fd = connect();
  send(fd, kRequest);
  std::this_thread::sleep_for(300ms);
  EXPECT_LT(receive(fd).size(), 50'000'000u);
}

TEST_F(ServerTest, ALargeResponseArrivesWhole) {
  start({}, std::string(5'000'000, 'x'));
  EXPECT_EQ(ask().size(), 5'000'000u);
}

TEST_F(ServerTest, ManyWhoSayNothingKeepNobodyOut) {
  start({.connections = 16});
  std::vector<Fd> idle;
  for (int i = 0; i < 500; ++i) idle.push_back(connect());
  EXPECT_EQ(ask(), kResponse);
  EXPECT_EQ(receive(idle.front()), "") << "the oldest made room";
}

TEST_F(ServerTest, TenThousandConnectionsOneAfterTheOther) {
  start({.connections = 16});
  for (int i = 0; i < 10'000; ++i) send(connect(), "GET");
  EXPECT_EQ(ask(), kResponse);
}

TEST_F(ServerTest, AnAnswerMayComeAfterTheirEnd) {
  start();
  keeps = true;
  auto gone = connect();
  auto stays = connect();
  send(gone, kRequest);
  send(stays, kRequest);
  for (auto end = Clock::now() + 20s; requests < 2 && Clock::now() < end;) std::this_thread::sleep_for(1ms);
  ASSERT_EQ(requests, 2);
  gone.reset();
  std::this_thread::sleep_for(50ms);
  server->loop().call([this] {
    for (auto& respond : kept) respond(std::string(kResponse));
  });
  EXPECT_EQ(receive(stays), kResponse);
}

/// Counts what is asked of it.
class Endless final : public Stream {
 public:
  explicit Endless(std::atomic<uint64_t>& asked, std::atomic<int>& alive) : asked_(asked), alive_(alive) { ++alive_; }
  ~Endless() override { --alive_; }
  std::optional<std::string> more() override {
    ++asked_;
    return std::string(100'000, 'x');
  }

 private:
  std::atomic<uint64_t>& asked_;
  std::atomic<int>& alive_;
};

class StreamTest : public ServerTest {
 protected:
  [[nodiscard]] Fd ask_for(std::shared_ptr<Stream> stream) {
    keeps = true;
    auto fd = connect();
    send(fd, kRequest);
    for (auto end = Clock::now() + 20s; requests < 1 && Clock::now() < end;) std::this_thread::sleep_for(1ms);
    server->loop().call([&] { kept.at(0)({"HTTP/1.1 200 OK\r\n\r\n", std::move(stream)}); });
    return fd;
  }
  static bool comes(const std::function<bool()>& condition) {
    for (auto end = Clock::now() + 20s; Clock::now() < end;) {
      if (condition()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }
  std::atomic<uint64_t> asked{0};
  std::atomic<int> alive{0};
};

TEST_F(StreamTest, GoesOnUntilThePeerEnds) {
  start();
  auto fd = ask_for(std::make_shared<Endless>(asked, alive));
  char buffer[1000];
  for (size_t all = 0; all < 250'000;) {
    auto n = ::recv(fd.get(), buffer, sizeof buffer, 0);
    ASSERT_GT(n, 0);
    all += static_cast<size_t>(n);
  }
  EXPECT_EQ(alive, 1);
  fd.reset();
  EXPECT_TRUE(comes([&] { return alive == 0; }));
}

TEST_F(StreamTest, APeerThatReadsNothingIsNotAskedForMoreAndSentAway) {
  start({.part = 500ms});
  auto fd = ask_for(std::make_shared<Endless>(asked, alive));
  int small = 4096;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  EXPECT_TRUE(comes([&] { return alive == 0; }));
  EXPECT_LT(asked, 20u) << "what waits here is one part";
}

TEST_F(StreamTest, EndsWithTheServer) {
  start();
  auto fd = ask_for(std::make_shared<Endless>(asked, alive));
  EXPECT_TRUE(comes([&] { return asked > 0; }));
  server->stop();
  EXPECT_EQ(alive, 0);
}

// The limit does not touch the descriptors that are open: only the server's next one cannot be had.
TEST_F(ServerTest, WithoutDescriptorsItGoesOnLater) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer needs a descriptor to look at an object";
#endif
  start();
  EXPECT_EQ(ask(), kResponse);
  std::promise<void> free;
  server->loop().post([&] { free.get_future().wait(); });
  auto late = connect();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  auto none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  free.set_value();
  std::this_thread::sleep_for(50ms);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  send(late, kRequest);
  EXPECT_EQ(receive(late), kResponse);
}

}  // namespace
}  // namespace mombridge::admin
