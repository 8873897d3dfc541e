#pragma once
// Between a Kafka record and a Message, both ways; the contract's table is the source.

#include <string>
#include <string_view>
#include <vector>

#include "broker/kafka/handles.hpp"
#include "broker/kafka/typed_text.hpp"
#include "message/message.hpp"
#include "message/publication.hpp"

namespace mombridge::kafka {

/// Memory that a decoded message's views need besides the record itself; reused with its delivery.
struct RecordStorage {
  std::vector<Header> headers;
  Arena arena;
  std::string id;
  void clear() {
    headers.clear();
    arena.clear();
  }
};

/// Fills in body, key, timestamp, properties and headers; `target` and the id of a message that has none are the
/// caller's to set. Views `record` and `storage`.
void decode_record(const rd_kafka_message_t& record, Message& message, RecordStorage& storage, unsigned& dropped);

/// The part of decode_record() that a record's headers say. What only brokers own, and what the bridge writes on AMQP
/// alone, is left out; `dropped` counts that and what makes no sense.
void decode_headers(const rd_kafka_headers_t* headers, Message& message, RecordStorage& storage, unsigned& dropped);

/// `kafka:BROKER/TOPIC/PARTITION/`, with which the ids begin of messages that came without one.
std::string id_prefix(std::string_view broker, std::string_view topic, int32_t partition);

/// The id of the one at `offset`: the same at every redelivery.
void make_id(std::string& id, std::string_view prefix, int64_t offset);

/// The headers of a publication, properties among them. `dropped` counts those that Kafka cannot carry.
RecordHeaders encode_headers(const Publication& publication, unsigned& dropped);

}  // namespace mombridge::kafka
