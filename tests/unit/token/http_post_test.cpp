#include "token/http_post.hpp"

#include <arpa/inet.h>
#include <fstream>
#include <httplib.h>
#include <memory>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/fd.hpp"
#include "tls/making.hpp"

namespace mombridge::token {
namespace {

/// Takes one connection, and does with it what it is told.
class RawServer {
 public:
  explicit RawServer(std::function<void(int)> serve) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_.get(), 1);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, serve = std::move(serve)] {
      Fd peer(::accept(listener_.get(), nullptr, nullptr));
      if (peer) serve(peer.get());
    });
  }
  ~RawServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  int port = 0;

 private:
  Fd listener_;
  std::thread thread_;
};

/// Reads until the request's form has come.
std::string request(int fd) {
  std::string all;
  char part[4096];
  while (all.find("grant_type=x") == std::string::npos) {
    auto size = ::read(fd, part, sizeof part);
    if (size <= 0) break;
    all.append(part, static_cast<size_t>(size));
  }
  return all;
}
// False where the peer is gone.
bool say(int fd, std::string_view text) {
  while (!text.empty()) {
    auto size = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    text.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}
/// Returns when the peer has closed its end.
void await_end(int fd) {
  char byte;
  while (::read(fd, &byte, 1) > 0) {
  }
}

HttpRequest to_port(int port, bool tls = false) {
  HttpRequest request;
  request.url = {.tls = tls, .host = "127.0.0.1", .port = port, .path = "/token?a=b"};
  request.authorization = Secret("Basic YTpi");
  request.body = Secret("grant_type=x");
  return request;
}

Result<HttpAnswer> post(const HttpRequest& request, Duration patience = 30s) {
  return http_post(request, Clock::now() + patience, [] { return false; });
}
std::string error_of(const Result<HttpAnswer>& answer) { return answer ? "" : answer.error().text; }

/// The answer to what the server does.
Result<HttpAnswer> served(std::function<void(int)> serve, Duration patience = 30s) {
  RawServer server(std::move(serve));
  return post(to_port(server.port), patience);
}

TEST(HttpPostTest, SendsTheFormAndTakesTheAnswer) {
  std::string got;
  auto answer = served([&](int fd) {
    got = request(fd);
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
  });
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "body");
  EXPECT_TRUE(got.starts_with("POST /token?a=b HTTP/1.1\r\n")) << got;
  EXPECT_NE(got.find("\r\nAuthorization: Basic YTpi\r\n"), std::string::npos) << got;
  EXPECT_NE(got.find("\r\nContent-Type: application/x-www-form-urlencoded\r\n"), std::string::npos) << got;
}

TEST(HttpPostTest, TakesRefusalsAndRedirectsAsTheyAre) {
  auto answer = served([](int fd) {
    request(fd);
    say(fd, "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno");
  });
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->status, 401);
  EXPECT_EQ(answer->body, "no");
  answer = served([](int fd) {
    request(fd);
    say(fd, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  });
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->status, 302);
}

TEST(HttpPostTest, NobodyListens) {
  int port;
  {
    port = RawServer([](int) {}).port;
  }
  EXPECT_NE(error_of(post(to_port(port))).find("cannot connect"), std::string::npos);
}

TEST(HttpPostTest, SilenceEndsAtTheDeadline) {
  auto began = Clock::now();
  auto answer = served([](int fd) { await_end(fd); }, 300ms);
  EXPECT_EQ(error_of(answer), "no whole answer in time");
  EXPECT_LT(Clock::now() - began, 5s);
}

TEST(HttpPostTest, ATrickleEndsAtTheDeadline) {
  auto answer = served(
      [](int fd) {
        request(fd);
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (say(fd, "x")) ::usleep(20000);
      },
      500ms);
  EXPECT_EQ(error_of(answer), "no whole answer in time");
}

TEST(HttpPostTest, IsStopped) {
  RawServer server([](int fd) { await_end(fd); });
  int asked = 0;
  auto answer = http_post(to_port(server.port), Clock::now() + 1h, [&] { return ++asked == 2; });
  EXPECT_EQ(error_of(answer), "stopped");
}

TEST(HttpPostTest, AHugeBodyIsRefused) {
  auto answer = served([](int fd) {
    request(fd);
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000000\r\n\r\n");
    while (say(fd, std::string(65536, 'x'))) {
    }
  });
  EXPECT_EQ(error_of(answer), "its answer is larger than 256 KiB");
}

