#pragma once
// The requests that are open for one broker: how many, how much memory they take, and the bounds of both.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/clock.hpp"
#include "broker/source/pushed_memory.hpp"

namespace mombridge::http_ingress {

/// On the listener's thread.
class OpenRequests {
 public:
  struct Bounds {
    uint64_t count = 0, bytes = 0;
  };

  /// One request's part of it, given back when this goes. The OpenRequests outlive it.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept : all_(std::exchange(other.all_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(all_, other.all_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Place() {
      if (!all_) return;
      --all_->count_;
      all_->memory_.change(-static_cast<int64_t>(bytes_));
    }
    /// It takes so many bytes from now on.
    void resize(uint64_t bytes) {
      if (!all_) return;
      all_->memory_.change(static_cast<int64_t>(bytes - bytes_));
      bytes_ = bytes;
    }
    explicit operator bool() const { return all_; }

   private:
    friend class OpenRequests;
    Place(OpenRequests* all, uint64_t bytes) : all_(all), bytes_(bytes) {
      ++all_->count_;
      all_->memory_.change(static_cast<int64_t>(bytes_));
    }
    OpenRequests* all_ = nullptr;
    uint64_t bytes_ = 0;
  };

  /// Empty where a request of so many bytes is beyond the bounds.
  [[nodiscard]] Place enter(uint64_t bytes, const Bounds& bounds, TimePoint now) {
    if (count_ >= bounds.count || bytes > bounds.bytes - std::min(bounds.bytes, this->bytes())) return {};
    if (!count_) moved_ = now;
    return {this, bytes};
  }
  /// The broker has answered one of them.
  void answered(TimePoint now) { moved_ = now; }
  /// How long the broker has answered none, although some are open.
  [[nodiscard]] Duration stalled(TimePoint now) const { return count_ ? now - moved_ : Duration::zero(); }

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] uint64_t bytes() const { return memory_.bytes(); }

 private:
  uint64_t count_ = 0;
  source::PushedMemory memory_{source::memory_budget()};
  TimePoint moved_{};
};

}  // namespace mombridge::http_ingress
