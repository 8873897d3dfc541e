#pragma once
// A second hold on a socket that a library owns.

#include <cstddef>

#include "base/fd.hpp"

namespace mombridge::token {

/// Watches one socket after the other by a descriptor of its own, because the library may close its one at any time,
/// and the number could be another file's then. Not thread-safe.
class SocketWatch {
 public:
  /// From now on this socket, which the caller owns.
  void begin(int socket);
  void end() { socket_.reset(); }
  /// Bytes that have come so far, as TCP counts them; 0 without a socket.
  [[nodiscard]] size_t received() const;
  /// Ends the connection, or the attempt at one, at once: whoever waits for it wakes up, and reads nothing more.
  void shut_down() const;

 private:
  Fd socket_;
};

}  // namespace mombridge::token
