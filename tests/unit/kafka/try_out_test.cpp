// Keys of `librdkafka:` that are valid alone, and what comes of them together and with the bridge's own.

#include "broker/kafka/try_out.hpp"

#include <gmock/gmock.h>

#include "broker/kafka/client_properties.hpp"
#include "entry.hpp"

namespace mombridge::kafka {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> said(std::vector<LibrdkafkaKey> keys, bool subscribes = true) {
  auto settings = std::make_shared<Settings>();
  settings->bootstrap_servers = "localhost:9092";
  settings->group_id = "g";
  int line = 10;
  for (auto& key : keys) key.mark = {"c.yaml", line++, 5};
  settings->librdkafka = std::move(keys);
  if (subscribes) {
    settings->subscriptions.push_back(test::Entry{.topic = "^.*"});
  }
  config::Diagnostics diagnostics;
  try_out({"lake", "kafka", {"c.yaml", 2, 3}, settings}, diagnostics);
  std::vector<std::string> lines;
  for (auto& d : diagnostics.sorted()) lines.push_back(d.text());
  return lines;
}

TEST(TryOut, SaysNothingOfWhatGoesTogether) {
  EXPECT_THAT(said({}), IsEmpty());
  EXPECT_THAT(said({{"linger.ms", "5"},
                    {"session.timeout.ms", "30000"},
                    {"max.in.flight.requests.per.connection", "3"},
                    {"isolation.level", "read_committed"},
                    {"plugin.library.paths", "not-there"}}),
              IsEmpty());
}

struct Clash {
  const char *name, *value, *says;
};
class Clashes : public testing::TestWithParam<Clash> {};

TEST_P(Clashes, AreErrorsAtTheirKey) {
  auto& clash = GetParam();
  EXPECT_THAT(
      said({{"linger.ms", "5"}, {clash.name, clash.value}}),
      ElementsAre(AllOf(testing::StartsWith(std::string("c.yaml:11:5: error: brokers.lake.librdkafka.") + clash.name),
                        HasSubstr(clash.says))));
}

INSTANTIATE_TEST_SUITE_P(
    All, Clashes,
    testing::Values(Clash{"max.in.flight.requests.per.connection", "10", "the producer cannot be made"},
                    Clash{"retries", "0", "the producer cannot be made"},
                    Clash{"queuing.strategy", "lifo", "the producer cannot be made"},
                    Clash{"max.poll.interval.ms", "5000", "the consumer cannot be made"},
                    Clash{"heartbeat.interval.ms", "20000", "expels this member again and again"},
                    Clash{"session.timeout.ms", "2000", "expels this member again and again"},
                    Clash{"isolation.level", "read_uncommitted", "transactions that were aborted"}));

TEST(TryOut, SaysAllAtOnce) {
  EXPECT_THAT(said({{"retries", "0"}, {"max.poll.interval.ms", "5000"}, {"queuing.strategy", "lifo"}}),
              ElementsAre(HasSubstr("librdkafka.retries: "), HasSubstr("librdkafka.max.poll.interval.ms: "),
                          HasSubstr("librdkafka.queuing.strategy: ")));
}

TEST(TryOut, WarnsOfRareHeartbeats) {
  EXPECT_THAT(said({{"heartbeat.interval.ms", "5000"}}), ElementsAre(HasSubstr(": warning: ")));
}

TEST(TryOut, WhatASectionDoesNotUseDoesNotMatter) {
  EXPECT_THAT(said({{"isolation.level", "read_uncommitted"}, {"max.poll.interval.ms", "5000"}}, false), IsEmpty());
}

TEST(TryOut, DoesNotShowSecrets) {
  for (auto& line : said({{"ssl.key.pem", "hunter2", {}, true}, {"security.protocol", "ssl"}}))
    EXPECT_THAT(line, testing::Not(HasSubstr("hunter2")));
}

// What is fixed but could be set would be set without effect, and without a word.
TEST(ClientProperties, WhatIsFixedIsRefused) {
  Settings settings;
  settings.subscriptions.push_back(test::Entry{.topic = "t"});
  for (auto& properties : {consumer_properties(settings, TopicMatch(settings)), producer_properties(settings)}) {
    // A section's own `topic.blacklist` is added to what the bridge hides.
    for (auto& p : properties.fixed)
      EXPECT_EQ(!why_fixed(p.name), p.name == std::string_view("topic.blacklist")) << p.name;
    for (auto& p : properties.defaults) EXPECT_FALSE(why_fixed(p.name)) << p.name;
  }
}

}  // namespace
}  // namespace mombridge::kafka
