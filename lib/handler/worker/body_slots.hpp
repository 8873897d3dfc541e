#pragma once
// Memory that a worker process shares with the bridge for one large body after the other, because fresh memory costs
// many times what the copy into it does.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "handler/worker/page.hpp"

namespace mombridge::handler::worker {

/// The bridge's side of one process. The bridge alone can write to a slot; the process reads. [one thread]
class BodySlots {
 public:
  /// What a slot holds. A larger body is a file of its own, and so is one for which no slot is free.
  static constexpr size_t kSize = size_t{1} << 20;
  static constexpr size_t kMost = 8;

  /// `page` outlives this: it says whose handle() still runs.
  explicit BodySlots(const Page& page) : page_(page) {}

  struct Filled {
    uint32_t slot;
    Fd file;  ///< where the process does not have that slot yet
  };
  /// Copies the body into a slot, which is the request's until answered(). nullopt: none can take it.
  std::optional<Filled> fill(std::string_view body, mombridge_request_id id);
  /// The process has answered, so that the slot is free as soon as handle() has returned. Does nothing for a request
  /// without a slot.
  void answered(mombridge_request_id id);

 private:
  /// Memory that is mapped, to be written.
  class Memory {
   public:
    explicit Memory(char* bytes) : bytes_(bytes) {}
    Memory(Memory&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)) {}
    Memory& operator=(Memory&& other) noexcept {
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Memory();
    [[nodiscard]] char* bytes() const { return bytes_; }

   private:
    char* bytes_;
  };
  struct Slot {
    Memory memory;
    mombridge_request_id user = 0;  ///< the latest
    bool answered = true;
  };

  /// A new slot at the end, and its file; none where the system refuses.
  Fd add();

  const Page& page_;
  std::vector<Slot> slots_;
};

}  // namespace mombridge::handler::worker
