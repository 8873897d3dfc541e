#include "broker/kafka/client_sockets.hpp"

#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/fd.hpp"

namespace mombridge::kafka {
namespace {

class Sockets : public testing::Test {
 protected:
  void SetUp() override {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(listener.get(), generic(), sizeof address), 0);
    ASSERT_EQ(::listen(listener.get(), 8), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener.get(), generic(), &size);
  }
  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address); }
  int connect(int fd) { return sockets.connect(fd, generic(), sizeof address); }
  static int new_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

  Fd listener{new_socket()};
  sockaddr_in address{};
  ClientSockets sockets;
};

TEST_F(Sockets, ConnectAndCloseAsTheSystemDoes) {
  int fd = new_socket();
  ASSERT_EQ(connect(fd), 0);
  EXPECT_EQ(::send(fd, "x", 1, MSG_NOSIGNAL), 1);
  EXPECT_EQ(sockets.close(fd), 0);
  EXPECT_EQ(::send(fd, "x", 1, MSG_NOSIGNAL), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST_F(Sockets, AConnectionThatIsRefusedSaysWhy) {
  listener.reset();
  Fd fd(new_socket());
  EXPECT_EQ(connect(fd.get()), ECONNREFUSED);
}

TEST_F(Sockets, OnceCutNothingIsSentAndNothingConnects) {
  int fd = new_socket();
  ASSERT_EQ(connect(fd), 0);
  sockets.cut();
  EXPECT_EQ(::send(fd, "x", 1, MSG_NOSIGNAL), -1);
  EXPECT_EQ(errno, EPIPE);
  Fd other(new_socket());
  EXPECT_EQ(connect(other.get()), ECONNABORTED);
  EXPECT_EQ(sockets.close(fd), 0);
}

TEST_F(Sockets, OneThatWasClosedIsNotCut) {
  int fd = new_socket();
  ASSERT_EQ(connect(fd), 0);
  ASSERT_EQ(sockets.close(fd), 0);
  Fd reused(new_socket());
  ASSERT_EQ(reused.get(), fd) << "the system gives out the lowest number";
  ASSERT_EQ(::connect(reused.get(), generic(), sizeof address), 0);
  sockets.cut();
  EXPECT_EQ(::send(reused.get(), "x", 1, MSG_NOSIGNAL), 1);
}

}  // namespace
}  // namespace mombridge::kafka
