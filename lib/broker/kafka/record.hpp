#pragma once
// Between a Kafka record and a Message, both ways; the contract's table is the source.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.hpp"
#include "broker/kafka/handles.hpp"
#include "message/bridge_owned.hpp"
#include "message/decoded_headers.hpp"
#include "message/message.hpp"
#include "message/publication.hpp"

namespace mombridge::kafka {

/// Memory that a decoded message's views need besides the record itself; reused with its delivery.
struct RecordStorage : DecodedHeaders {
  Buffer id;     ///< of a message that came without one
  Buffer bytes;  ///< of a small record
  void clear() {
    DecodedHeaders::clear();
    bytes.clear();
  }
};

/// What a record came to.
struct Decoded {
  size_t size;  ///< bytes of its body, key and headers
  bool copied;  ///< into the storage: the record is needed no longer. Else the message views it, too
};

/// A record whose body, key and headers together are no larger than this is copied.
inline constexpr size_t kCopied = 2048;

/// Fills in body, key, timestamp, properties and headers; `target` and the id of a message that has none are the
/// caller's to set. `trust` says what its headers may mean. What only brokers own, forged headers of bridges, and what
/// the bridge writes on AMQP alone, is left out of the headers; `dropped` counts that and what makes no sense. A small
/// record is copied: it lies in a dozen places of the client's memory, and letting go of them while they are at hand
/// costs less than coming back to them when it is settled.
[[nodiscard]] Decoded decode_record(const rd_kafka_message_t& record, Message& message, RecordStorage& storage,
                                    unsigned& dropped, HeaderTrust trust = {});

/// The part of decode_record() that asks nothing of the client: everything but the timestamp. `headers` may be null.
[[nodiscard]] Decoded decode_content(const rd_kafka_message_t& record, const rd_kafka_headers_t* headers,
                                     Message& message, RecordStorage& storage, unsigned& dropped,
                                     HeaderTrust trust = {});

/// `kafka:BROKER/TOPIC/PARTITION/`, with which the ids begin of messages that came without one.
std::string id_prefix(std::string_view broker, std::string_view topic, int32_t partition);

/// The id of the one at `offset`, in `id`: the same at every redelivery.
std::string_view make_id(Buffer& id, std::string_view prefix, int64_t offset);

/// Returns true if a header of that name and text, without a note of its type, is read as a property of the message.
bool passes_for_property(std::string_view name, std::string_view text);

/// The headers of a publication, properties among them. `dropped` counts those that Kafka cannot carry.
RecordHeaders encode_headers(const Publication& publication, unsigned& dropped);

}  // namespace mombridge::kafka
