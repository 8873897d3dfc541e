// Large bodies are written from where they are, so that nothing may refer to them once their publications have ended.

#include <atomic>
#include <cstring>
#include <memory>
#include <sys/mman.h>

#include "publisher_scripted.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using test::close_arguments;
using testing::HasSubstr;

/// Its body is changed and cannot be read any more from the moment on when it ends.
class Vanishing final : public Publication {
 public:
  explicit Vanishing(size_t size, char fill = 'b') : size_(size) {
    auto* body = static_cast<char*>(::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memset(body, fill, size_);
    own_.body = {body, size_};
    message = &own_;
    target = "queue";
    options = &options_;
  }
  ~Vanishing() override { ::munmap(const_cast<char*>(own_.body.data()), size_); }
  void completed(Outcome outcome) noexcept override {
    ::mprotect(const_cast<char*>(own_.body.data()), size_, PROT_NONE);
    std::lock_guard lock(mutex_);
    text_ = outcome.kind == Outcome::Kind::delivered ? "delivered" : outcome.reason;
    ended_.notify_all();
  }
  [[nodiscard]] bool wanted() const noexcept override { return wanted_; }
  void forget() { wanted_ = false; }
  /// "delivered", or why not.
  [[nodiscard]] std::string outcome(Duration patience = test::kPatience) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, patience, [this] { return !text_.empty(); }) ? text_ : "nothing";
  }

 private:
  const size_t size_;
  Message own_;
  PublishOptions options_;
  std::atomic<bool> wanted_ = true;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::string text_;
};

class LargeBodiesTest : public test::ScriptedPublisher {
 protected:
  /// More than two sockets take while nobody reads.
  static constexpr size_t kHuge = 64 << 20;

  ~LargeBodiesTest() override { broker.reset(); }

  Vanishing& publish_one(size_t size, char fill = 'b') {
    auto& p = *publications.emplace_back(std::make_unique<Vanishing>(size, fill));
    broker->publish(p);
    return p;
  }
  /// Reads whole frames up to a method; returns the bytes of bodies before it.
  std::string bodies_until(uint32_t method) {
    std::string bodies;
    for (auto frame = socket.read(); frame && frame->method() != method; frame = socket.read())
      if (frame->type == 3) bodies += frame->payload;
    return bodies;
  }

  /// Reads so many bytes of bodies.
  std::string bodies_of(size_t size) {
    std::string bodies;
    while (bodies.size() < size) {
      auto frame = socket.read();
      if (!frame) break;
      if (frame->type == 3) bodies += frame->payload;
    }
    return bodies;
  }

  std::vector<std::unique_ptr<Vanishing>> publications;
};

TEST_F(LargeBodiesTest, ArriveWhole) {
  start();
  for (size_t size : {8191ul, 8192ul, 131'064ul, 131'065ul, 1'048'576ul, 1'048'577ul, 10'000'000ul}) {
    auto& p = publish_one(size);
    EXPECT_EQ(receive().body, std::string(size, 'b'));
    ack(publications.size(), false);
    EXPECT_EQ(p.outcome(), "delivered");
  }
}

TEST_F(LargeBodiesTest, OthersWaitBehindItInTheirOrder) {
  start();
  publish_one(5'000'000);
  for (char c = '1'; c <= '5'; ++c) publish_one(10, c);
  publish_one(2'000'000, 'c');
  publish_one(10, '6');
  EXPECT_EQ(receive().body.size(), 5'000'000u);
  for (char c = '1'; c <= '5'; ++c) EXPECT_EQ(receive().body, std::string(10, c));
  EXPECT_EQ(receive().body, std::string(2'000'000, 'c'));
  EXPECT_EQ(receive().body, std::string(10, '6'));
  ack(0, true);
  for (auto& p : publications) EXPECT_EQ(p->outcome(), "delivered");
}

