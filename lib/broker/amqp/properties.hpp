#pragma once
// Between a basic content's properties and a Message, both ways; the contract's table is the source.

#include <string_view>

#include "base/result.hpp"
#include "broker/amqp/table.hpp"
#include "message/bridge_owned.hpp"
#include "message/decoded_headers.hpp"
#include "message/message.hpp"
#include "message/publication.hpp"

namespace mombridge::amqp {

/// Decodes the properties (flags and values, as in a content header after the body size) into `message`; its views are
/// into `bytes` and `storage`; `trust` says what its headers may mean. Headers that only brokers own, forged ones of
/// bridges, and what is hostile, are left out; `dropped` counts them, but for those that brokers own, which any message
/// may bear. False where the bytes are malformed beyond their headers: the message is whole otherwise.
bool decode_properties(std::string_view bytes, Message& message, DecodedHeaders& storage, unsigned& dropped,
                       HeaderTrust trust = {});

/// Appends flags and values for a publication, always the same bytes for the same publication. Fails where something
/// does not fit AMQP: a header name over 255 bytes. Property texts over 255 bytes go as headers: under their Kafka
/// names, a correlation id as `mombridge-correlation-id`. A reply address over 255 bytes, which no queue and no topic
/// has, is left out.
Result<> encode_properties(Writer& writer, const Publication& publication);

}  // namespace mombridge::amqp
