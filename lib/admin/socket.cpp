#include "admin/socket.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <utility>

namespace mombridge::admin {

namespace {

constexpr int kBacklog = 128;

auto failed(const std::string& what, int error) { return fail(what + ": " + std::generic_category().message(error)); }

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

int call_on(int (*call)(int, const sockaddr*, socklen_t), const Fd& fd, const sockaddr_un& address) {
  return call(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<Addresses> addresses_of(const config::Listen& listen, int flags) {
  addrinfo hints{.ai_flags = flags, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  int error = ::getaddrinfo(listen.host.c_str(), std::to_string(listen.port).c_str(), &hints, &found);
  if (error) return fail(listen.text + ": " + ::gai_strerror(error));
  return Addresses(found, ::freeaddrinfo);
}

/// Whether somebody listens there.
bool in_use(const std::string& path) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // A backlog that is full (EAGAIN) is somebody's, too.
  return call_on(::connect, fd, address_of(path)) == 0 || errno == EAGAIN;
}

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? value : nullptr;
}

std::string own_tmp() { return "/tmp/mombridge-" + std::to_string(::geteuid()); }

std::string runtime_folder() {
  // systemd separates several by colons.
  if (auto* folder = variable("RUNTIME_DIRECTORY")) return std::string(folder).substr(0, std::strcspn(folder, ":"));
  if (auto* folder = variable("XDG_RUNTIME_DIR")) return std::string(folder) + "/mombridge";
  return own_tmp();
}

config::Listen socket_in(const std::string& folder, const std::string& bridge) {
  auto path = folder + "/" + bridge + ".sock";
  return {.text = "unix:" + path, .path = path, .host = {}, .port = 0};
}

}  // namespace

Result<ListeningSocket> ListeningSocket::open(const config::Listen& listen) {
  return listen.path.empty() ? open_address(listen) : open_path(listen.path);
}

Result<ListeningSocket> ListeningSocket::open(const config::Listener& listener, const std::string& key) {
  auto socket = open(listener.listen);
  if (socket) return socket;
  auto& mark = listener.mark;
  return fail(mark.file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": " + key +
              ": cannot listen at " + socket.error().text);
}

Result<ListeningSocket> ListeningSocket::open_path(const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return failed(path, ENAMETOOLONG);
  ListeningSocket socket;
  socket.fd_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  auto address = address_of(path);
  struct stat file {};
  if (::lstat(path.c_str(), &file) == 0) {
    if (!S_ISSOCK(file.st_mode)) return fail(path + ": there is a file that is no socket");
    if (in_use(path)) return fail(path + ": another process listens there");
    ::unlink(path.c_str());
  }
  // Linux gives the file the mode that the socket has when it is bound.
  if (::fchmod(socket.fd_.get(), 0600) != 0 || call_on(::bind, socket.fd_, address) != 0 ||
      ::listen(socket.fd_.get(), kBacklog) != 0)
    return failed(path, errno);
  if (::stat(path.c_str(), &file) != 0) return failed(path, errno);
  socket.path_ = path;
  socket.device_ = file.st_dev;
  socket.inode_ = file.st_ino;
  return socket;
}

Result<ListeningSocket> ListeningSocket::open_address(const config::Listen& listen) {
  auto addresses = addresses_of(listen, AI_PASSIVE | AI_NUMERICSERV);
  if (!addresses) return fail(addresses.error());
  auto& address = **addresses;
  ListeningSocket socket;
  socket.fd_ = Fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  int yes = 1;
  if (!socket.fd_ || ::setsockopt(socket.fd_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(socket.fd_.get(), address.ai_addr, address.ai_addrlen) != 0 || ::listen(socket.fd_.get(), kBacklog) != 0)
    return failed(listen.text, errno);
  return socket;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::move(other.fd_);
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

void ListeningSocket::close() {
  auto path = std::exchange(path_, {});
  struct stat file {};
  if (!path.empty() && ::lstat(path.c_str(), &file) == 0 && file.st_dev == device_ && file.st_ino == inode_)
    ::unlink(path.c_str());
  fd_.reset();
}

Result<config::Listen> runtime_socket(const std::string& bridge) {
  auto folder = runtime_folder();
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed(folder, errno);
  struct stat info {};
  if (::lstat(folder.c_str(), &info) != 0) return failed(folder, errno);
  if (!S_ISDIR(info.st_mode)) return fail(folder + ": is no folder");
  if (info.st_uid != ::geteuid()) return fail(folder + ": belongs to another user");
  if (info.st_mode & (S_IWGRP | S_IWOTH)) return fail(folder + ": others may write there");
  return socket_in(folder, bridge);
}

std::vector<config::Listen> runtime_sockets(const std::string& bridge) {
  std::vector<config::Listen> all;
  for (auto& folder : {runtime_folder(), own_tmp(), std::string("/run/mombridge")}) {
    struct stat info {};
    // What somebody else put into /tmp under this name is not the bridge.
    if (::lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
        (info.st_uid == ::geteuid() || folder != own_tmp()))
      all.push_back(socket_in(folder, bridge));
  }
  return all;
}

Result<Fd> connect_to(const config::Listen& listen, int seconds) {
  timeval limit{.tv_sec = seconds, .tv_usec = 0};
  auto made = [&](int family) {
    Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    for (int option : {SO_RCVTIMEO, SO_SNDTIMEO}) ::setsockopt(fd.get(), SOL_SOCKET, option, &limit, sizeof limit);
    return fd;
  };
  if (!listen.path.empty()) {
    if (listen.path.size() >= sizeof(sockaddr_un::sun_path)) return failed(listen.path, ENAMETOOLONG);
    auto fd = made(AF_UNIX);
    if (call_on(::connect, fd, address_of(listen.path)) != 0) return failed(listen.path, errno);
    return fd;
  }
  auto addresses = addresses_of(listen, AI_NUMERICSERV);
  if (!addresses) return fail(addresses.error());
  int error = 0;
  for (auto* address = addresses->get(); address; address = address->ai_next) {
    auto fd = made(address->ai_family);
    if (fd && ::connect(fd.get(), address->ai_addr, address->ai_addrlen) == 0) return fd;
    error = errno;
  }
  return failed(listen.text, error);
}

}  // namespace mombridge::admin