// What was not sent cannot be confirmed: nothing that this broker says can be believed.
TEST_F(LargeBodiesTest, AConfirmBeforeItsLastByteIsNotBelieved) {
  start();
  auto& p = publish_one(kHuge);
  ASSERT_TRUE(socket.await(AMQP_BASIC_PUBLISH_METHOD));
  ack(1, false);
  EXPECT_TRUE(socket.await_end());
  EXPECT_EQ(p.outcome(Duration::zero()), "nothing");
  connect();
  EXPECT_EQ(receive().body, std::string(kHuge, 'b'));
  ack(1, false);
  EXPECT_EQ(p.outcome(), "delivered");
}

TEST_F(LargeBodiesTest, AConfirmOfWhatWaitsForTheSocketTakesItAway) {
  start();
  constexpr size_t kSize = 900'000, kCount = 60;
  for (size_t i = 0; i < kCount; ++i) publish_one(kSize);
  ASSERT_TRUE(socket.await(AMQP_BASIC_PUBLISH_METHOD));
  ack(0, true);  // of the first one at least
  EXPECT_EQ(publications.front()->outcome(), "delivered");
  EXPECT_EQ(bodies_of(kSize * kCount), std::string(kSize * kCount, 'b'));
  ack(0, true);
  for (auto& p : publications) EXPECT_EQ(p->outcome(), "delivered");
}

TEST_F(LargeBodiesTest, AChannelThatIsClosedInTheMiddleOfOneLeavesWholeFrames) {
  start();
  auto& p = publish_one(kHuge);
  ASSERT_TRUE(socket.await(AMQP_BASIC_PUBLISH_METHOD));
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(404, "NOT_FOUND"));
  EXPECT_THAT(p.outcome(), HasSubstr("NOT_FOUND"));
  auto bodies = bodies_until(AMQP_CHANNEL_CLOSE_OK_METHOD);
  EXPECT_LT(bodies.size(), kHuge) << "the rest is not sent";
  EXPECT_EQ(bodies, std::string(bodies.size(), 'b'));
  confirm_select();
  auto& next = publish_one(2'000'000, 'n');
  EXPECT_EQ(receive().body, std::string(2'000'000, 'n'));
  ack(1, false);
  EXPECT_EQ(next.outcome(), "delivered");
}

TEST_F(LargeBodiesTest, WhatIsNotWantedAnyMoreEndsThoughItsBytesWaitForTheSocket) {
  start();
  constexpr size_t kSize = 900'000, kCount = 60;
  for (size_t i = 0; i < kCount; ++i) publish_one(kSize);
  ASSERT_TRUE(socket.await(AMQP_BASIC_PUBLISH_METHOD));
  for (auto& p : publications) p->forget();
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(406, "PRECONDITION_FAILED"));
  auto bodies = bodies_until(AMQP_CHANNEL_CLOSE_OK_METHOD);
  EXPECT_EQ(bodies.size() % kSize, 0u);
  EXPECT_EQ(bodies, std::string(bodies.size(), 'b'));
  confirm_select();
  for (auto& p : publications) EXPECT_THAT(p->outcome(), HasSubstr("taken it back"));
}

TEST_F(LargeBodiesTest, AConnectionThatIsLostInTheMiddleOfOneSendsItAgain) {
  start();
  auto& p = publish_one(kHuge);
  auto& next = publish_one(900'000, 'n');
  ASSERT_TRUE(socket.await(AMQP_BASIC_PUBLISH_METHOD));
  socket.close();
  connect();
  EXPECT_EQ(receive().body, std::string(kHuge, 'b'));
  EXPECT_EQ(receive().body, std::string(900'000, 'n'));
  ack(2, true);
  EXPECT_EQ(p.outcome(), "delivered");
  EXPECT_EQ(next.outcome(), "delivered");
}

TEST_F(LargeBodiesTest, AStopInTheMiddleOfOneGivesItBack) {
  start();
  auto& p = publish_one(kHuge);
  auto& next = publish_one(900'000);
  ASSERT_TRUE(socket.await(AMQP_BASIC_PUBLISH_METHOD));
  broker->stop(Duration::zero());
  EXPECT_THAT(p.outcome(), HasSubstr("stopping"));
  EXPECT_THAT(next.outcome(), HasSubstr("stopping"));
}

}  // namespace
}  // namespace mombridge::amqp
