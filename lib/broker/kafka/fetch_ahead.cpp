#include "broker/kafka/fetch_ahead.hpp"

#include <algorithm>
#include <string>

#include "broker/kafka/client.hpp"

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

// No call is there to wake the client's threads, but this one does it before it returns, and asks the brokers nothing:
// the credentials are those that it has.
void FetchAhead::wake() {
  records_ = bytes_ = 0;
  auto user = property_of(client_, "sasl.username"), password = property_of(client_, "sasl.password");
  ClientError(rd_kafka_sasl_set_credentials(client_, user.c_str(), password.c_str()));
}

}  // namespace mombridge::kafka
