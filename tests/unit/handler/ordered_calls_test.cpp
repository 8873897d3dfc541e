#include "handler/ordered_calls.hpp"

#include <deque>
#include <thread>

#include <gtest/gtest.h>

namespace mombridge::handler {
namespace {

/// Keeps what it is given, or ends it at once.
class Kept final : public Handler {
 public:
  void handle(Call& call) noexcept override {
    if (at_once) return ++ended, call.finished({});
    calls.push_back(&call);
  }
  /// Ends the oldest.
  void end(Verdict verdict = {}) {
    auto* call = calls.front();
    calls.pop_front();
    call->finished(std::move(verdict));
  }
  [[nodiscard]] std::string bodies() const {
    std::string all;
    for (auto* call : calls) all += std::string(call->message->body) + " ";
    return all;
  }

  std::deque<Call*> calls;
  bool at_once = false;
  size_t ended = 0;
};

class Given final : public Call {
 public:
  Given(std::optional<std::string> key, std::string body) : key_(std::move(key)), body_(std::move(body)) {
    content.key = key_;
    content.body = body_;
    message = &content;
    broker = "shop";
    attempt = 3;
  }
  void finished(Verdict v) noexcept override {
    verdict = std::move(v);
    ++times;
  }

  Message content;
  Verdict verdict;
  int times = 0;

 private:
  std::optional<std::string> key_;
  std::string body_;
};

class OrderedCallsTest : public testing::Test {
 protected:
  Given& call(std::optional<std::string> key, const std::string& body) {
    auto& made = *given_.emplace_back(std::make_unique<Given>(std::move(key), body));
    ordered->handle(made);
    return made;
  }

  std::shared_ptr<Kept> handler = std::make_shared<Kept>();
  std::shared_ptr<OrderedCalls> ordered = std::make_shared<OrderedCalls>(handler, config::OrderBy{});
  std::vector<std::unique_ptr<Given>> given_;
};

TEST_F(OrderedCallsTest, OneOfEachKeyAtATimeAndKeysSideBySide) {
  auto& first = call("a", "a1");
  call("a", "a2");
  call("b", "b1");
  call("a", "a3");
  call("b", "b2");
  EXPECT_EQ(handler->bodies(), "a1 b1 ");
  EXPECT_EQ(handler->calls[0]->attempt, 3u);
  EXPECT_EQ(handler->calls[0]->broker, "shop");
  handler->end({Verdict::Kind::retry, "later", nullptr});
  EXPECT_EQ(first.verdict.reason, "later");
  EXPECT_EQ(handler->bodies(), "b1 a2 ") << "a failure lets the next one go";
  for (int i = 0; i < 4; ++i) handler->end();
  EXPECT_EQ(handler->bodies(), "");
  for (auto& one : given_) EXPECT_EQ(one->times, 1);
}

TEST_F(OrderedCallsTest, WhatHasNoKeyWaitsForNothing) {
  call("a", "a1");
  call(std::nullopt, "x");
  call(std::nullopt, "y");
  call("", "empty");
  call("", "empty2");
  EXPECT_EQ(handler->bodies(), "a1 x y empty ") << "an empty key is one";
  while (!handler->calls.empty()) handler->end();
}

TEST_F(OrderedCallsTest, ByAHeaderOfAnyType) {
  ordered = std::make_shared<OrderedCalls>(handler, config::OrderBy{"customer"});
  std::vector<Header> text{{"customer", Value::of("7")}}, number{{"customer", Value::of(int64_t{7})}};
  std::vector<std::unique_ptr<Given>> all;
  for (auto* headers : {&text, &number, &text}) {
    auto& one =
        *all.emplace_back(std::make_unique<Given>("k" + std::to_string(all.size()), std::to_string(all.size())));
    one.content.headers = *headers;
    ordered->handle(one);
  }
  EXPECT_EQ(handler->bodies(), "0 ");
  for (int i = 0; i < 3; ++i) handler->end();
  for (auto& one : all) EXPECT_EQ(one->times, 1);
}

// A handler that has stopped ends each call before handle() returns: no stack grows with the calls that wait.
TEST_F(OrderedCallsTest, ManyThatEndAtOnce) {
  constexpr int kMany = 200'000;
  for (int i = 0; i < kMany; ++i) call("a", "x");
  ASSERT_EQ(handler->calls.size(), 1u);
  handler->at_once = true;
  handler->end();
  EXPECT_EQ(handler->ended, size_t{kMany} - 1);
}

TEST_F(OrderedCallsTest, WhatWaitsForACallThatDoesNotComeBackIsGivenBack) {
  auto& stuck = call("a", "a1");
  auto& waiting = call("a", "a2");
  auto& other = call("b", "b1");
  ordered->give_back_waiting();
  EXPECT_EQ(waiting.times, 1);
  EXPECT_EQ(waiting.verdict.reason, "the bridge is stopping");
  EXPECT_EQ(stuck.times + other.times, 0);
  handler->end();
  handler->end();
  EXPECT_EQ(stuck.times + other.times, 2) << "it may come back later";
}

TEST_F(OrderedCallsTest, FromManyThreads) {
  handler->at_once = true;
  std::vector<std::unique_ptr<Given>> all;
  for (int i = 0; i < 4000; ++i) all.push_back(std::make_unique<Given>(std::to_string(i % 3), "x"));
  // at_once counts without a lock, so that two calls of one key at a time are a race that a sanitizer sees.
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (size_t i = static_cast<size_t>(t); i < all.size(); i += 4) {
        all[i]->content.key = "one";
        ordered->handle(*all[i]);
      }
    });
  for (auto& thread : threads) thread.join();
  for (auto& one : all) EXPECT_EQ(one->times, 1);
  EXPECT_EQ(handler->ended, 4000u);
}

}  // namespace
}  // namespace mombridge::handler
