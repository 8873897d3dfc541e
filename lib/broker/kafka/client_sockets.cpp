#include "broker/kafka/client_sockets.hpp"

#include <cerrno>
#include <new>
#include <unistd.h>

namespace mombridge::kafka {

// Under the lock, which is never held for long because the socket does not block: else a connection could be made
// behind the back of cut().
int ClientSockets::connect(int fd, const sockaddr* address, socklen_t size) noexcept {
  std::lock_guard lock(mutex_);
  if (cut_) return ECONNABORTED;
  try {
    fds_.push_back(fd);
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
  if (::connect(fd, address, size) == 0 || errno == EINPROGRESS) return 0;
  int error = errno;
  fds_.pop_back();
  return error;
}

// Under the lock, because the number may belong to another file right after it.
int ClientSockets::close(int fd) noexcept {
  std::lock_guard lock(mutex_);
  std::erase(fds_, fd);
  return ::close(fd);
}

void ClientSockets::shut_down() noexcept {
  std::lock_guard lock(mutex_);
  for (int fd : fds_) ::shutdown(fd, SHUT_RDWR);
}

void ClientSockets::cut() noexcept {
  std::lock_guard lock(mutex_);
  cut_ = true;
  for (int fd : fds_) ::shutdown(fd, SHUT_RDWR);
}

}  // namespace mombridge::kafka
