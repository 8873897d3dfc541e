#pragma once
// A body in memory that two processes share, because it would be copied four times on its way through a socket.

#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace mombridge::handler::worker {

/// From this size on a body is a file of its own beside its frame.
inline constexpr size_t kLargeBody = size_t{64} << 10;

/// A copy of the bytes that nobody can change. Fails where the system has no memory or descriptor for it.
Result<Fd> make_body_file(std::string_view bytes);

/// The bytes of such a file, for as long as it lives.
class MappedBody {
 public:
  MappedBody() = default;
  MappedBody(MappedBody&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedBody& operator=(MappedBody&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedBody();

  /// Of a file that its maker may go on writing to. Only of files that the bridge has made.
  static Result<MappedBody> map_slot(const Fd& file, size_t size);
  /// Fails where somebody could still change or shorten the file, which would end the reader with SIGBUS, and where it
  /// has another size.
  static Result<MappedBody> map(const Fd& file, size_t size);

  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  static Result<MappedBody> map(const Fd& file, size_t size, int flags);

  std::string_view bytes_;
};

/// What a receiver has of bodies beside the frames.
struct BodyFiles {
  std::deque<Fd> arrived;         ///< with frames, in their order; no frame has taken them yet
  std::vector<MappedBody> slots;  ///< see BodySlots; by number
  bool takes_slots = false;       ///< a worker does, and the bridge does not: it could be ended through them
};

}  // namespace mombridge::handler::worker
