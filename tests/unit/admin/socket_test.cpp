#include "admin/socket.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <gmock/gmock.h>

namespace mombridge::admin {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SocketTest : public testing::Test {
 protected:
  SocketTest() {
    std::string name = "/tmp/mombridge-socket-XXXXXX";
    folder = ::mkdtemp(name.data());
    for (auto* name_of : {"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"}) ::unsetenv(name_of);
  }
  ~SocketTest() override {
    for (auto* name_of : {"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"}) ::unsetenv(name_of);
    fs::remove_all(folder);
  }

  [[nodiscard]] config::Listen at(const std::string& name) const {
    return *config::parse_listen("unix:" + (folder / name).string());
  }
  static mode_t mode(const fs::path& path) {
    struct stat file {};
    EXPECT_EQ(::stat(path.c_str(), &file), 0);
    return file.st_mode & 0777;
  }

  fs::path folder;
};

TEST_F(SocketTest, IsForThisUserAlone) {
  auto before = ::umask(0);
  auto socket = ListeningSocket::open(at("a"));
  ::umask(before);
  ASSERT_TRUE(socket) << socket.error().text;
  EXPECT_EQ(mode(folder / "a"), 0600u);
  EXPECT_TRUE(connect_to(at("a"), 1));
}

TEST_F(SocketTest, ItsFileGoesWithIt) {
  {
    auto socket = ListeningSocket::open(at("a"));
    ASSERT_TRUE(socket);
    ListeningSocket moved = std::move(*socket);
    EXPECT_TRUE(fs::exists(folder / "a"));
  }
  EXPECT_FALSE(fs::exists(folder / "a"));
}

TEST_F(SocketTest, TheFileOfAnotherStays) {
  auto socket = ListeningSocket::open(at("a"));
  fs::remove(folder / "a");
  auto other = ListeningSocket::open(at("a"));
  ASSERT_TRUE(other);
  socket->close();
  EXPECT_TRUE(fs::exists(folder / "a"));
}

TEST_F(SocketTest, OneThatNobodyListensAtIsReplaced) {
  {
    auto killed = ListeningSocket::open(at("a"));
    fs::rename(folder / "a", folder / "b");
  }
  ASSERT_TRUE(fs::exists(folder / "b"));
  EXPECT_TRUE(ListeningSocket::open(at("b")));
}

TEST_F(SocketTest, OneInUseIsNot) {
  auto first = ListeningSocket::open(at("a"));
  auto second = ListeningSocket::open(at("a"));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr("another process listens there"));
  EXPECT_TRUE(connect_to(at("a"), 1));
}

TEST_F(SocketTest, AFileIsNotReplaced) {
  std::ofstream(folder / "a") << "precious";
  auto socket = ListeningSocket::open(at("a"));
  ASSERT_FALSE(socket);
  EXPECT_THAT(socket.error().text, HasSubstr("no socket"));
  EXPECT_EQ(fs::file_size(folder / "a"), 8u);
}

TEST_F(SocketTest, AnAddressInUseIsSaid) {
  auto listen = *config::parse_listen("127.0.0.1:1");
  listen.port = 0;
  auto first = ListeningSocket::open(listen);
  ASSERT_TRUE(first);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(first->fd(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  auto taken = *config::parse_listen("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  auto second = ListeningSocket::open(taken);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text, taken.text + ": Address already in use");
  EXPECT_TRUE(connect_to(taken, 1));
}

TEST_F(SocketTest, TheRuntimeFolderIsTheServiceManagers) {
  ::setenv("XDG_RUNTIME_DIR", (folder / "xdg").c_str(), 1);
  fs::create_directory(folder / "xdg");
  EXPECT_EQ(runtime_socket("b")->path, (folder / "xdg/mombridge/b.sock").string());
  EXPECT_EQ(mode(folder / "xdg/mombridge"), 0700u);
  ::setenv("RUNTIME_DIRECTORY", ((folder / "run").string() + ":/other").c_str(), 1);
  EXPECT_EQ(runtime_socket("b")->path, (folder / "run/b.sock").string());
  EXPECT_EQ(runtime_sockets("b").front().path, (folder / "run/b.sock").string());
}

TEST_F(SocketTest, AFolderThatOthersMayWriteToIsRefused) {
  ::setenv("RUNTIME_DIRECTORY", (folder / "run").c_str(), 1);
  fs::create_directory(folder / "run");
  ::chmod((folder / "run").c_str(), 0777);
  EXPECT_THAT(runtime_socket("b").error().text, HasSubstr("others may write there"));
  fs::remove(folder / "run");
  fs::create_directory_symlink(folder, folder / "run");
  EXPECT_THAT(runtime_socket("b").error().text, HasSubstr("is no folder"));
}

}  // namespace
}  // namespace mombridge::admin
