#include "broker/kafka/access_check.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "broker/first_token.hpp"
#include "broker/kafka/group_refusal.hpp"
#include "broker/kafka/login.hpp"
#include "broker/kafka/permission.hpp"
#include "broker/kafka/topic_match.hpp"

namespace mombridge::kafka {

namespace {

constexpr Duration kConnectPatience = std::chrono::seconds(10);
constexpr auto kForbidden = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;

std::string topic_line(const std::string& topic) { return "topic " + printable(topic, kMaxTopic); }

class LookAround {
 public:
  LookAround(const Settings& settings, Inquiry& inquiry)
      : settings_(settings), inquiry_(inquiry), principal_(Login(settings).principal()) {}

  std::vector<Finding> run(const std::vector<Sending>& sendings) {
    for (bool replies : {true, false}) subscriptions(replies);
    for (auto& topic : settings_.declares) own_topic(topic);
    for (auto& sending : sendings)
      if (sending.target) target(*sending.target);
    return std::move(findings_);
  }

 private:
  /// Those of one group.
  void subscriptions(bool replies) {
    std::vector<std::string> topics;
    std::vector<FindingText> texts;
    for (size_t i = 0; i < settings_.subscriptions.size(); ++i) {
      auto& s = settings_.subscriptions[i];
      if (s.replies != replies) continue;
      if (s.topic.starts_with('^')) {
        matching(i, topics, texts);
        continue;
      }
      topics.push_back(s.topic);
      look_up(s, texts.emplace_back(topic_line(s.topic)));
    }
    if (topics.empty()) return;
    auto group = settings_.group_id + (replies ? ".replies" : "");  // as Consumer has it
    auto read = inquiry_.try_read(group, topics);
    say_group(group, read.group);
    for (size_t i = 0; i < topics.size(); ++i) {
      say_read(topics[i], read, i, texts[i]);
      findings_.push_back(texts[i].finding());
    }
  }

  void look_up(const Subscription& s, FindingText& text) {
    auto code = inquiry_.look_up(s.topic);
    if (!code) return text.good("there");
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART && s.replies)
      return may_create(s.topic, {.retention = kKeepReplies}, text);
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
      return text.fail("not there; make it: kafka-topics.sh --create --topic " + printable(s.topic, kMaxTopic));
    not_looked_up(s.topic, code, text, {"Describe", "Read"});
  }

  void not_looked_up(const std::string& topic, Inquiry::Code code, FindingText& text,
                     std::initializer_list<std::string_view> operations) {
    text.fail("may not be looked up: " + describe(code, {}) +
              (code == kForbidden ? "; " + allow(operations, "topic", topic, principal_) : ""));
    forbidden_.insert(topic);
  }

  // Topics that match now; others may be made later.
  void matching(size_t index, std::vector<std::string>& topics, std::vector<FindingText>& texts) {
    auto& s = settings_.subscriptions[index];
    auto all = inquiry_.all_topics();
    if (!all) return findings_.push_back(failed("topics " + s.topic, all.error().text));
    TopicMatch match(settings_);
    size_t before = topics.size();
    for (auto& name : *all) {
      if (!settings_.brings(s, name) || match.find(name) != index) continue;
      topics.push_back(name);
      texts.emplace_back(topic_line(name)).good("there, matches " + printable(s.topic, kMaxTopic));
    }
    if (topics.size() > before) return;
    findings_.push_back({Finding::State::warning, "topics " + printable(s.topic, kMaxTopic) + ": there is none that " +
                                                      principal_ + " may know of (the operation Describe)"});
  }

  void say_group(const std::string& group, Inquiry::Code code) {
    auto subject = "group " + printable(group);
    if (!code) return findings_.push_back(ok(subject, "may be joined"));
    auto words = why_not_joined(code, group, principal_, {});
    findings_.push_back(
        failed(subject, words.empty() ? "not known whether it may be joined: " + describe(code, {}) : words));
  }

