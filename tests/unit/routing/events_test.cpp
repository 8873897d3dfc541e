// The lines of log about messages: which message, where it stands, which way it goes; and which lines are left out.

#include "routing/events.hpp"

#include "base/log_limit.hpp"
#include "routing/outgoing.hpp"
#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

size_t occurrences(const std::string& text, std::string_view what) {
  size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++n;
  return n;
}

class Events : public testing::Test {
 protected:
  void SetUp() override {
    log::init(log::Level::warn, log::Format::json);
    testing::internal::CaptureStderr();
  }
  void TearDown() override {
    lines();
    log::init(log::Level::warn, log::Format::text);
  }
  /// What was written since SetUp().
  std::string lines() {
    if (!std::exchange(read_, true)) text_ = testing::internal::GetCapturedStderr();
    return text_;
  }
  [[nodiscard]] const config::BrokerSection& section(const std::string& name) const {
    return *loaded_.config.broker(name);
  }

  config::test::Loaded loaded_ = load_text(
      "brokers:\n"
      "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: tasks}, {exchange: amq.topic, routing_key: "
      "'#'}]}\n"
      "  lake: {type: kafka, bootstrap_servers: localhost:9092, subscribe: [{topic: '^telemetry\\..*'}, {topic: t, "
      "target_from: 'header:x'}]}\n",
      false);
  bool read_ = false;
  std::string text_;
};

TEST_F(Events, ALineNamesTheMessageItsPlaceAndItsWay) {
  FakeDelivery delivery("order.new", "the body");
  delivery.header("secret", "the header");
  delivery.message.message_id = "m-17";
  events::retried({delivery, section("shop"), "names", "lake/orders.{header.kind}", "orders.new"},
                  {"undeliverable", "no such topic", {}, 1}, 5);
  EXPECT_THAT(lines(), AllOf(HasSubstr(R"("route":"names","broker":"shop","queue":"tasks","message_id":"m-17",)"
                                       R"("target":"order.new","to":"lake/orders.{header.kind}",)"
                                       R"("to_target":"orders.new","reason":"no such topic","attempt":1,"of":5})"),
                             Not(HasSubstr("the body")), Not(HasSubstr("the header"))));
}

TEST_F(Events, ARecordsPlaceIsItsTopicPartitionAndOffset) {
  FakeDelivery delivery("telemetry.7");
  delivery.partition = 3;
  delivery.offset = 1234;
  events::held({delivery, section("lake"), "places"}, {"refused", "x", {}, 2}, "no dead_letter", true);
  EXPECT_THAT(lines(), AllOf(HasSubstr(R"("topic":"telemetry.7","partition":3,"offset":1234,)"
                                       R"("target":"telemetry.7","reason":"no dead_letter","attempts":2})"),
                             Not(HasSubstr("message_id")), Not(HasSubstr("\"to\""))));
}

TEST_F(Events, ATargetFromAHeaderIsNoTopic) {
  FakeDelivery delivery("from.a.header");
  delivery.partition = 0;
  delivery.offset = 1;
  delivery.subscription = 1;
  events::held({delivery, section("lake"), "headers"}, {"refused", "x", {}, 2}, "no dead_letter", true);
  EXPECT_THAT(lines(), HasSubstr(R"("topic":"t","partition":0,"offset":1,"target":"from.a.header")"));
}

TEST_F(Events, APrivateQueueIsNamedByItsExchange) {
  FakeDelivery delivery("a");
  delivery.subscription = 1;
  events::discarded({delivery, section("shop"), "private"});
  EXPECT_THAT(lines(), HasSubstr(R"("exchange":"amq.topic","target":"a"})"));
}

TEST_F(Events, OneLineHidesNoneOfAnotherRouteReasonOrDestination) {
  FakeDelivery delivery("a");
  auto dead = [&](std::string_view route, std::string_view code, std::string to) {
    events::dead_lettered({delivery, section("shop"), route, std::move(to)}, {code, "why", {}, 1}, "shop/dead");
  };
  for (int i = 0; i < 50; ++i) {
    dead("r1", "rejected", "handler h");
    dead("r1", "undeliverable", "handler h");
    dead("r2", "rejected", "handler h");
    dead("r1", "rejected", "lake/o");
  }
  EXPECT_EQ(occurrences(lines(), "message dead-lettered"), 4u) << lines();
}

TEST_F(Events, MessagesDoNotDecideHowManyLinesThereAre) {
  for (int i = 0; i < 200; ++i) {
    FakeDelivery delivery("target." + std::to_string(i));
    auto id = std::to_string(i);
    delivery.message.message_id = id;
    events::retried({delivery, section("shop"), "bounded", "lake/{target}", delivery.message.target},
                    {"undeliverable", "no topic " + id, {}, 1}, 5);
  }
  EXPECT_EQ(occurrences(lines(), "message failed"), 1u) << lines();
}

TEST_F(Events, LongIdsAreCutOff) {
  FakeDelivery delivery("a");
  std::string id(100'000, 'x');
  delivery.message.message_id = id;
  events::discarded({delivery, section("shop"), "long"});
  EXPECT_LT(lines().size(), 1000u);
}

constexpr const char* kFailing =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, exchange: out, subscribe: [{queue: tasks}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
    "handlers: {h: {plugin: h.so}}\n"
    "failures: {attempts: 2, backoff: 1ms..2ms, dead_letter: {broker: lake, target: dead}}\n"
    "routes:\n";

// Through the engine: the destination that failed is named, with the target that was rendered for it, also when the
// dead letter's own has been rendered since.
TEST_F(Events, ADeadLetterNamesWhatFailedAndWhereItWent) {
  World world(std::string(kFailing) +
              "  - {name: fails, from: {broker: shop, target: a}, to: [{broker: lake, target: 'out.{target}'}]}\n");
  world.broker("lake").answer({Outcome::refused("no such topic"), Outcome::refused("no such topic")});
  auto delivery = std::make_unique<FakeDelivery>("a");
  delivery->message.message_id = "m-1";
  EXPECT_TRUE(settled(world.receive("shop", std::move(delivery)), Settlement::accept));
  const std::string way = R"("route":"fails","broker":"shop","queue":"tasks","message_id":"m-1","target":"a",)"
                          R"("to":"lake/out.{target}","to_target":"out.a",)";
  EXPECT_THAT(lines(), AllOf(HasSubstr("message failed, will be tried again\"," + way + R"("reason":"no such topic")"),
                             HasSubstr("message dead-lettered\"," + way +
                                       R"("dead_letter":"lake/dead","reason":"no such topic","attempts":2})")));
}

TEST_F(Events, AHandlersFailureHasNoTargetOfTheMessageBefore) {
  World world(std::string(kFailing) +
              "  - {name: first, from: {broker: shop, target: a}, to: [{broker: lake, target: o}]}\n"
              "  - {name: second, from: {broker: shop, target: b}, to: [{handler: h}]}\n");
  world.handler("h").behave = [](auto&) { return FakeHandler::reject("not today"); };
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  EXPECT_TRUE(settled(world.receive("shop", "b"), Settlement::accept));
  EXPECT_THAT(lines(), AllOf(HasSubstr(R"("to":"handler h","dead_letter":"lake/dead","reason":"not today")"),
                             Not(HasSubstr("to_target"))));
}

}  // namespace
}  // namespace mombridge::routing::test
