#pragma once
// What the tests against a live broker share: topics, settings, and a broker with a sink.

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/kafka/broker.hpp"
#include "broker/kafka/settings.hpp"
#include "harness.hpp"
#include "kafka_admin.hpp"
#include "test_settings.hpp"

namespace mombridge::kafka {

using conformance::KafkaAdmin;
using conformance::kPatience;
using conformance::kQuiet;
using conformance::Outbox;
using conformance::OwnMessage;
using conformance::Recorder;
using conformance::unique_name;

/// A started broker and its sink. Stopped before its deliveries are dropped.
class Node {
 public:
  explicit Node(std::shared_ptr<Settings> settings, bool accept = true, Recorder::Action action = nullptr)
      : section_{.name = "lake", .type = "kafka", .mark = {}, .settings = std::move(settings)},
        broker(create(section_)) {
    if (accept) recorder.accept_all();
    if (action) recorder.on_delivery(std::move(action));
    broker->start(recorder);
  }
  ~Node() {
    stop();
    recorder.take();
  }
  void stop() { broker->stop(20s); }

  /// Waits until the link (its index: 0 is the publisher) is in that state; returns what it says then.
  [[nodiscard]] std::string await(size_t link, LinkStatus::State state) const {
    LinkStatus last;
    for (auto end = Clock::now() + kPatience; Clock::now() < end; std::this_thread::sleep_for(5ms)) {
      last = broker->status().at(link);
      if (last.state == state) return last.detail;
    }
    ADD_FAILURE() << last.link << " is " << to_string(last.state) << ": " << last.detail;
    return last.detail;
  }
  void await_up() const {
    for (size_t i = 0; i < broker->status().size(); ++i) (void)await(i, LinkStatus::State::up);
  }

 private:
  config::BrokerSection section_;

 public:
  Recorder recorder;
  std::unique_ptr<Broker> broker;
};

class Live : public testing::Test {
 protected:
  void SetUp() override {
    log::init(log::Level::error, log::Format::text);
    auto* where = std::getenv("MOMBRIDGE_TEST_KAFKA");
    if (!where) GTEST_SKIP() << "MOMBRIDGE_TEST_KAFKA is not set";
    servers = where;
  }
  std::string new_topic(int partitions = 1, const std::string& name = unique_name()) {
    KafkaAdmin(servers).create_topic(name, partitions, "1000000");
    return name;
  }
  std::shared_ptr<Settings> settings(const std::string& group, const std::vector<test::Entry>& subscriptions) {
    return make_settings(servers, group, subscriptions);
  }
  /// Without a subscription.
  void publish(const std::string& topic, int from, int to) {
    Node node(settings("publishes", {}));
    outbox.publish_numbers(*node.broker, topic, from, to);
    ASSERT_ALL_DELIVERED(outbox);
  }

  std::string servers;
  Outbox outbox;
};

inline std::set<std::string> numbers(int from, int to) {
  std::set<std::string> all;
  for (int i = from; i < to; ++i) all.insert(std::to_string(i));
  return all;
}

}  // namespace mombridge::kafka
