// Large bodies are written from where they are, so that nothing may refer to them once their publications have ended.

#include <atomic>
#include <cstring>
#include <map>
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
  explicit Vanishing(size_t size, char fill = 'b', std::string to = "queue") : size_(size), to_(std::move(to)) {
    auto* body = static_cast<char*>(::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memset(body, fill, size_);
    own_.body = {body, size_};
    message = &own_;
    target = to_;
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
  const std::string to_;
  Message own_;
  PublishOptions options_;
  std::atomic<bool> wanted_ = true;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::string text_;
};

/// On a connection that allows no channel for them alone.
class LargeBodiesTest : public test::ScriptedPublisher {
 protected:
  LargeBodiesTest() { greeting.channel_max = 3; }
  /// More than two sockets take while nobody reads.
  static constexpr size_t kHuge = 64 << 20;
  static constexpr size_t kOfMany = 900'000, kMany = 60;

  ~LargeBodiesTest() override { broker.reset(); }

  Vanishing& publish_one(size_t size, char fill = 'b', std::string to = "queue") {
    auto& p = *publications.emplace_back(std::make_unique<Vanishing>(size, fill, std::move(to)));
    broker->publish(p);
    return p;
  }
  /// Publishes more than the sockets take, of which the first has begun to arrive.
  void publish_many() {
    for (size_t i = 0; i < kMany; ++i) publish_one(kOfMany);
    ASSERT_TRUE(socket.await(AMQP_BASIC_PUBLISH_METHOD));
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
  publish_many();
  ack(0, true);  // of the first one at least
  EXPECT_EQ(publications.front()->outcome(), "delivered");
  EXPECT_EQ(bodies_of(kOfMany * kMany), std::string(kOfMany * kMany, 'b'));
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
  publish_many();
  for (auto& p : publications) p->forget();
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(406, "PRECONDITION_FAILED"));
  auto bodies = bodies_until(AMQP_CHANNEL_CLOSE_OK_METHOD);
  EXPECT_EQ(bodies.size() % kOfMany, 0u);
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

/// On one that does.
class LargeChannelTest : public LargeBodiesTest {
 protected:
  static constexpr uint16_t kLarge = 4;
  static constexpr size_t kSize = 5'000'000;

  LargeChannelTest() { greeting.channel_max = 2047; }

  void open_large_channel() {
    auto frame = socket.await(AMQP_CHANNEL_OPEN_METHOD);
    ASSERT_TRUE(frame && frame->channel == kLarge);
    socket.method(kLarge, AMQP_CHANNEL_OPEN_OK_METHOD, std::string(4, '\0'));
    ASSERT_TRUE(socket.await(AMQP_CONFIRM_SELECT_METHOD));
    socket.method(kLarge, AMQP_CONFIRM_SELECT_OK_METHOD);
  }
  /// Reads up to the end of so many publications; returns "CHANNEL:TARGET" of each, in the order in which they ended.
  /// `serves`: opens channels and confirms what has come whole, too.
  std::vector<std::string> receive_whole(size_t count, bool serves = false) {
    struct Coming {
      std::string key;
      uint64_t left = 0, tag = 0;
    };
    std::map<uint16_t, Coming> coming;
    std::vector<std::string> whole;
    while (whole.size() < count) {
      auto frame = socket.read();
      if (!frame) break;
      auto& at = coming[frame->channel];
      if (frame->method() == AMQP_BASIC_PUBLISH_METHOD) {
        Reader in(frame->arguments());
        in.number<uint16_t>();
        in.short_string();
        at.key = in.short_string();
        continue;
      }
      if (serves && frame->method() == AMQP_CHANNEL_OPEN_METHOD)
        socket.method(frame->channel, AMQP_CHANNEL_OPEN_OK_METHOD, std::string(4, '\0'));
      if (serves && frame->method() == AMQP_CONFIRM_SELECT_METHOD)
        socket.method(frame->channel, AMQP_CONFIRM_SELECT_OK_METHOD);
      if (frame->type == 1) continue;
      if (frame->type == 2) {
        Reader in(frame->payload);
        in.number<uint32_t>();
        at.left = in.number<uint64_t>();
      }
      if (frame->type == 3) at.left -= frame->payload.size();
      if (at.left > 0) continue;
      whole.push_back(std::to_string(frame->channel) + ":" + at.key);
      if (serves) ack_on(frame->channel, ++at.tag);
    }
    return whole;
  }
  void ack_on(uint16_t channel, uint64_t tag) {
    socket.method(channel, AMQP_BASIC_ACK_METHOD, test::arguments([&](Writer& w) {
                    w.number(tag);
                    w.octet(1);
                  }));
  }
};

using testing::ElementsAre;

TEST_F(LargeChannelTest, ThoseToOtherTargetsPassALargeOne) {
  start();
  auto& large = publish_one(kHuge);
  open_large_channel();
  ASSERT_TRUE(socket.await(AMQP_BASIC_PUBLISH_METHOD));
  auto& small = publish_one(10, 's', "other");
  auto frame = socket.await(AMQP_BASIC_PUBLISH_METHOD);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->channel, 1) << "in the middle of the large one";
  ack_on(1, 1);
  EXPECT_EQ(small.outcome(), "delivered");
  EXPECT_EQ(large.outcome(Duration::zero()), "nothing");
  static_assert(kHuge % 131'064 != 0, "the last frame is known by its size");
  while (auto next = socket.read())
    if (next->channel == kLarge && next->payload.size() < 131'064) break;
  ack_on(kLarge, 1);
  EXPECT_EQ(large.outcome(), "delivered");
}

TEST_F(LargeChannelTest, ThoseToTheSameTargetKeepTheirOrder) {
  start();
  publish_one(10, '1');
  EXPECT_EQ(receive().body.size(), 10u);
  auto& large = publish_one(kSize);
  auto& behind = publish_one(10, '2');
  open_large_channel();
  publish_one(10, '3', "other");
  EXPECT_THAT(receive_whole(1), ElementsAre("1:other")) << "the large one waits for the confirm of the first";
  ack_on(1, 2);
  EXPECT_THAT(receive_whole(2), ElementsAre("4:queue", "4:queue"));
  ack_on(kLarge, 1);
  EXPECT_EQ(large.outcome(), "delivered");
  auto& last = publish_one(10, '4');
  EXPECT_FALSE(socket.read(30ms)) << "before what went over the other channel is confirmed";
  ack_on(kLarge, 2);
  EXPECT_EQ(behind.outcome(), "delivered");
  EXPECT_THAT(receive_whole(1), ElementsAre("1:queue"));
  ack_on(1, 3);
  EXPECT_EQ(last.outcome(), "delivered");
}

TEST_F(LargeChannelTest, AQueueThatConfirmsNothingHoldsUpNobodyForLong) {
  start();
  publish_one(10, '1', "stuck");
  EXPECT_EQ(receive().body.size(), 10u);
  publish_one(kSize);
  publish_one(10, '2');
  open_large_channel();
  EXPECT_THAT(receive_whole(2), ElementsAre("4:queue", "4:queue")) << "though what was before is not confirmed";
  socket.method(kLarge, AMQP_BASIC_ACK_METHOD, test::arguments([&](Writer& w) {
                  w.number(uint64_t{1});
                  w.octet(0);
                }));
  EXPECT_EQ(publications[1]->outcome(), "delivered");
  publish_one(10, '3');
  EXPECT_THAT(receive_whole(1), ElementsAre("1:queue")) << "though the one on the other channel is not confirmed";
}

TEST_F(LargeChannelTest, ARefusalThatIsOneForSureEndsThatOneAlone) {
  start();
  auto& large = publish_one(kSize);
  open_large_channel();
  EXPECT_THAT(receive_whole(1), ElementsAre("4:queue"));
  auto& small = publish_one(10, 's', "other");
  EXPECT_THAT(receive_whole(1), ElementsAre("1:other"));
  socket.method(kLarge, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(404, "NOT_FOUND"));
  EXPECT_THAT(large.outcome(), HasSubstr("NOT_FOUND"));
  ASSERT_TRUE(socket.await(AMQP_CHANNEL_CLOSE_OK_METHOD));
  ack_on(1, 1);
  EXPECT_EQ(small.outcome(), "delivered");
  auto& next = publish_one(kSize);
  open_large_channel();
  EXPECT_THAT(receive_whole(1), ElementsAre("4:queue"));
  ack_on(kLarge, 1);
  EXPECT_EQ(next.outcome(), "delivered");
}

TEST_F(LargeChannelTest, OfSeveralThatMayBeToBlameEachGoesAlone) {
  start();
  auto& first = publish_one(kSize);
  auto& second = publish_one(kSize, 'c');
  open_large_channel();
  EXPECT_THAT(receive_whole(2), ElementsAre("4:queue", "4:queue"));
  socket.method(kLarge, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(406, "PRECONDITION_FAILED"));
  ASSERT_TRUE(socket.await(AMQP_CHANNEL_CLOSE_OK_METHOD));
  uint64_t tag = 0;
  for (auto* p : {&first, &second}) {
    EXPECT_THAT(receive_whole(1), ElementsAre("1:queue"));
    EXPECT_EQ(p->outcome(Duration::zero()), "nothing");
    ack_on(1, ++tag);
    EXPECT_EQ(p->outcome(), "delivered");
  }
  auto& third = publish_one(kSize, 'd');
  open_large_channel();
  EXPECT_THAT(receive_whole(1), ElementsAre("4:queue"));
  ack_on(kLarge, 1);
  EXPECT_EQ(third.outcome(), "delivered");
}

TEST_F(LargeChannelTest, AConnectionThatIsLostSendsAllOfThemAgain) {
  start();
  publish_one(kHuge);
  open_large_channel();
  ASSERT_TRUE(socket.await(AMQP_BASIC_PUBLISH_METHOD));
  publish_one(10, 's', "other");
  publish_one(kSize, 'c', "third");
  socket.close();
  connect();
  EXPECT_THAT(receive_whole(3, true), testing::UnorderedElementsAre("4:queue", "1:other", "4:third"));
  for (auto& p : publications) EXPECT_EQ(p->outcome(), "delivered");
}

TEST_F(LargeChannelTest, AStopGivesThemBack) {
  start();
  publish_one(kHuge);
  publish_one(kSize, 'c', "other");
  open_large_channel();
  ASSERT_TRUE(socket.await(AMQP_BASIC_PUBLISH_METHOD));
  broker->stop(Duration::zero());
  for (auto& p : publications) EXPECT_THAT(p->outcome(), HasSubstr("stopping"));
}

}  // namespace
}  // namespace mombridge::amqp
