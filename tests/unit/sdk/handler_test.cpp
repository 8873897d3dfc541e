#include "mombridge/handler.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mombridge/testing.hpp"

namespace mombridge::sdk {
namespace {

using testing::Completion;
using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;
using ::testing::UnorderedElementsAre;

static_assert(!std::is_copy_constructible_v<Request> && std::is_nothrow_move_constructible_v<Request>);

// Does in handle() what the test says.
class Scripted : public Handler {
 public:
  using Handler::Handler;
  void handle(const MessageView& message, Request& request) override { script(*this, message, request); }

  static inline std::function<void(Handler&, const MessageView&, Request&)> script;
};

class HandlerTest : public ::testing::Test {
 protected:
  HandlerTest() { bridge.broker("lake").start(); }
  ~HandlerTest() override { Scripted::script = nullptr; }

  Completion run(decltype(Scripted::script) script, const Message& message = {.body = "ping"}) {
    Scripted::script = std::move(script);
    return bridge.request(message).value();
  }

  FakeHost bridge{make_table<Scripted>("scripted", "1")};
};

TEST_F(HandlerTest, RepliesWithAMessage) {
  const Completion end = run([](Handler&, const MessageView&, Request& request) {
    Message reply{.body = "pong", .key = "", .content_type = "text/plain"};
    reply.add_header("a", "1").add_header("a", "2");
    EXPECT_EQ(request.reply(reply), Status::ok);
    EXPECT_FALSE(request);
  });
  EXPECT_EQ(end.verdict, Status::ok);
  ASSERT_TRUE(end.reply);
  EXPECT_EQ(end.reply->body, "pong");
  EXPECT_EQ(end.reply->key, "");
  EXPECT_EQ(end.reply->content_type, "text/plain");
  EXPECT_THAT(end.reply->headers, ::testing::ElementsAre(Pair("a", "1"), Pair("a", "2")));
}

TEST_F(HandlerTest, SeesEveryPartOfTheMessage) {
  const Message sent{.target = "order.new",
                     .body = std::string("a\0b", 3),
                     .key = "k",
                     .content_type = "text/plain",
                     .content_encoding = "gzip",
                     .correlation_id = "c1",
                     .reply_to = "answers",
                     .message_id = "m1",
                     .type = "order",
                     .headers = {{"h", "v"}},
                     .timestamp_ms = 5,
                     .deadline_ms = 6};
  const Completion end = run(
      [](Handler& handler, const MessageView& message, Request& request) {
        EXPECT_EQ(message.target(), "order.new");
        EXPECT_EQ(message.source(), "fake");
        EXPECT_EQ(message.attempt(), 1u);
        EXPECT_FALSE(message.redelivered());
        EXPECT_EQ(message.header("h"), "v");
        EXPECT_EQ(message.header("H"), std::nullopt);
        EXPECT_EQ(handler.host().name(), "under_test");
        request.reply(Message::copy_of(message));
      },
      sent);
  ASSERT_TRUE(end.reply);
  EXPECT_EQ(end.reply->target, sent.target);
  EXPECT_EQ(end.reply->body, sent.body);
  EXPECT_EQ(end.reply->key, sent.key);
  EXPECT_EQ(end.reply->content_encoding, sent.content_encoding);
  EXPECT_EQ(end.reply->correlation_id, sent.correlation_id);
  EXPECT_EQ(end.reply->reply_to, sent.reply_to);
  EXPECT_EQ(end.reply->message_id, sent.message_id);
  EXPECT_EQ(end.reply->type, sent.type);
  EXPECT_EQ(end.reply->headers, sent.headers);
  EXPECT_EQ(end.reply->timestamp_ms, 5);
  EXPECT_EQ(end.reply->deadline_ms, 6);
}

TEST_F(HandlerTest, TellsAnAbsentKeyFromAnEmptyOne) {
  const auto expect_key = [&](std::optional<std::string> key) {
    run(
        [&](Handler&, const MessageView& message, Request& request) {
          EXPECT_EQ(message.key().has_value(), key.has_value());
          request.done();
        },
        {.key = key});
  };
  expect_key(std::nullopt);
  expect_key("");
}

TEST_F(HandlerTest, AnswersWithoutAReply) {
  const Completion done = run([](Handler&, const MessageView&, Request& request) { request.done(); });
  EXPECT_EQ(done.verdict, Status::ok);
  EXPECT_FALSE(done.reply);
  const Completion retry = run([](Handler&, const MessageView&, Request& request) { request.retry("busy"); });
  EXPECT_EQ(retry.verdict, Status::retry);
  EXPECT_EQ(retry.error, "busy");
  const Completion reject = run([](Handler&, const MessageView&, Request& request) { request.reject("bad"); });
  EXPECT_EQ(reject.verdict, Status::reject);
  EXPECT_EQ(reject.error, "bad");
}

TEST_F(HandlerTest, RepliesLaterFromAnotherThread) {
  std::jthread thread;
  const Completion end = run([&](Handler&, const MessageView&, Request& request) {
    thread = std::jthread([request = std::move(request)]() mutable { request.reply("late"); });
  });
  EXPECT_EQ(end.reply->body, "late");
}

TEST_F(HandlerTest, WhatItThrowsIsTheAnswer) {
  const Completion error =
      run([](Handler&, const MessageView&, Request&) { throw std::runtime_error("no such city"); });
  EXPECT_EQ(error.verdict, Status::retry);
  EXPECT_EQ(error.error, "no such city");
  const Completion reject = run([](Handler&, const MessageView&, Request&) { throw Reject("not JSON"); });
  EXPECT_EQ(reject.verdict, Status::reject);
  EXPECT_EQ(reject.error, "not JSON");
  const Completion number = run([](Handler&, const MessageView&, Request&) { throw 42; });
  EXPECT_EQ(number.verdict, Status::retry);
  EXPECT_THAT(number.error, HasSubstr("no std::exception"));
}

TEST_F(HandlerTest, AnExceptionAfterTheAnswerIsLoggedAndChangesNothing) {
  const Completion end = run([](Handler&, const MessageView&, Request& request) {
    request.done();
    throw std::runtime_error("too late");
  });
  EXPECT_EQ(end.verdict, Status::ok);
  ASSERT_THAT(bridge.logs(), SizeIs(1));
  EXPECT_EQ(bridge.logs()[0].text, "too late");
  EXPECT_EQ(bridge.strays(), 0u);
}

TEST_F(HandlerTest, ARequestThatIsDroppedAnswersRetry) {
  const Completion unanswered = run([](Handler&, const MessageView&, Request&) {});
  EXPECT_EQ(unanswered.verdict, Status::retry);
  EXPECT_THAT(unanswered.error, HasSubstr("without an answer"));
  const Completion moved =
      run([](Handler&, const MessageView&, Request& request) { const Request kept = std::move(request); });
  EXPECT_EQ(moved.verdict, Status::retry);
}

TEST_F(HandlerTest, AssigningToARequestAnswersTheOneBefore) {
  std::optional<Request> kept;
  Scripted::script = [&](Handler&, const MessageView&, Request& request) {
    kept ? * kept = std::move(request) : kept.emplace(std::move(request));
  };
  const auto first = bridge.send({});
  const auto second = bridge.send({});
  EXPECT_EQ(bridge.wait(first)->verdict, Status::retry);
  EXPECT_EQ(kept->id(), second);
  EXPECT_EQ(kept->done(), Status::ok);
  EXPECT_EQ(bridge.wait(second)->verdict, Status::ok);
}

TEST_F(HandlerTest, ASecondAnswerIsRefused) {
  const Completion end = run([](Handler&, const MessageView&, Request& request) {
    EXPECT_EQ(request.reply("first"), Status::ok);
    EXPECT_EQ(request.reply("second"), Status::invalid);
    EXPECT_EQ(request.reject("third"), Status::invalid);
  });
  EXPECT_EQ(end.reply->body, "first");
  EXPECT_EQ(bridge.strays(), 0u) << "the face refuses it before the bridge has to";
}

TEST_F(HandlerTest, AnAnswerAfterTheBridgeGaveUpIsRefused) {
  std::optional<Request> kept;
  Scripted::script = [&](Handler&, const MessageView&, Request& request) { kept.emplace(std::move(request)); };
  const auto id = bridge.send({});
  bridge.give_up(id);
  EXPECT_EQ(kept->reply("late"), Status::not_found);
  EXPECT_EQ(bridge.strays(), 1u);
  EXPECT_EQ(bridge.wait(id)->verdict, Status::retry);
}

TEST_F(HandlerTest, StopGivesOpenRequestsBack) {
  std::optional<Request> kept;
  Scripted::script = [&](Handler&, const MessageView&, Request& request) { kept.emplace(std::move(request)); };
  const auto id = bridge.send({});
  EXPECT_EQ(bridge.wait(id, std::chrono::milliseconds(0)), std::nullopt);
  bridge.stop();
  EXPECT_EQ(bridge.wait(id)->error, "stopped");
  EXPECT_EQ(kept->done(), Status::not_found);
}

TEST_F(HandlerTest, LogsAndCounts) {
  run([](Handler& handler, const MessageView&, Request& request) {
    handler.host().count("seen");
    handler.host().count("bytes", 4);
    handler.host().count("bytes", 2);
    handler.host().warn("careful");
    request.done();
  });
  EXPECT_THAT(bridge.counts(), UnorderedElementsAre(Pair("seen", 1u), Pair("bytes", 6u)));
  ASSERT_THAT(bridge.logs(), SizeIs(1));
  EXPECT_EQ(bridge.logs()[0].severity, MOMBRIDGE_LOG_WARN);
}

TEST_F(HandlerTest, PublishesWithoutACallback) {
  run([](Handler& handler, const MessageView&, Request& request) {
    EXPECT_EQ(handler.host().publish("lake", {.target = "audit", .body = "x"}), Status::ok);
    EXPECT_EQ(handler.host().publish("lake", {.body = "no target"}), Status::invalid);
    request.done();
  });
  ASSERT_THAT(bridge.published(), SizeIs(1));
  EXPECT_EQ(bridge.published()[0].broker, "lake");
  EXPECT_EQ(bridge.published()[0].message.target, "audit");
}

TEST_F(HandlerTest, ABrokerThatTheTestDidNotAnnounceIsRefused) {
  bool run_back = false;
  run([&](Handler& handler, const MessageView&, Request& request) {
    const auto done = [&](Status, std::string_view) { run_back = true; };
    EXPECT_EQ(handler.host().publish("lakes", {.target = "t"}, done), Status::not_found);
    EXPECT_EQ(handler.host().publish("", {.target = "t"}, done), Status::not_found);
    EXPECT_EQ(handler.host().publish("lakes", {}), Status::not_found);
    request.done();
  });
  EXPECT_FALSE(run_back);
  EXPECT_THAT(bridge.published(), SizeIs(0));
}

TEST_F(HandlerTest, AMessageThatBreaksTheContractIsRefused) {
  run([](Handler& handler, const MessageView&, Request& request) {
    const mombridge_host& host = handler.host().raw();
    const auto publish = [&](const mombridge_message* message) {
      return host.publish(host.ctx, mombridge_text("lake"), message, nullptr, nullptr);
    };
    mombridge_message message{};
    message.target = mombridge_text("t");
    EXPECT_EQ(publish(nullptr), MOMBRIDGE_INVALID);
    EXPECT_EQ(publish(&message), MOMBRIDGE_INVALID);
    message.struct_size = sizeof message;
    EXPECT_EQ(publish(&message), MOMBRIDGE_OK);
    message.header_count = 1;
    EXPECT_EQ(publish(&message), MOMBRIDGE_INVALID);
    request.done();
  });
}

// Answers when the publish has ended; the callback carries the request, which cannot be copied.
void publish_then_answer(Handler& handler, const MessageView&, Request& request) {
  handler.host().publish("lake", {.target = "t"},
                         [request = std::move(request)](Status status, std::string_view why) mutable {
                           status == Status::ok ? request.done() : request.reject(why);
                         });
}

TEST_F(HandlerTest, TheCallbackRunsOnThePublishersStack) { EXPECT_EQ(run(publish_then_answer).verdict, Status::ok); }

TEST_F(HandlerTest, TheCallbackRunsLater) {
  Scripted::script = publish_then_answer;
  bridge.publishing(FakeHost::Publishing::hold);
  const auto id = bridge.send({});
  EXPECT_EQ(bridge.wait(id, std::chrono::milliseconds(0)), std::nullopt);
  bridge.settle(0, Status::reject, "too large");
  EXPECT_EQ(bridge.wait(id)->verdict, Status::reject);
  EXPECT_EQ(bridge.wait(id)->error, "too large");
}

TEST_F(HandlerTest, ARefusedPublishDropsTheCallbackAndWithItTheRequest) {
  bridge.publishing(FakeHost::Publishing::refuse);
  EXPECT_EQ(run(publish_then_answer).verdict, Status::retry);
}

TEST_F(HandlerTest, StopEndsHeldPublishesExactlyOnce) {
  bridge.publishing(FakeHost::Publishing::hold);
  const auto lives = std::make_shared<int>(0);
  Status seen = Status::ok;
  run([&](Handler& handler, const MessageView&, Request& request) {
    handler.host().publish("lake", {.target = "t"}, [&seen, lives](Status status, std::string_view) {
      seen = status;
      ++*lives;
    });
    request.done();
  });
  bridge.stop();
  EXPECT_EQ(seen, Status::closed);
  EXPECT_EQ(*lives, 1);
  EXPECT_EQ(lives.use_count(), 1) << "the callback is freed";
}

TEST_F(HandlerTest, ACallbackThatThrowsIsLogged) {
  run([](Handler& handler, const MessageView&, Request& request) {
    handler.host().publish("lake", {.target = "t"}, [](Status, std::string_view) { throw std::runtime_error("oops"); });
    handler.host().publish("lake", {.target = "t"}, [](Status, std::string_view) { throw 42; });
    request.done();
  });
  ASSERT_THAT(bridge.logs(), SizeIs(2));
  EXPECT_EQ(bridge.logs()[0].text, "oops");
  EXPECT_THAT(bridge.logs()[1].text, HasSubstr("no std::exception"));
}

}  // namespace
}  // namespace mombridge::sdk
