#include "broker/kafka/compressed_retry.hpp"

#include <sys/epoll.h>
#include <utility>

#include "base/text.hpp"
#include "broker/kafka/produce.hpp"
#include "broker/kafka/producer_limits.hpp"
#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

namespace {

constexpr Duration kPurgePatience = std::chrono::seconds(2);
constexpr int kPollMs = 50;

ClientProperties compressing(const Settings& settings) {
  auto all = producer_properties(settings);
  all.fixed.push_back({"compression.codec", "zstd"});
  all.fixed.push_back({"batch.num.messages", "1"});  // so that no record is refused for its neighbour
  all.fixed.push_back({"linger.ms", "0"});
  return all;
}

}  // namespace

CompressedRetry::CompressedRetry(const std::string& broker, const Settings& settings, EventLoop& loop)
    : broker_(broker), settings_(settings), loop_(loop) {}

void CompressedRetry::start() {
  loop_.watch(signal_.fd(), EPOLLIN, [this](uint32_t) {
    signal_.clear();
    poll();
  });
}

bool CompressedRetry::ready() {
  if (client_) return true;
  auto made = make_client(RD_KAFKA_PRODUCER, settings_, compressing(settings_));
  if (!made) {
    error_line_.event(log::Level::warn, "no client for records that must be compressed",
                      {{"broker", broker_}, {"reason", made.error().text}});
    return false;
  }
  client_ = std::move(*made);
  limits_ = limits_of(client_.get());
  events_.reset(rd_kafka_queue_get_main(client_.get()));
  signal_.watch(events_.get());
  return true;
}

void CompressedRetry::send(Publication& p) {
  if (!ready()) return p.completed(outcome_of(p, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Judge::broker, {}));
  Topic topic(rd_kafka_topic_new(client_.get(), std::string(p.target).c_str(), nullptr));
  unsigned dropped = 0;  // counted at the first time
  auto code = produce(client_.get(), topic.get(), p, record_time(p).value_or(0), &p, dropped);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return p.completed(outcome_of(p, code, Judge::client, limits_));
  under_way_.insert(&p);
}

void CompressedRetry::poll() {
  while (client_) {
    Event event(rd_kafka_queue_poll(events_.get(), 0));
    if (!event) return;
    auto type = rd_kafka_event_type(event.get());
    if (type == RD_KAFKA_EVENT_DR) reports(event.get());
    if (type == RD_KAFKA_EVENT_ERROR && rd_kafka_event_error_is_fatal(event.get())) {
      event.reset();  // of the client that ends now
      end();
    }
  }
}

void CompressedRetry::reports(rd_kafka_event_t* event) {
  while (auto* record = rd_kafka_event_message_next(event))
    done(*static_cast<Publication*>(record->_private), record->err);
}

void CompressedRetry::done(Publication& p, rd_kafka_resp_err_t code) {
  under_way_.erase(&p);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    // A broker before 2.1 knows no zstd: then it stays with what it said of the record as it was.
    bool cannot = code == RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE || code == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
    return p.completed(outcome_of(p, cannot ? RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE : code, Judge::broker, limits_));
  }
  sent_.add();
  line_.event(log::Level::info, "record too large for its topic as it was, sent compressed",
              {{"broker", broker_},
               {"topic", printable(p.target, kMaxTopic)},
               {"bytes", p.message->body.size()},
               {"hint", "where this comes often: compression.type under librdkafka:"}});
  p.completed({});
}

void CompressedRetry::end() {
  if (!client_) return;
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  for (auto deadline = Clock::now() + kPurgePatience; rd_kafka_outq_len(client_.get()) && Clock::now() < deadline;) {
    Event event(rd_kafka_queue_poll(events_.get(), kPollMs));
    if (event && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_DR) reports(event.get());
  }
  Signal::unwatch(events_.get());
  events_.reset();
  client_.reset();
  // Without a client nobody reports on them any more, and nobody reads their bodies.
  for (auto* p : std::exchange(under_way_, {})) p->completed(Outcome::away("the client has ended"));
}

}  // namespace mombridge::kafka
