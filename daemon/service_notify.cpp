#include "daemon/service_notify.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>

#include <systemd/sd-daemon.h>

#include "base/fd.hpp"

namespace mombridge::service {

namespace {

/// sd_notify() would wait for a service manager that does not read, and the bridge with it. Source: sd_notify(3), "The
/// notification protocol".
class NotifySocket {
 public:
  NotifySocket() {
    const char* path = std::getenv("NOTIFY_SOCKET");
    std::string_view name = path ? path : "";
    if (name.size() < 2 || name.size() >= sizeof address_.sun_path || (name[0] != '/' && name[0] != '@')) return;
    name.copy(address_.sun_path, name.size());
    if (name[0] == '@') address_.sun_path[0] = '\0';
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    fd_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }

  /// What must arrive is sent again before the next message, as long as it cannot be sent; the latest such text
  /// replaces the one before.
  void send(const std::string& text, bool must_arrive) {
    if (!fd_) return;
    if (must_arrive) waiting_ = text;
    if (!waiting_.empty()) {
      if (!try_to_send(waiting_)) return;
      waiting_.clear();
    }
    if (!must_arrive) try_to_send(text);
  }

 private:
  // Any failure but a full queue lasts: then there is nobody to tell.
  bool try_to_send(const std::string& text) {
    auto* address = reinterpret_cast<const sockaddr*>(&address_);
    return ::sendto(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL, address, size_) >= 0 ||
           (errno != EAGAIN && errno != ENOBUFS);
  }

  sockaddr_un address_{.sun_family = AF_UNIX};
  socklen_t size_ = 0;
  Fd fd_;
  std::string waiting_;
};

NotifySocket& notify_socket() {
  static NotifySocket socket;
  return socket;
}

void tell(const std::string& text, bool must_arrive = true) { notify_socket().send(text, must_arrive); }

}  // namespace

bool present() { return std::getenv("NOTIFY_SOCKET") != nullptr; }

void ready(const std::string& status) { tell("READY=1\nSTATUS=" + status); }

// The time belongs to it: sd_notify(3), RELOADING=1.
void reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  auto microseconds = static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
  tell("RELOADING=1\nSTATUS=reloading\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void stopping() { tell("STOPPING=1\nSTATUS=draining"); }
void status(const std::string& text) { tell("STATUS=" + text, false); }
void watchdog() { tell("WATCHDOG=1", false); }

Duration watchdog_interval() {
  uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return Duration::zero();
  return std::chrono::microseconds(microseconds / 2);
}

}  // namespace mombridge::service
