#include "broker/kafka/fetch_ahead.hpp"

#include <algorithm>
#include <string>

#include "broker/kafka/client.hpp"
#include "broker/kafka/client_callbacks.hpp"

namespace mombridge::kafka {

namespace {

size_t half_of(rd_kafka_t* client, const char* property, size_t unit) {
  return std::max<size_t>(std::stoull(property_of(client, property)) * unit / 2, 1);
}

}  // namespace

// As the client counts: 1,000 bytes to its kbytes.
FetchAhead::FetchAhead(rd_kafka_t* client)
    : client_(client),
      half_records_(half_of(client, "queued.min.messages", 1)),
      half_bytes_(half_of(client, "queued.max.messages.kbytes", 1000)) {}

void FetchAhead::wake() {
  records_ = bytes_ = 0;
  context_of(client_)->credentials.wake();
}

}  // namespace mombridge::kafka
