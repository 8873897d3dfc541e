#pragma once
// Between a basic content's properties and a Message, both ways; the contract's table is the source.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "broker/amqp/table.hpp"
#include "message/bridge_owned.hpp"
#include "message/decoded_headers.hpp"
#include "message/message.hpp"
#include "message/publication.hpp"

namespace mombridge::amqp {

/// What a queue, and the bridge where it put a message back, have noted on it: no part of the message, and crosses to
/// nowhere.
struct QueueNotes {
  std::optional<int64_t> delivery_count;            ///< `x-delivery-count`: how often it came back to its queue
  std::optional<int64_t> put_backs;                 ///< anybody may have written it: believed only with our own user_id
  std::optional<std::string_view> put_back_target;  ///< as put_backs
  std::string_view user_id;                         ///< who published it; checked by the broker

  [[nodiscard]] bool any() const { return delivery_count || put_backs; }
};

/// Decodes the properties (flags and values, as in a content header after the body size) into `message`; its views are
/// into `bytes` and `storage`; `trust` says what its headers may mean. Headers that only brokers own, forged ones of
/// bridges, and what is hostile, are left out; `dropped` counts them, but for those that brokers own, which any message
/// may bear. False where the bytes are malformed beyond their headers: the message is whole otherwise.
/// `notes`, where it is not null, views into `bytes` too.
bool decode_properties(std::string_view bytes, Message& message, DecodedHeaders& storage, unsigned& dropped,
                       HeaderTrust trust = {}, QueueNotes* notes = nullptr);

/// Appends flags and values for a publication, with `author` as the user-id where it is not empty; always the same
/// bytes for the same publication. Fails where something does not fit AMQP: a header name over 255 bytes. Property
/// texts over 255 bytes go as headers: under their Kafka names, a correlation id as `mombridge-correlation-id`. A reply
/// address over 255 bytes, which no queue and no topic has, is left out.
Result<> encode_properties(Writer& writer, const Publication& publication, std::string_view author = {});

}  // namespace mombridge::amqp
