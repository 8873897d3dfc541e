// Plugins that behave.

#include "running.hpp"

namespace mombridge::handler::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(Good, SyncRepliesWithTheMessagesHeaders) {
  Running bridge(section("good_sync"));
  TestCall call("x");
  std::vector<Header> headers{{"a", Value::of("1")}, {"n", Value::of(int64_t{42})}};
  call.content.headers = headers;
  call.content.key = "";
  bridge.call(call, "good_sync");
  EXPECT_EQ(call.reply(), "sync:x");
  auto& reply = call.verdict.reply->message;
  ASSERT_EQ(reply.headers.size(), 2u);
  EXPECT_EQ(reply.headers[0].name, "a");
  EXPECT_EQ(reply.headers[1].value.kind, Value::Kind::i64) << "a copied header keeps its type";
  EXPECT_EQ(reply.headers[1].value.integer, 42);
  EXPECT_EQ(reply.key, "");
}

TEST(Good, AsyncAnswersLater) {
  Running bridge(section("good_async", {{"delay", "1ms"}}));
  std::vector<std::unique_ptr<TestCall>> calls;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(std::make_unique<TestCall>(std::to_string(i)));
    bridge.call(*calls.back(), "good_async");
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(calls[i]->reply(), "async:" + std::to_string(i));
  for (auto& call : calls) EXPECT_EQ(call->times, 1);
}

TEST(Good, SerialIsNeverCalledTwiceAtATime) {
  auto h = section("good_serial");
  h.concurrency = 8;
  Running bridge(h);
  std::vector<std::unique_ptr<TestCall>> calls;
  for (int i = 0; i < 50; ++i) {
    calls.push_back(std::make_unique<TestCall>());
    bridge.call(*calls.back(), "good_serial");
  }
  for (auto& call : calls) EXPECT_EQ(call->reply(), "serial");
}

TEST(Good, ConcurrencyHandlesSideBySide) {
  Blocking blocking("two");
  Running bridge;
  bridge.load(blocking.section(2));
  bridge.load(section("good_sync"));
  bridge.start();
  TestCall first, second, third, other;
  for (auto* call : {&first, &second, &third}) bridge.call(*call, "two");
  EXPECT_TRUE(blocking.in_handle(2));
  bridge.call(other, "good_sync");  // one handler's calls do not hold up another's
  EXPECT_EQ(other.reply(), "sync:");
  EXPECT_EQ(first.times + second.times + third.times, 0);
  blocking.release();
  for (auto* call : {&first, &second, &third}) EXPECT_EQ(call->reply(), "at last, ");
}

TEST(Good, CountsUnderItsOwnName) {
  Running bridge(section("good_count", {}, "counting"));
  auto messages = count("handler_counting", "messages"), bytes = count("handler_counting", "bytes");
  TestCall one("abc"), two("de");
  bridge.call(one, "counting");
  bridge.call(two, "counting");
  EXPECT_EQ(one.reply(), "(none)");
  EXPECT_EQ(two.reply(), "(none)");
  EXPECT_EQ(count("handler_counting", "messages"), messages + 2);
  EXPECT_EQ(count("handler_counting", "bytes"), bytes + 5);
}

TEST(Good, InstancesOfOneLibraryAreApart) {
  TestCall slow("a"), fast("b");  // outlive the handlers, which give back what is open when they stop
  Running bridge;
  bridge.load(section("bad_returns_error", {}, "one"));
  bridge.load(section("good_async", {{"delay", "1h"}}, "slow"));
  bridge.load(section("good_async", {{"delay", "1ms"}}, "fast"));
  bridge.start();
  bridge.call(slow, "slow");
  bridge.call(fast, "fast");
  EXPECT_EQ(fast.reply(), "async:b");
  EXPECT_EQ(slow.times, 0);
}

config::Handler publisher(const std::string& broker = "shop") {
  return section("good_publish", {{"broker", broker}, {"target", "out"}});
}

TEST(Publish, IsDoneWhenTheBrokerSaysSo) {
  Running bridge(publisher());
  bridge.settings.appname = "app";
  bridge.shop.keep();
  TestCall call("hello");
  call.content.key = "k";
  bridge.call(call, "good_publish");
  ASSERT_TRUE(eventually([&] { return bridge.shop.sent_count() == 1; }));
  EXPECT_EQ(call.times, 0);
  EXPECT_EQ(bridge.registry.unconfirmed(), 1u);
  bridge.shop.complete();
  EXPECT_EQ(call.reply(), "(none)");
  EXPECT_TRUE(eventually([&] { return bridge.registry.unconfirmed() == 0; }));
  auto sent = bridge.shop.sent()[0];
  EXPECT_EQ(sent.target, "out");
  EXPECT_FALSE(sent.options) << "it goes where the broker's section says";
  EXPECT_EQ(sent.app_id, "app");
  EXPECT_EQ(sent.body, "hello");
  EXPECT_EQ(sent.key, "k");
}

TEST(Publish, SaysHowItFailed) {
  Running bridge(publisher());
  auto failures = count("handler_publish_failures", "good_publish");
  bridge.shop.answer({Outcome::refused("returned"), Outcome::away("nacked")});
  TestCall refused, away;
  bridge.call(refused, "good_publish");
  EXPECT_EQ(refused.wait().kind, Verdict::Kind::reject);
  EXPECT_EQ(refused.verdict.reason, "returned");
  bridge.call(away, "good_publish");
  EXPECT_EQ(away.wait().kind, Verdict::Kind::retry);
  EXPECT_EQ(away.verdict.reason, "nacked");
  EXPECT_EQ(count("handler_publish_failures", "good_publish"), failures + 2);
}

// publish() refuses: the callback goes, and with it the request, which answers retry.
TEST(Publish, ToAnUnknownBrokerIsNotTaken) {
  Running bridge(publisher("nobody"));
  TestCall call;
  bridge.call(call, "good_publish");
  EXPECT_EQ(call.wait().kind, Verdict::Kind::retry);
  EXPECT_THAT(bridge.shop.sent(), IsEmpty());
}

TEST(Publish, ThatIsUnderWayWhenTheHandlerStopsEndsLater) {
  auto bridge = std::make_unique<Running>(publisher());
  bridge->shop.keep();
  TestCall call;
  bridge->call(call, "good_publish");
  ASSERT_TRUE(eventually([&] { return bridge->shop.sent_count() == 1; }));
  bridge->registry.stop();
  EXPECT_EQ(call.wait().kind, Verdict::Kind::retry);  // given back
  bridge->shop.complete(Outcome::away("the broker stopped"));
  EXPECT_EQ(call.times, 1);
  EXPECT_EQ(bridge->registry.unconfirmed(), 0u);
}

}  // namespace
}  // namespace mombridge::handler::test
