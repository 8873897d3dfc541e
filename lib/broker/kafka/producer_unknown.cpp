// Topics and partitions that the client says do not exist. A broker that has just started may say so without knowing
// (librdkafka #3513), so it is asked again before a message is refused.

#include <algorithm>
#include <utility>

#include "broker/kafka/producer.hpp"

namespace mombridge::kafka {

namespace {

constexpr unsigned kDenials = 2;
constexpr Duration kAskAgain = std::chrono::milliseconds(500);
constexpr Duration kForgetMissing = std::chrono::seconds(1);
constexpr size_t kDoubtsKept = 1000;

}  // namespace

void Producer::suspect(Publication& p) {
  if (doubts_.size() > kDoubtsKept) std::erase_if(doubts_, [](auto& d) { return d.second.publications.empty(); });
  std::string name(p.target);
  auto& doubt = doubts_[name];
  if (Clock::now() < doubt.missing_until) return p.completed(Outcome::refused(doubt.why));
  doubt.publications.push_back(&p);
  if (doubt.publications.size() > 1) return;  // asked already
  // Not at once where it was asked just now: the client may take a moment to believe the answer.
  ask_topic(name, std::max<Duration>(doubt.asked + kAskAgain - Clock::now(), Duration::zero()));
}

void Producer::ask_topic(const std::string& name, Duration delay) {
  if (delay > Duration::zero() || !client_) {
    loop_.after(std::max(delay, kAskAgain), [this, name] { ask_topic(name, Duration::zero()); });
    return;
  }
  doubts_[name].asked = Clock::now();
  asker_.ask([this, name, client = client_.get()] {
    Topic handle(rd_kafka_topic_new(client, name.c_str(), nullptr));
    auto metadata = ask_metadata(client, handle.get());
    auto code = RD_KAFKA_RESP_ERR__TRANSPORT;
    int partitions = 0;
    if (metadata && (*metadata)->topic_cnt == 1) {
      code = (*metadata)->topics[0].err;
      partitions = (*metadata)->topics[0].partition_cnt;
    }
    loop_.post([this, name, code, partitions] { topic_answer(name, code, partitions); });
  });
}

void Producer::topic_answer(const std::string& name, rd_kafka_resp_err_t code, int partitions) {
  auto& doubt = doubts_[name];
  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      if (partitions > 0) return exists(name, partitions);
      break;
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return missing(name, "topic " + name + ": " + describe(code, {}));
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      if (++doubt.denials >= kDenials)
        return missing(name, "topic " + name + " does not exist, and the broker does not make it by itself " +
                                 "(create it, or set auto.create.topics.enable on the broker)");
      break;
    default:
      break;  // no answer, or it is being made
  }
  ask_topic(name, kAskAgain);
}

void Producer::exists(const std::string& name, int partitions) {
  auto& doubt = doubts_[name];
  doubt.denials = 0;
  for (auto* p : std::exchange(doubt.publications, {})) {
    if (p->partition < partitions)
      queue(*p);
    else
      p->completed(Outcome::refused("topic " + name + " has no partition " + std::to_string(p->partition) + ", only " +
                                    std::to_string(partitions)));
  }
}

void Producer::missing(const std::string& name, const std::string& why) {
  auto& doubt = doubts_[name];
  doubt.denials = 0;
  doubt.why = why;
  doubt.missing_until = Clock::now() + kForgetMissing;
  for (auto* p : std::exchange(doubt.publications, {})) p->completed(Outcome::refused(why));
}

}  // namespace mombridge::kafka
