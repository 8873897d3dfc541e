#include "broker/kafka/unknown_topics.hpp"

#include <algorithm>
#include <utility>

#include "broker/kafka/client.hpp"
#include "broker/kafka/permission.hpp"
#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

namespace {

constexpr unsigned kDenials = 2;
/// With the calls before it.
constexpr Duration kPatience = std::chrono::seconds(5);
constexpr Duration kAskAgain = std::chrono::milliseconds(500);
constexpr Duration kForgetMissing = std::chrono::seconds(1);
constexpr size_t kTopicsKept = 1000;

std::string colliding_topic(rd_kafka_t* client, const std::string& name, TimePoint deadline) {
  auto all = ask_metadata(client, nullptr, deadline, true);
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

void UnknownTopics::use(SharedClient client) {
  client_ = std::move(client);
  caller_.cancel();
  for (auto& [name, topic] : topics_)
    if (std::exchange(topic.asking, false)) ask_for(name, kAskAgain);
}

void UnknownTopics::add(Publication& p) {
  if (topics_.size() > kTopicsKept) std::erase_if(topics_, [](auto& t) { return t.second.publications.empty(); });
  std::string name(p.target);
  auto& topic = topics_[name];
  if (Clock::now() < topic.missing_until) return p.completed(topic.refusal);
  topic.publications.push_back(&p);
  if (topic.publications.size() > 1) return;  // asked already
  // Not at once where it was asked just now: the client may take a moment to believe the answer.
  ask_for(name, std::max<Duration>(topic.asked + kAskAgain - Clock::now(), Duration::zero()));
}

void UnknownTopics::post(Publication& p) noexcept {
  if (posted_.push(&p)) loop_.wake();
}

void UnknownTopics::take_posted() {
  for (auto* p : posted_.take()) add(*p);
}

bool UnknownTopics::empty() const {
  return posted_.empty() && std::ranges::all_of(topics_, [](auto& t) { return t.second.publications.empty(); });
}

std::vector<Publication*> UnknownTopics::take() {
  auto all = posted_.take();
  for (auto& [name, topic] : topics_) {
    all.insert(all.end(), topic.publications.begin(), topic.publications.end());
    topic.publications.clear();
  }
  return all;
}

UnknownTopics::Answer UnknownTopics::ask(rd_kafka_t* client, const std::string& name, TimePoint deadline) {
  Answer answer;
  Topic handle(rd_kafka_topic_new(client, name.c_str(), nullptr));
  auto metadata = ask_metadata(client, handle.get(), deadline);
  if (!metadata || (*metadata)->topic_cnt != 1) return answer;
  answer.code = (*metadata)->topics[0].err;
  answer.partitions = (*metadata)->topics[0].partition_cnt;
  // Brokers with KRaft make topics later, and then keep to themselves why they could not.
  bool denied =
      answer.code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION || answer.code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (denied) answer.collides = colliding_topic(client, name, deadline);
  return answer;
}

void UnknownTopics::ask_for(const std::string& name, Duration delay) {
  if (delay > Duration::zero() || !client_) {
    loop_.after(std::max(delay, kAskAgain), [this, name] { ask_for(name, Duration::zero()); });
    return;
  }
  auto& topic = topics_[name];
  topic.asked = Clock::now();
  topic.asking = true;
  caller_.ask(
      kPatience,
      [name, client = client_](TimePoint deadline) -> Result<Answer> { return ask(client.get(), name, deadline); },
      [this, name](const Result<Answer>& answer) {
        topics_[name].asking = false;
        answered(name, answer ? *answer : Answer());
      });
}

void UnknownTopics::answered(const std::string& name, const Answer& answer) {
  auto& topic = topics_[name];
  auto text = "topic " + name + ": " + describe(answer.code, {});
  switch (answer.code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      if (answer.partitions > 0) return exists(name, answer.partitions);
      break;
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      // Every name that comes here is a valid one.
      return missing(name, answer.collides.empty()
                               ? Outcome::refused(text + ": the broker does not make a topic of that name",
                                                  Outcome::Cause::message)
                               : collision(name, answer.collides));
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      if (client_ && login_run_out(client_.get(), answer.code)) return missing(name, Outcome::away(text));
      return missing(name, Outcome::refused(text + ": " + allow({"Describe", "Write"}, "topic", name, principal_)));
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      if (++topic.denials < kDenials) break;
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
  auto& topic = topics_[name];
  topic.denials = 0;
  for (auto* p : std::exchange(topic.publications, {})) {
    if (p->partition < partitions)
      found_(*p);
    else
      p->completed(Outcome::refused("topic " + name + " has no partition " + std::to_string(p->partition) + ", only " +
                                    std::to_string(partitions)));
  }
}

void UnknownTopics::missing(const std::string& name, Outcome refusal) {
  auto& topic = topics_[name];
  topic.denials = 0;
  topic.refusal = std::move(refusal);
  topic.missing_until = Clock::now() + kForgetMissing;
  for (auto* p : std::exchange(topic.publications, {})) p->completed(Outcome(topic.refusal));
}

}  // namespace mombridge::kafka
