#pragma once
// One non-blocking stream of bytes over a connected socket.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <sys/uio.h>

#include "base/fd.hpp"

namespace mombridge::amqp {

/// What a connection needs of its socket, so that an encrypted stream can stand in for a plain one. The user watches
/// fd() on its event loop for events() and calls again after an event. No call blocks. A transport belongs to the
/// thread of that loop. After `closed` or `failed` it is of no further use.
///
/// Destroying a transport closes its socket at once; close() first ends the stream in order.
class Transport {
 public:
  enum class Status : uint8_t {
    ok,
    would_block,  ///< nothing for now: call again after one of events()
    closed,       ///< the peer has ended the stream
    failed,       ///< error() says why
  };
  struct Transfer {
    Status status = Status::ok;
    size_t bytes = 0;  ///< with `ok`: how many were read or written, at least one
  };

  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// One step of what both ends say before the first byte can be read or written; ok: that is done. Call it first, and
  /// after each of events() until it is done.
  virtual Status handshake() = 0;
  /// Reads as many bytes as are there, up to the size of the parts, which are filled one after the other. None of them
  /// is empty.
  virtual Transfer read(std::span<const iovec> into) = 0;
  Transfer read(std::span<char> into) {
    iovec part{into.data(), into.size()};
    return read({&part, 1});
  }
  /// Writes the parts one after the other, perhaps not to their end. At least one of them is not empty. After
  /// would_block the caller may come again with other memory, but with the same bytes at its beginning.
  virtual Transfer write(std::span<const iovec> parts) = 0;
  /// The epoll events to wait for, where the user wants to read, to write, or both. During the handshake the answer is
  /// what its last step waits for, whatever the arguments. A stream that is not to be read still reports its end
  /// (EPOLLRDHUP). Either event may be what the other direction waits for: after each of them, try both that are
  /// wanted.
  [[nodiscard]] virtual uint32_t events(bool reading, bool writing) const = 0;
  /// Returns true if bytes can be read that have left the socket already, so that no event will announce them.
  [[nodiscard]] virtual bool has_pending() const = 0;
  /// Ends the stream in order, as far as this needs no waiting, and closes the socket.
  virtual void close() = 0;
  /// Why the last call failed, or how the peer closed the stream where that was not in order, and how it ended the
  /// handshake: one line for a person. Else empty.
  [[nodiscard]] virtual std::string error() const = 0;

  [[nodiscard]] int fd() const { return socket_.get(); }

 protected:
  /// `socket`: connected and non-blocking.
  explicit Transport(Fd socket) : socket_(std::move(socket)) {}

  Fd socket_;
};

}  // namespace mombridge::amqp
