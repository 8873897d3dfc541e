#pragma once
// The connections of one client, so that they can be cut while librdkafka still has the client.

#include <atomic>
#include <mutex>
#include <sys/socket.h>
#include <vector>

namespace mombridge::kafka {

/// A client that is being ended may take long, and may hang (librdkafka 2.0.2, when a topic was deleted and made
/// again). A request that it has begun to send it goes on sending, from the bodies of messages whose owners want them
/// back. Once its sockets are cut it can send nothing, whatever it does. [any thread]
class ClientSockets {
 public:
  /// As ::connect() of a socket that does not block; returns 0 where it is connected or connecting, else the errno:
  /// ECONNABORTED after cut().
  [[nodiscard]] int connect(int fd, const sockaddr* address, socklen_t size) noexcept;
  /// As ::close().
  int close(int fd) noexcept;
  /// Shuts all connections down; the client makes others.
  void shut_down() noexcept;
  /// The same, and lets none be made any more.
  void cut() noexcept;
  [[nodiscard]] bool is_cut() const noexcept { return cut_; }

 private:
  std::mutex mutex_;
  std::vector<int> fds_;
  std::atomic<bool> cut_{false};  ///< changes under the lock
};

}  // namespace mombridge::kafka