TEST(HttpPostTest, AHugeHeaderIsRefused) {
  auto answer = served([](int fd) {
    request(fd);
    say(fd, "HTTP/1.1 200 OK\r\n");
    while (say(fd, "X-Header: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  EXPECT_EQ(error_of(answer), "its answer is larger than 256 KiB");
}

TEST(HttpPostTest, RubbishIsAnError) {
  for (std::string text :
       {"", "\n", "rubbish\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 99999999999999999999 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "AMQP\0\0\x09\x01"}) {
    auto answer = served([&](int fd) {
      request(fd);
      say(fd, text);
    });
    EXPECT_FALSE(answer) << text;
  }
}

TEST(HttpPostTest, NoErrorShowsTheSecret) {
  auto error = error_of(served([](int fd) {
    auto got = request(fd);
    say(fd, got);
  }));
  EXPECT_NE(error, "");
  EXPECT_EQ(error.find("YTpi"), std::string::npos) << error;
  EXPECT_EQ(error.find("grant_type"), std::string::npos) << error;
}

/// An HTTPS server with a certificate of the test's CA.
class TlsTest : public testing::Test {
 protected:
  void serve(const tls::test::Recipe& recipe = {}) {
    auto issued = authority.issue(recipe);
    server = std::make_unique<httplib::SSLServer>(folder.write("cert.pem", issued.certificate).c_str(),
                                                  folder.write("key.pem", issued.key).c_str());
    server->Post("/token", [](auto&, auto& answer) { answer.set_content("over TLS", "text/plain"); });
    port = server->bind_to_any_port("127.0.0.1");
    thread = std::thread([this] { server->listen_after_bind(); });
    while (!server->is_running()) ::usleep(1000);
  }
  void TearDown() override {
    if (!server) return;
    server->stop();
    thread.join();
  }
  HttpRequest to_server(const std::string& file) const {
    auto request = to_port(port, true);
    request.ca = file;
    return request;
  }

  tls::test::Folder folder;
  tls::test::Authority authority;
  std::string ca = folder.write("ca.pem", authority.pem());
  std::unique_ptr<httplib::SSLServer> server;
  std::thread thread;
  int port = 0;
};

TEST_F(TlsTest, TakesACertificateOfItsCa) {
  serve();
  auto answer = post(to_server(ca));
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->body, "over TLS");
}

TEST_F(TlsTest, RefusesACertificateOfAnother) {
  serve();
  auto error = error_of(post(to_server("")));
  EXPECT_TRUE(error.starts_with("its certificate is not accepted: ")) << error;
  EXPECT_NE(error.find("ca:"), std::string::npos) << error;
  auto other = folder.write("other.pem", tls::test::Authority("Other CA").pem());
  EXPECT_NE(error_of(post(to_server(other))).find("other.pem"), std::string::npos);
}

TEST_F(TlsTest, RefusesOneThatHasEnded) {
  serve({.ends = std::chrono::seconds(-60)});
  EXPECT_NE(error_of(post(to_server(ca))).find("has expired"), std::string::npos);
}

TEST_F(TlsTest, RefusesAnotherName) {
  serve({.names = "DNS:idp.example"});
  EXPECT_EQ(error_of(post(to_server(ca))), "its certificate does not name 127.0.0.1");
}

TEST_F(TlsTest, SaysThatTheCaIsNotThere) {
  serve();
  EXPECT_EQ(error_of(post(to_server("/nowhere/ca.pem"))), "the CA certificates cannot be loaded from /nowhere/ca.pem");
}

TEST_F(TlsTest, APlainPortIsSaid) {
  RawServer plain([](int fd) { say(fd, "HTTP/1.1 400 Bad Request\r\n\r\n"); });
  EXPECT_EQ(error_of(post(to_port(plain.port, true))), "no TLS connection: is it a port for https?");
}

TEST_F(TlsTest, SilenceInTheHandshakeEndsAtTheDeadline) {
  RawServer silent([](int fd) { await_end(fd); });
  EXPECT_EQ(error_of(post(to_port(silent.port, true), 300ms)), "no whole answer in time");
}

TEST_F(TlsTest, AGivenUpHandshakeDoesNotEndTheProcess) {
  signal(SIGPIPE, SIG_DFL);     // httplib's servers, of other tests, ignore it
  RawServer brief([](int) {});  // closes its end, so that a write to ours, which is shut down, is no reset but EPIPE
  auto request = to_port(brief.port, true);
  request.ca = folder.write("taken", "") + ".fifo";
  ASSERT_EQ(::mkfifo(request.ca.c_str(), 0600), 0);
  // The exchange waits for the certificates, which it reads after it has connected, until it is given up.
  EXPECT_EQ(error_of(post(request, 0ms)), "no whole answer in time");
  std::ofstream(request.ca) << authority.pem();
  while (http_left_behind()) ::usleep(1000);
}

}  // namespace
}  // namespace mombridge::token