  void say_read(const std::string& topic, const Inquiry::Read& read, size_t index, FindingText& text) {
    auto code = read.topics[index];
    if (code == kForbidden) {
      if (!forbidden_.contains(topic))
        text.fail("may not be read: " + describe(code, {}) + "; " + allow({"Read"}, "topic", topic, principal_));
    } else if (read.group) {
      text.warn("not known whether it may be read, because of the group");
    } else if (!forbidden_.contains(topic)) {
      text.good("may be read");
    }
  }

  void may_create(const std::string& topic, const TopicSpec& spec, FindingText& text) {
    text.good("not there yet");
    made_.insert(topic);
    auto may = inquiry_.try_create(topic, spec);
    if (may) return text.good("may be created");
    bool forbidden = may.error().text.find("AUTHORIZATION_FAILED") != std::string::npos;
    text.fail("may not be created: " + may.error().text +
              (forbidden ? "; " + allow({"Create"}, "topic", topic, principal_) : ""));
  }

  // What exists is used as it is, and shown as what is written to.
  void own_topic(const std::string& topic) {
    if (inquiry_.look_up(topic) != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return;
    FindingText text(topic_line(topic));
    TopicSpec spec;
    auto partitions = settings_.partitions.find(topic);
    if (partitions != settings_.partitions.end()) spec.partitions = partitions->second;
    may_create(topic, spec, text);
    findings_.push_back(text.finding());
  }

  void target(const std::string& topic) {
    if (!sent_.insert(topic).second) return;
    FindingText text(topic_line(topic));
    auto code = inquiry_.look_up(topic);
    if (!code)
      try_write(topic, text);
    else if (code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
      not_looked_up(topic, code, text, {"Describe", "Write"});
    else if (made_.contains(topic))
      text.warn("made by this bridge; whether it may be written to is not known before");
    else
      missing_target(topic, text);
    findings_.push_back(text.finding());
  }

  void try_write(const std::string& topic, FindingText& text) {
    text.good("there");
    auto code = inquiry_.try_write(topic);
    if (!code) return text.good("may be written to");
    if (code == kForbidden)
      text.fail("may not be written to: " + describe(code, {}) + "; " + allow({"Write"}, "topic", topic, principal_));
    else
      text.fail("not known whether it may be written to: " + describe(code, {}));
  }

  void missing_target(const std::string& topic, FindingText& text) {
    auto automatic = inquiry_.auto_create();
    if (automatic == "true")
      return text.warn("not there; the broker makes it when it is first written to (auto.create.topics.enable)");
    text.fail("not there; make it: kafka-topics.sh --create --topic " + printable(topic, kMaxTopic) +
              (automatic.empty() ? ", unless the broker makes it by itself (auto.create.topics.enable)" : ""));
  }

  const Settings& settings_;
  Inquiry& inquiry_;
  const std::string principal_;
  std::set<std::string> made_;       ///< topics that the bridge makes
  std::set<std::string> forbidden_;  ///< may not be looked up
  std::set<std::string> sent_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> look_around(const Settings& settings, const std::vector<Sending>& sendings, Inquiry& inquiry) {
  return LookAround(settings, inquiry).run(sendings);
}

std::vector<Finding> check_access(const config::BrokerSection& section, const std::vector<Sending>& sendings) {
  auto settings = static_cast<const Settings&>(*section.settings);
  if (settings.token) {
    auto first = first_token(section.name, *settings.token, kConnectPatience);
    if (!first) return {failed("token", first.error().text)};
    settings.tokens = *first;
  }
  ClusterInquiry inquiry(settings);
  auto subject = "cluster " + printable(settings.bootstrap_servers);
  if (auto connected = inquiry.connect(kConnectPatience); !connected) return {failed(subject, connected.error().text)};
  Login login(settings);
  std::vector<Finding> findings{
      ok(subject, login.sasl && !login.username.empty() ? "reached as " + login.principal() : "reached")};
  auto seen = look_around(settings, sendings, inquiry);
  std::ranges::move(seen, std::back_inserter(findings));
  return findings;
}

}  // namespace mombridge::kafka
