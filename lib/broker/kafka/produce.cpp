#include "broker/kafka/produce.hpp"

#include <string>

#include "broker/kafka/record.hpp"
#include "broker/kafka/settings.hpp"

namespace mombridge::kafka {

namespace {

// What is at least this many seconds is the year 5138 or later, and in milliseconds a time from 1973 on.
constexpr uint64_t kMilliseconds = 100'000'000'000;
// The same bound in milliseconds: more is microseconds, or nonsense.
constexpr uint64_t kAbsurd = kMilliseconds * 1000;

}  // namespace

Result<int64_t> record_time(const Publication& p) {
  auto& m = *p.message;
  auto* options = static_cast<const PublishOptions*>(p.options);
  auto which = options ? options->time : RecordTime::own;
  if (which == RecordTime::arrival) return 0;
  if (m.record_time_ms) return *m.record_time_ms > 0 ? *m.record_time_ms : 0;
  if (which != RecordTime::keep || !m.timestamp) return 0;
  auto timestamp = *m.timestamp;
  if (timestamp >= kAbsurd)
    return fail("timestamp " + std::to_string(timestamp) +
                " is neither seconds nor milliseconds since 1970, and the destination keeps timestamps (timestamp: "
                "keep)");
  return static_cast<int64_t>(timestamp >= kMilliseconds ? timestamp : timestamp * 1000);
}

rd_kafka_resp_err_t produce(rd_kafka_t* client, rd_kafka_topic_t* topic, const Publication& p, int64_t time_ms,
                            void* opaque, unsigned& dropped) {
  auto& m = *p.message;
  auto headers = encode_headers(p, dropped);
  // A null pointer is a null value, or no key.
  const char* body = m.tombstone && m.body.empty() ? nullptr : m.body.data() ? m.body.data() : "";
  const char* key = !p.key ? nullptr : p.key->data() ? p.key->data() : "";
  size_t key_size = p.key ? p.key->size() : 0;
  auto code = rd_kafka_producev(client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(p.partition),
                                RD_KAFKA_V_MSGFLAGS(0), RD_KAFKA_V_VALUE(const_cast<char*>(body), m.body.size()),
                                RD_KAFKA_V_KEY(key, key_size), RD_KAFKA_V_TIMESTAMP(time_ms), RD_KAFKA_V_OPAQUE(opaque),
                                RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) (void)headers.release();  // the client owns them now
  return code;
}

}  // namespace mombridge::kafka
