#pragma once
// The socket's side of an encrypted stream: encrypted bytes in and out.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/buffer.hpp"

namespace mombridge::amqp {

/// Takes what one system call brings, and hands it on in whole records: so it is known whether something can be read
/// without the socket, and the end of a round does not depend on how fast the peer sends. Gathers what is to be sent,
/// so that one system call serves many records. Belongs to the loop's thread.
class TlsRecords {
 public:
  enum class Status : uint8_t {
    ok,
    would_block,
    ended,   ///< the peer has closed the connection
    failed,  ///< error() says why
  };

  /// One system call. To be called where no whole record is here; then there is room. ok: some bytes came.
  Status receive(int socket);
  /// Returns true if take() has something to give.
  [[nodiscard]] bool has_whole() const { return offered_ > 0 || whole_at_front() > 0; }
  /// Copies up to `most` bytes of what came, but nothing of a record that is not whole. What is no TLS is given as it
  /// is. Returns how many bytes: 0: there is no whole record.
  size_t take(char* into, size_t most);

  /// Appends what is to be sent.
  void put(std::string_view bytes) { out_.append(bytes); }
  /// One system call at most. ok: everything has been sent.
  Status send(int socket);
  [[nodiscard]] size_t unsent() const { return out_.size() - out_at_; }

  /// The first bytes that ever came, up to 16.
  [[nodiscard]] std::string_view beginning() const { return {beginning_.data(), beginning_size_}; }
  /// errno of the call that failed.
  [[nodiscard]] int error() const { return error_; }

 private:
  static constexpr size_t kBuffer = 64 << 10;

  [[nodiscard]] size_t whole_at_front() const;
  Status failed(int error);

  std::unique_ptr<char[]> in_;
  size_t begin_ = 0, end_ = 0;
  size_t offered_ = 0;  ///< bytes from begin_ on that belong to a record that is whole
  Buffer out_;
  size_t out_at_ = 0;  ///< up to here `out_` is sent
  std::array<char, 16> beginning_{};
  size_t beginning_size_ = 0;
  int error_ = 0;
};

/// Returns true if a stream that begins with these bytes, which are not empty, may be one of TLS.
bool may_be_tls(std::string_view bytes);

}  // namespace mombridge::amqp
