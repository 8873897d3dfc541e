#include "cases/stage.hpp"

#include <gmock/gmock.h>

#include "broker/memory/broker.hpp"
#include "cases/reader.hpp"
#include "loading.hpp"
#include "routing/destination_broker.hpp"
#include "routing/destination_handler.hpp"

namespace mombridge::cases {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const routing::DestinationKinds& kinds() {
  static const routing::DestinationKinds kAll{routing::broker_destination_kind(), routing::handler_destination_kind()};
  return kAll;
}

constexpr const char* kBrokers =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, exchange: ex, subscribe: [{queue: q}, {queue: p}]}\n"
    "  lake: {type: kafka, bootstrap_servers: \"localhost:9092\"}\n"
    "  local: {type: memory}\n";

class CasesStage : public testing::Test {
 protected:
  void start(const std::string& text) {
    auto loaded = config::test::load_text(kBrokers + text);
    for (auto& line : loaded.said)
      if (line.find(": error:") != std::string::npos) ADD_FAILURE() << line;
    stage.emplace(loaded.config, kinds(), [](auto& section) { return memory::create(section); });
    auto started = stage->start();
    ASSERT_TRUE(started) << started.error().text;
  }
  /// What becomes of a message that is written as in a file of cases.
  Result<Happened> play(const std::string& message, Duration patience = 30s) {
    config::Diagnostics diagnostics;
    auto cases =
        read_cases("c.yaml", "cases: [{name: n, message: " + message + ", expect: {routes: []}}]", diagnostics);
    EXPECT_TRUE(diagnostics.ok()) << diagnostics.sorted().front().text();
    given.push_back(std::make_unique<Given>(cases.at(0).message));
    return stage->play(*given.back(), patience);
  }
  static std::string handler(const std::string& name) {
    return "handlers: {h: {plugin: " HANDLERS "/" + name + ".so, isolation: in_process}}\n";
  }

  std::vector<std::unique_ptr<Given>> given;  // outlive the stage
  std::optional<Stage> stage;
};

TEST_F(CasesStage, RendersWhatIsSent) {
  start(
      "routes: [{name: r, from: {broker: shop, target: \"a.*\"}, to: [{broker: lake, target: t, key: \"{target}\"},"
      " {broker: shop, target: x, headers: {added: \"{target}\", own: new}}]}]\n");
  auto happened = play("{broker: shop, target: a.b, body: x, headers: {own: 1, other: 2}}");
  ASSERT_TRUE(happened) << happened.error().text;
  EXPECT_EQ(happened->end, Happened::End::settled);
  EXPECT_THAT(happened->routes, ElementsAre("r"));
  ASSERT_EQ(happened->sent.size(), 2u);
  auto& record = happened->sent[0];
  EXPECT_EQ(*record.field("key"), "a.b");
  EXPECT_FALSE(record.field("exchange"));
  auto& second = happened->sent[1];
  EXPECT_EQ(*second.field("exchange"), "ex");
  EXPECT_EQ(second.header("added")->text, "a.b");
  EXPECT_EQ(second.header("own")->text, "new");
  EXPECT_EQ(second.header("other")->kind, Value::Kind::i64);
}

TEST_F(CasesStage, FollowsThroughMemoryBrokersAndHandlers) {
  start(handler("good_sync") +
        "routes:\n"
        "  - {name: one, from: {broker: shop, target: a}, to: {broker: local, target: b}}\n"
        "  - {name: two, from: {broker: local, target: b}, to: {handler: h, reply_to: {broker: lake, target: out}}}\n");
  auto happened = play("{broker: shop, target: a, body: x}");
  ASSERT_TRUE(happened) << happened.error().text;
  ASSERT_EQ(happened->sent.size(), 2u);
  EXPECT_EQ(*happened->sent[0].field("broker"), "local");
  EXPECT_EQ(*happened->sent[1].field("target"), "out");
}

TEST_F(CasesStage, AReplyIsToldFromWhatIsSent) {
  start(handler("good_sync") + "routes: [{name: r, from: {broker: shop, target: a}, to: {handler: h}}]\n");
  auto happened = play("{broker: shop, target: a, body: x, reply_to: me, correlation_id: c}");
  ASSERT_TRUE(happened) << happened.error().text;
  EXPECT_THAT(happened->sent, IsEmpty());
  ASSERT_EQ(happened->replies.size(), 1u);
  EXPECT_EQ(*happened->replies[0].field("correlation_id"), "c");
}

TEST_F(CasesStage, EachMessageHasAnEnd) {
  std::string routes = "routes: [{name: r, from: {broker: shop, target: a}, to: {handler: h}}]\n";
  start(handler("bad_returns_error") + routes + "failures: {attempts: 3, dead_letter: {broker: shop, target: dead}}\n");
  auto dead = play("{broker: shop, target: a}");
  ASSERT_TRUE(dead) << dead.error().text;
  ASSERT_EQ(dead->dead_letters.size(), 1u);
  EXPECT_EQ(*dead->dead_letters[0].field("target"), "dead");
  auto unrouted = play("{broker: shop, target: b}");
  ASSERT_TRUE(unrouted) << unrouted.error().text;
  EXPECT_THAT(unrouted->routes, IsEmpty());
  EXPECT_EQ(unrouted->dead_letters.size(), 1u);

  start(handler("bad_returns_error") + routes + "failures: {attempts: 1}\n");
  auto held = play("{broker: shop, target: a}");
  ASSERT_TRUE(held) << held.error().text;
  EXPECT_EQ(held->end, Happened::End::held);

  start(handler("bad_never_completes") + routes);
  auto pending = play("{broker: shop, target: a}", 50ms);
  ASSERT_TRUE(pending) << pending.error().text;
  EXPECT_EQ(pending->end, Happened::End::pending);
}

TEST_F(CasesStage, SaysWhyAMessageCannotCome) {
  start(
      "routes:\n"
      "  - {name: all, from: {broker: shop}, to: {broker: lake, target: t}}\n"
      "  - {name: own, from: {broker: shop, queue: mine}, to: {broker: lake, target: t}}\n"
      "  - {name: topic, from: {broker: lake, topic: here}, to: {broker: shop, target: t}}\n");
  EXPECT_THAT(play("{broker: shp, target: a}").error().text,
              HasSubstr("there is no broker 'shp' (did you mean 'shop'?)"));
  EXPECT_THAT(play("{broker: lake, target: there}").error().text,
              HasSubstr("no subscription of broker 'lake' brings target 'there'; its subscriptions: 'here'"));
  EXPECT_THAT(play("{broker: shop, target: a, queue: none}").error().text,
              HasSubstr("broker 'shop' does not subscribe to 'none'"));
  EXPECT_THAT(play("{broker: shop, target: a}").error().text, HasSubstr("which lead to different routes"));
  auto mine = play("{broker: shop, target: a, queue: mine}");
  ASSERT_TRUE(mine) << mine.error().text;
  EXPECT_THAT(mine->routes, ElementsAre("own"));
}

}  // namespace
}  // namespace mombridge::cases
