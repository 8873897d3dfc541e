// What is said of a broker's answers, which the test gives.

#include "broker/amqp/access_check.hpp"

#include <map>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "entry.hpp"

namespace mombridge::amqp {
namespace {

using Kind = Question::Kind;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// A broker with these queues and exchanges, and permissions by kind of question and name.
class Told {
 public:
  Answer operator()(const Question& question) {
    asked.push_back(question);
    auto found = answers.find({question.kind, question.name});
    if (found != answers.end()) return found->second;
    switch (question.kind) {
      case Kind::try_declare:
        return {.code = 406, .words = "406 PRECONDITION_FAILED - invalid arg 'x-expires' for queue"};
      case Kind::try_redeclare:
      case Kind::try_bind:
      case Kind::look_up_exchange:
      case Kind::look_up_queue:
      case Kind::declare_queue:
        return {.yes = true};
      case Kind::try_consume:
        return {.code = 406, .words = "406 PRECONDITION_FAILED - invalid arg 'x-priority' for queue"};
      case Kind::try_publish:
        return {.code = 406, .words = "406 PRECONDITION_FAILED - invalid expiration 'none': no_integer"};
    }
    return {};
  }

  std::map<std::pair<Kind, std::string>, Answer> answers;
  std::vector<Question> asked;
};

Answer missing(const std::string& name) {
  return {.code = 404, .words = "404 NOT_FOUND - no queue '" + name + "' in vhost '/'"};
}
Answer forbidden(const std::string& kind, const std::string& name) {
  return {.code = 403,
          .words = "403 ACCESS_REFUSED - access to " + kind + " '" + name + "' in vhost '/' refused for user 'u'"};
}

class AccessCheck : public testing::Test {
 protected:
  std::vector<std::string> look(const std::vector<Sending>& sendings = {}, bool tries = true) {
    std::vector<std::string> lines;
    for (auto& finding : look_around(settings, sendings, tries, [this](auto& question) { return told(question); }))
      lines.push_back((finding.state == Finding::State::ok        ? "ok "
                       : finding.state == Finding::State::warning ? "warn "
                                                                  : "failed ") +
                      finding.text);
    return lines;
  }
  const PublishOptions* to_exchange(const std::string& name, bool mandatory = true) {
    auto& options = options_.emplace_back(std::make_unique<PublishOptions>(name));
    options->mandatory = mandatory;
    return options.get();
  }
  Sending sending(std::optional<std::string> target, const std::string& exchange = "", bool mandatory = true) {
    return {.options = to_exchange(exchange, mandatory), .target = std::move(target), .reply = false};
  }

  Settings settings;
  Told told;

