#include "broker/kafka/unknown_topics.hpp"

#include <algorithm>
#include <utility>

#include "broker/kafka/client.hpp"
#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

namespace {

constexpr unsigned kDenials = 2;
constexpr Duration kAskAgain = std::chrono::milliseconds(500);
constexpr Duration kForgetMissing = std::chrono::seconds(1);
constexpr size_t kDoubtsKept = 1000;

std::string colliding_topic(rd_kafka_t* client, const std::string& name) {
  auto all = ask_metadata(client, nullptr, true);
  for (int i = 0; all && i < (*all)->topic_cnt; ++i)
    if (topics_collide(name, (*all)->topics[i].topic)) return (*all)->topics[i].topic;
  return {};
}

Outcome collision(const std::string& name, const std::string& with) {
  return Outcome::refused("topic " + name + " cannot be made: topic " + with +
                              " exists, and Kafka takes no two names that differ only in '.' and '_'",
                          Outcome::Cause::message);
}

}  // namespace

void UnknownTopics::add(Publication& p) {
  if (doubts_.size() > kDoubtsKept) std::erase_if(doubts_, [](auto& d) { return d.second.publications.empty(); });
  std::string name(p.target);
  auto& doubt = doubts_[name];
  if (Clock::now() < doubt.missing_until) return p.completed(doubt.refusal);
  doubt.publications.push_back(&p);
  if (doubt.publications.size() > 1) return;  // asked already
  // Not at once where it was asked just now: the client may take a moment to believe the answer.
  ask_for(name, std::max<Duration>(doubt.asked + kAskAgain - Clock::now(), Duration::zero()));
}

bool UnknownTopics::empty() const {
  return std::ranges::all_of(doubts_, [](auto& d) { return d.second.publications.empty(); });
}

std::vector<Publication*> UnknownTopics::take() {
  std::vector<Publication*> all;
  for (auto& [name, doubt] : doubts_) {
    all.insert(all.end(), doubt.publications.begin(), doubt.publications.end());
    doubt.publications.clear();
  }
  return all;
}

UnknownTopics::Answer UnknownTopics::ask(rd_kafka_t* client, const std::string& name) {
  Answer answer;
  Topic handle(rd_kafka_topic_new(client, name.c_str(), nullptr));
  auto metadata = ask_metadata(client, handle.get());
  if (!metadata || (*metadata)->topic_cnt != 1) return answer;
  answer.code = (*metadata)->topics[0].err;
  answer.partitions = (*metadata)->topics[0].partition_cnt;
  // Brokers with KRaft make topics later, and then keep to themselves why they could not.
  bool denied =
      answer.code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION || answer.code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (denied) answer.collides = colliding_topic(client, name);
  return answer;
}

void UnknownTopics::ask_for(const std::string& name, Duration delay) {
  if (delay > Duration::zero() || !client_) {
    loop_.after(std::max(delay, kAskAgain), [this, name] { ask_for(name, Duration::zero()); });
    return;
  }
  doubts_[name].asked = Clock::now();
  asker_.ask([this, name, client = client_] {
    loop_.post([this, name, answer = ask(client, name)] { answered(name, answer); });
  });
}

void UnknownTopics::answered(const std::string& name, const Answer& answer) {
  auto& doubt = doubts_[name];
  auto said = "topic " + name + ": " + describe(answer.code, {});
  switch (answer.code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      if (answer.partitions > 0) return exists(name, answer.partitions);
      break;
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      // Every name that comes here is a valid one.
      return missing(name, answer.collides.empty()
                               ? Outcome::refused(said + ": the broker does not make a topic of that name",
                                                  Outcome::Cause::message)
                               : collision(name, answer.collides));
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return missing(name, Outcome::refused(said));
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      if (++doubt.denials < kDenials) break;
      if (!answer.collides.empty()) return missing(name, collision(name, answer.collides));
      return missing(name, Outcome::refused("topic " + name +
                                            " does not exist, and the broker does not make it by itself (create it, "
                                            "or set auto.create.topics.enable on the broker)"));
    default:
      break;  // no answer, or it is being made
  }
  ask_for(name, kAskAgain);
}

void UnknownTopics::exists(const std::string& name, int partitions) {
  auto& doubt = doubts_[name];
  doubt.denials = 0;
  for (auto* p : std::exchange(doubt.publications, {})) {
    if (p->partition < partitions)
      found_(*p);
    else
      p->completed(Outcome::refused("topic " + name + " has no partition " + std::to_string(p->partition) + ", only " +
                                    std::to_string(partitions)));
  }
}

void UnknownTopics::missing(const std::string& name, Outcome refusal) {
  auto& doubt = doubts_[name];
  doubt.denials = 0;
  doubt.refusal = std::move(refusal);
  doubt.missing_until = Clock::now() + kForgetMissing;
  for (auto* p : std::exchange(doubt.publications, {})) p->completed(Outcome(doubt.refusal));
}

}  // namespace mombridge::kafka
