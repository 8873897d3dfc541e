#pragma once
// What drivers decode headers into.

#include <list>
#include <string>
#include <vector>

#include "message/value.hpp"

namespace mombridge {

/// Memory for what decoded values view: members and texts stay where they are when more is added. Most messages need
/// none of it, and every delivery has one: an empty list owns no memory, unlike a deque.
struct Arena {
  std::list<std::vector<Header>> members;
  std::list<std::string> texts;
  void clear() {
    members.clear();
    texts.clear();
  }
};

/// A message's headers; reused with its delivery.
struct DecodedHeaders {
  std::vector<Header> headers;
  std::vector<Header> local;  ///< for Message::local; of most messages empty
  Arena arena;

  /// For the next message. A table of thousands of headers does not leave its memory behind.
  void clear() {
    constexpr size_t kKeep = 64;
    if (headers.capacity() > kKeep) std::vector<Header>().swap(headers);
    headers.clear();
    if (local.capacity() > kKeep) std::vector<Header>().swap(local);
    local.clear();
    arena.clear();
  }
  /// Bytes that the headers take, decoded: up to fifty times what they were on the wire.
  [[nodiscard]] size_t footprint() const {
    size_t count = headers.size() + local.size();
    for (auto& members : arena.members) count += members.size() + 1;
    return count * sizeof(Header);
  }
};

}  // namespace mombridge