 private:
  std::vector<std::unique_ptr<PublishOptions>> options_;
};

TEST_F(AccessCheck, WhatIsThereAndAllowed) {
  settings.subscriptions = {test::Entry{.queue = "q"}};
  EXPECT_THAT(
      look({sending("out"), sending("key", "x"), sending(std::nullopt, "x")}),
      ElementsAre("ok queue q: there, may be read", "ok queue out: there, may be written to",
                  "ok exchange x with key key: there, may be written to", "ok exchange x: there, may be written to"));
}

TEST_F(AccessCheck, NothingTakesEffect) {
  settings.subscriptions = {test::Entry{.queue = "q", .declare = QueueDeclaration{}, .bindings = {{"x", {"k"}, {}}}},
                            test::Entry{.queue = "new", .declare = QueueDeclaration{}},
                            test::Entry{.queue = "", .bindings = {{"x", {"#"}, {}}}}};
  settings.declares = {"own"};
  told.answers[{Kind::look_up_queue, "new"}] = missing("new");
  told.answers[{Kind::look_up_queue, "own"}] = missing("own");
  look({sending("own"), sending(std::nullopt, "x")});
  for (auto& question : told.asked) EXPECT_NE(question.kind, Kind::declare_queue);
}

TEST_F(AccessCheck, AQueueThatSomebodyElseMustMake) {
  settings.subscriptions = {test::Entry{.queue = "q"}};
  told.answers[{Kind::look_up_queue, "q"}] = missing("q");
  told.answers[{Kind::try_consume, "q"}] = missing("q");
  EXPECT_THAT(look(), ElementsAre(AllOf(StartsWith("failed queue q: may be read; 404 NOT_FOUND"),
                                        HasSubstr("make the queue, or let the bridge do it"))));
}

TEST_F(AccessCheck, AQueueThatTheBridgeWouldMake) {
  settings.subscriptions = {test::Entry{.queue = "q", .declare = QueueDeclaration{}}};
  told.answers[{Kind::look_up_queue, "q"}] = missing("q");
  told.answers[{Kind::try_consume, "q"}] = missing("q");
  EXPECT_THAT(look({sending("q")}), ElementsAre("ok queue q: not there yet, may be declared, may be read",
                                                "ok queue q: made by this bridge, may be written to"));
  told.answers[{Kind::try_declare, "q"}] = forbidden("queue", "q");
  EXPECT_THAT(look(), ElementsAre(AllOf(StartsWith("failed queue q: not there yet, may be read; may not be declared"),
                                        HasSubstr("let u's configure pattern match 'q'"))));
}

TEST_F(AccessCheck, AQueueThatIsNotWhatTheFileSays) {
  settings.subscriptions = {test::Entry{.queue = "q", .declare = QueueDeclaration{}}};
  told.answers[{Kind::try_redeclare, "q"}] = {
      .code = 406, .words = "406 PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q'"};
  EXPECT_THAT(look(), ElementsAre(HasSubstr("the queue is there and is not what `declare` says")));
  told.answers[{Kind::try_redeclare, "q"}] = {
      .code = 406, .words = "406 PRECONDITION_FAILED - inequivalent arg 'x-queue-leader-locator' for queue 'q'"};
  EXPECT_THAT(look(), ElementsAre("ok queue q: there, may be declared, may be read")) << "all else is as it should be";
}

TEST_F(AccessCheck, AQueueThatIsUsedAsItIsNeedsNoPermissionToDeclare) {
  Subscription replies = test::Entry{.queue = "q", .declare = QueueDeclaration{}};
  replies.passive_first = true;
  settings.subscriptions = {replies};
  told.answers[{Kind::try_redeclare, "q"}] = forbidden("queue", "q");
  EXPECT_THAT(look(), ElementsAre("ok queue q: there, may be read"));
}

TEST_F(AccessCheck, AnExclusiveQueueOfARunningBridge) {
  settings.subscriptions = {test::Entry{.queue = "q", .declare = QueueDeclaration{.exclusive = true}}};
  told.answers[{Kind::look_up_queue, "q"}] = {.code = 405, .words = "405 RESOURCE_LOCKED"};
  EXPECT_THAT(look(), ElementsAre(StartsWith("warn queue q: 405 RESOURCE_LOCKED: does a bridge")));
}

TEST_F(AccessCheck, APrivateQueueAndItsBinding) {
  settings.subscriptions = {test::Entry{.queue = "", .bindings = {{"x", {"a", "b"}, {}}}}};
  EXPECT_THAT(look(), ElementsAre("ok private queue on exchange x: may be declared, may be read",
                                  "ok private queue on exchange x, bound to exchange x: there, may be bound"));
  told.answers[{Kind::look_up_exchange, "x"}] = {.code = 404, .words = "404 NOT_FOUND - no exchange 'x'"};
  told.answers[{Kind::try_bind, "amq.gen-mombridge-check"}] = forbidden("exchange", "x");
  EXPECT_THAT(look()[1], AllOf(HasSubstr("make the exchange, or remove the binding"), HasSubstr("may not be bound"),
                               HasSubstr("let u's read pattern match 'x'")));
}

TEST_F(AccessCheck, WhatMayNotBeWritten) {
  told.answers[{Kind::try_publish, ""}] = forbidden("exchange", "amq.default");
  told.answers[{Kind::try_publish, "x"}] = {
      .code = 403,
      .words = "403 ACCESS_REFUSED - access to topic 'k' in exchange 'x' in vhost '/' refused for user 'u'"};
  EXPECT_THAT(
      look({sending("q"), sending("k", "x"), sending(std::nullopt, "x"), {.options = to_exchange(""), .reply = true}}),
      ElementsAre(AllOf(StartsWith("failed queue q: there; may not be written to: 403"),
                        HasSubstr("let u's write pattern match 'amq.default'")),
                  AllOf(StartsWith("failed exchange x with key k: there; may not"),
                        HasSubstr("rabbitmqctl set_topic_permissions -p '/' 'u' 'x' WRITE READ")),
                  StartsWith("warn exchange x: there; which keys may be written depends"),
                  StartsWith("warn replies to requesters, the default exchange: may not be written to")));
}

TEST_F(AccessCheck, WhereNothingWouldTakeIt) {
  told.answers[{Kind::look_up_queue, "q"}] = missing("q");
  told.answers[{Kind::look_up_exchange, "x"}] = {.code = 404, .words = "404 NOT_FOUND - no exchange 'x'"};
  EXPECT_THAT(look({sending("q"), sending("q", "", false), sending("k", "x")}),
              ElementsAre(AllOf(StartsWith("failed queue q: may be written to; 404"), HasSubstr("comes back")),
                          AllOf(StartsWith("warn queue q: may be written to; 404"), HasSubstr("is dropped")),
                          AllOf(StartsWith("failed exchange x with key k: 404"), HasSubstr("make the exchange"),
                                Not(HasSubstr("written")))));
}

TEST_F(AccessCheck, WhatSeveralRoutesUseIsSaidOnce) {
  EXPECT_THAT(look({sending("q"), sending("q")}), ElementsAre("ok queue q: there, may be written to"));
}

TEST_F(AccessCheck, ABrokerThatAnswersNoMoreIsNotAskedFurther) {
  settings.subscriptions = {test::Entry{.queue = "one"}, test::Entry{.queue = "two"}};
  told.answers[{Kind::look_up_queue, "one"}] = told.answers[{Kind::try_consume, "one"}] = {.words = "connection lost"};
  EXPECT_THAT(look({sending("out")}), ElementsAre(StartsWith("failed queue one: connection lost"),
                                                  StartsWith("failed the rest: not looked at")));
}

TEST_F(AccessCheck, AnotherServerIsOnlyAskedWhatIsThere) {
  settings.subscriptions = {test::Entry{.queue = "q", .declare = QueueDeclaration{}},
                            test::Entry{.queue = "", .bindings = {{"x", {"#"}, {}}}}};
  EXPECT_THAT(look({sending("out"), sending(std::nullopt)}, false),
              ElementsAre("ok queue q: there", "ok private queue on exchange x, bound to exchange x: there",
                          "ok queue out: there"));
  for (auto& question : told.asked)
    EXPECT_TRUE(question.kind == Kind::look_up_queue || question.kind == Kind::look_up_exchange);
}

TEST(HowToPermit, SaysNothingOfOtherRefusals) {
  EXPECT_THAT(how_to_permit("403 ACCESS_REFUSED - cannot publish to internal exchange 'x' in vhost '/'", "write"),
              IsEmpty());
  EXPECT_THAT(how_to_permit("", "write"), IsEmpty());
  EXPECT_THAT(how_to_permit("access to queue 'q", "write"), IsEmpty());
}

TEST(HowToPermit, ATokenNeedsAScope) {
  EXPECT_THAT(how_to_permit(forbidden("queue", "q").words, "read", true),
              StartsWith("the token needs the scope read:%2F/q, "));
  EXPECT_THAT(how_to_permit("access to topic 'k' in exchange 'x' in vhost 'v' refused for user 'u'", "write", true),
              StartsWith("the token needs the scope write:v/x/k, "));
}

TEST(FindingText, IsAsBadAsTheWorstOfIt) {
  FindingText text("it");
  text.good("one");
  text.fail("bad");
  text.warn("odd");
  text.good("two");
  EXPECT_EQ(text.finding().text, "it: one, two; bad; odd");
  EXPECT_EQ(text.finding().state, Finding::State::failed);
}

}  // namespace
}  // namespace mombridge::amqp
