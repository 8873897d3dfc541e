#pragma once
// Frames that are to be written: bytes of their own, and large bodies that stay where they are.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <sys/uio.h>
#include <vector>

#include "base/buffer.hpp"
#include "message/publication.hpp"

namespace mombridge::amqp {

/// A body that is referred to is lent by its publication, until it is written. A publication that ends before that
/// takes its bytes along: own() must be called first. Not thread-safe.
class OutFrames {
 public:
  /// From this size on, to copy a body costs more than to refer to it.
  static constexpr size_t kReferred = 8 << 10;

  /// Where whole frames are appended.
  [[nodiscard]] Buffer& bytes() { return bytes_; }
  /// `body`, which is the owner's and goes to that channel, follows what was appended.
  void refer(std::string_view body, const Publication& owner, uint16_t channel);
  /// Takes all that is in `other`, which is empty then.
  void take(OutFrames& other);

  /// Bytes that are not written yet.
  [[nodiscard]] size_t size() const { return bytes_.size() - written_ + referred_; }
  /// The beginning of what is not written yet: fills `parts` from the front, and returns how many.
  [[nodiscard]] size_t parts(std::span<iovec> parts) const;
  /// So many bytes of it are written.
  void written(size_t bytes);
  void clear();

  /// The first publication on that channel whose body is referred to; null: there is none.
  [[nodiscard]] const Publication* lender(uint16_t channel) const;
  /// Copies what is referred to, so that nothing is lent any more.
  void own();

 private:
  static constexpr size_t kKeep = 1 << 20;  ///< bytes of memory that stay when everything is written

  struct Reference {
    size_t at;  ///< it comes before what stands there in bytes_
    std::string_view body;
    const Publication* owner;
    uint16_t channel;
  };

  Buffer bytes_;
  size_t written_ = 0;                 ///< up to here `bytes_` is written
  std::vector<Reference> references_;  ///< those that are not written, in order
  size_t referred_ = 0;                ///< their bytes
};

}  // namespace mombridge::amqp
