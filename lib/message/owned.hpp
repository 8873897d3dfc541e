#pragma once
// A message in memory of its own, for what a handler made: everywhere else messages are views.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "message/decoded_headers.hpp"
#include "message/message.hpp"

namespace mombridge {

/// Lives behind a pointer: the message's views are into the object itself.
struct OwnedMessage {
  OwnedMessage() = default;
  OwnedMessage(const OwnedMessage&) = delete;
  OwnedMessage& operator=(const OwnedMessage&) = delete;

  /// Once, before keep(): the bytes that will be kept in all.
  void reserve(size_t total) { bytes_.reserve(total); }
  /// A copy of `view` that lives as long as this.
  std::string_view keep(std::string_view view) {
    size_t at = bytes_.size();
    bytes_.append(view);  // never reallocates: reserve() made room
    return std::string_view(bytes_).substr(at);
  }

  /// Bytes of all that was kept.
  [[nodiscard]] size_t size() const { return bytes_.size(); }

  std::vector<Header> headers;
  Arena arena;  ///< of values that are arrays and tables
  Message message;

 private:
  std::string bytes_;
};

}  // namespace mombridge
