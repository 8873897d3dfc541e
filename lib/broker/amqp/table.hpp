#pragma once
// Field tables (headers) between the wire and Values. A decoder of our own because that of rabbitmq-c 0.11 recurses
// without bound (#763): a 130 KB header nests deep enough to overflow a thread's stack. Sources: AMQP 0-9-1
// specification 4.2.5.5 and RabbitMQ's "AMQP 0-9-1 Errata", section 3 (which type letters brokers and clients really
// use).

#include <string_view>
#include <vector>

#include "broker/amqp/wire.hpp"
#include "message/decoded_headers.hpp"

namespace mombridge::amqp {

/// Decodes the entries of a table (its bytes, without the size in front) into `out`. Texts are views into `bytes`.
/// Entries that nest deeper than kMaxNesting or are of a type that nobody knows are left out and counted in `dropped`;
/// false where the bytes are no table.
bool decode_table(std::string_view bytes, std::vector<Header>& out, Arena& arena, unsigned& dropped);

/// Appends one value with its type letter. A string is written as one whatever its bytes, as it came.
void encode_value(Writer& writer, const Value& value);

}  // namespace mombridge::amqp
