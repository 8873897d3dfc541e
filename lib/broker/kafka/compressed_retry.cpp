#include "broker/kafka/compressed_retry.hpp"

#include <utility>

#include "base/text.hpp"
#include "broker/kafka/produce.hpp"
#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

namespace {

/// The loop waits for a client that failed no longer than this.
constexpr Duration kFailedPatience = std::chrono::milliseconds(100);

ClientProperties compressing(const Settings& settings) {
  auto all = producer_properties(settings);
  all.fixed.push_back({"compression.codec", "zstd"});
  all.fixed.push_back({"batch.num.messages", "1"});  // so that no record is refused for its neighbour
  all.fixed.push_back({"linger.ms", "0"});
  return all;
}

}  // namespace

CompressedRetry::CompressedRetry(std::string broker, std::shared_ptr<const Settings> settings, EventLoop& loop)
    : broker_(std::move(broker)), settings_(std::move(settings)), client_(loop, [this] { poll(); }) {}

bool CompressedRetry::ready() {
  if (client_) return true;
  auto made = client_.make(*settings_, compressing(*settings_));
  if (!made)
    error_log_.event(log::Level::warn, "no client for records that must be compressed",
                     {{"broker", broker_}, {"reason", made.error().text}});
  return made.has_value();
}

void CompressedRetry::send(Publication& p) {
  if (!ready()) return p.completed(outcome_of(p, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Judge::broker, {}));
  unsigned dropped = 0;  // counted when it was sent first
  auto code = client_.produce(p, record_time(p).value_or(0), true, dropped);
  if (code) p.completed(outcome_of(p, code, Judge::client, client_.limits()));
}

void CompressedRetry::poll() {
  auto client = client_.shared();  // outlives its events
  while (client_) {
    auto event = client_.next_event();
    if (!event) return;
    auto type = rd_kafka_event_type(event.get());
    if (type == RD_KAFKA_EVENT_DR)
      client_.reports(event.get(), [this](auto& record, auto code) { reported(*record.publication, code); });
    if (type == RD_KAFKA_EVENT_ERROR && rd_kafka_event_error_is_fatal(event.get())) end(kFailedPatience);
  }
}

void CompressedRetry::reported(Publication& p, rd_kafka_resp_err_t code) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    // A broker before 2.1 knows no zstd: then it stays with what it said of the record as it was.
    bool cannot = code == RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE || code == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
    return p.completed(
        outcome_of(p, cannot ? RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE : code, Judge::broker, client_.limits()));
  }
  sent_.add();
  sent_log_.event(log::Level::info, "record too large for its topic as it was, sent compressed",
                  {{"broker", broker_},
                   {"topic", printable(p.target, kMaxTopic)},
                   {"bytes", p.message->body.size()},
                   {"hint", "where this comes often: compression.type under librdkafka:"}});
  p.completed({});
}

void CompressedRetry::end(Duration patience) {
  auto left = client_.end(patience, [this](auto& record, auto code) { reported(*record.publication, code); });
  for (auto& record : left) record.publication->completed(Outcome::away("the client has ended"));
}

}  // namespace mombridge::kafka
