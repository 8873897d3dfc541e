#pragma once
// Between a basic content's properties and a Message, both ways; the contract's table is the source.

#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "broker/amqp/table.hpp"
#include "message/message.hpp"
#include "message/publication.hpp"

namespace mombridge::amqp {

/// Memory that a decoded message's views need besides the bytes of its properties; reused with its delivery.
struct DecodedStorage {
  std::vector<Header> headers;
  Arena arena;
  std::list<std::string> texts;
  /// For the next message. A table of thousands of headers does not leave its memory behind.
  void clear() {
    constexpr size_t kKeep = 64;
    if (headers.capacity() > kKeep) std::vector<Header>().swap(headers);
    headers.clear();
    arena.clear();
    texts.clear();
  }
  /// Bytes that the headers take, decoded: up to fifty times what they were on the wire.
  [[nodiscard]] size_t footprint() const {
    size_t count = headers.size();
    for (auto& members : arena) count += members.size() + 1;
    return count * sizeof(Header);
  }
};

/// Decodes the properties (flags and values, as in a content header after the body size) into `message`; its views are
/// into `bytes` and `storage`. Headers that only brokers own, and what is hostile, are left out; `dropped` counts what
/// could not be shown. False where the bytes are malformed beyond their headers: the message is whole otherwise.
bool decode_properties(std::string_view bytes, Message& message, DecodedStorage& storage, unsigned& dropped);

/// Appends flags and values for a publication, always the same bytes for the same publication. Fails where something
/// does not fit AMQP: a header name over 255 bytes. Property texts over 255 bytes go as headers under their Kafka
/// names.
Result<> encode_properties(Writer& writer, const Publication& publication);

}  // namespace mombridge::amqp
