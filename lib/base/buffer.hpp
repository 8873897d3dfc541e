#pragma once
// Bytes, gathered.

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace mombridge {

/// Grows at its end, as a std::string does. The difference: its small appends, dozens for each message, are a compare
/// and a store, where a string's are calls; that was a quarter of what a publish costs.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::string_view bytes) { append(bytes); }

  /// `n` bytes more, for the caller to write before anything else is appended.
  [[nodiscard]] char* extend(size_t n) {
    if (n > capacity_ - size_) grow(n);
    return bytes_.get() + std::exchange(size_, size_ + n);
  }
  /// Where extend() puts what comes next, as far as nothing that is here must be moved for it.
  [[nodiscard]] std::span<char> spare() { return {bytes_.get() + size_, capacity_ - size_}; }
  /// What is appended from now on, up to `size` bytes in all, moves nothing that is here.
  void reserve(size_t size) {
    if (size > capacity_) grow(size - size_);
  }
  void append(const void* bytes, size_t n) {
    if (n) std::memcpy(extend(n), bytes, n);
  }
  void append(std::string_view bytes) { append(bytes.data(), bytes.size()); }
  /// Forgets what stands from `size` on.
  void truncate(size_t size) { size_ = std::min(size_, size); }
  /// Forgets the first `n` bytes.
  void erase_front(size_t n) {
    n = std::min(n, size_);
    if (n) std::memmove(bytes_.get(), bytes_.get() + n, size_ -= n);
  }
  /// Forgets everything; beyond `keep` bytes of capacity, the memory goes as well.
  void clear(size_t keep = ~size_t{0}) {
    size_ = 0;
    if (capacity_ > keep) bytes_.reset(), capacity_ = 0;
  }

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t capacity() const { return capacity_; }
  [[nodiscard]] char* data() { return bytes_.get(); }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor): it is one
  [[nodiscard]] std::string str() const { return std::string(view()); }

 private:
  void grow(size_t n) {
    size_t capacity = std::max({2 * capacity_, size_ + n, size_t{256}});
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace mombridge
