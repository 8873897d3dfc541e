// Frames over a plain transport, and over one that keeps bytes inside it as an encrypted one does.

#include "broker/amqp/frame_stream.hpp"

#include <atomic>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "broker/amqp/plain_transport.hpp"
#include "frame_socket.hpp"
#include "half_transport.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using test::frame_bytes;

class FrameStreamTest : public testing::TestWithParam<bool>, private FrameStream::User {
 protected:
  static constexpr uint16_t kLarge = 7;  ///< the channel of large bodies
  static constexpr std::string_view kEnd = "end of a large body";

  FrameStreamTest() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    peer = test::FrameSocket(Fd(ends[0]));
    Fd ours(ends[1]);
    ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
    loop.start();
    loop.call([&] {
      if (GetParam())
        stream.open(std::make_unique<test::HalfTransport>(std::move(ours)));
      else
        stream.open(std::make_unique<PlainTransport>(std::move(ours)));
    });
  }
  ~FrameStreamTest() override {
    loop.call([this] { stream.close(); });
    loop.stop();
  }
  std::string next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, test::kPatience, [this] { return !events_.empty(); })) return "nothing";
    auto event = std::move(events_.front());
    events_.erase(events_.begin());
    return event;
  }
  bool quiet() {
    for (int i = 0; i < 3; ++i) loop.call([] {});
    std::lock_guard lock(mutex_);
    return events_.empty();
  }

  std::string pause_after;
  std::string place;                 ///< where bodies are received, as far as it goes
  std::atomic<size_t> in_place = 0;  ///< bytes that were
  std::atomic<size_t> came = 0;      ///< bytes of bodies
  test::FrameSocket peer;
  EventLoop loop{"test"};
  FrameStream stream{loop, *this};

 private:
  std::span<char> body_room(uint16_t channel, size_t size) override {
    EXPECT_EQ(channel, kLarge);
    return size <= place.size() ? std::span(place).first(size) : std::span<char>();
  }
  void frame(const Frame& frame) override {
    if (frame.channel == kLarge) {
      if (frame.payload.data() == place.data()) in_place += frame.payload.size();
      body_ += frame.payload;
      came += frame.payload.size();
      if (body_.ends_with(kEnd)) note("body " + std::exchange(body_, {}));
      return;
    }
    if (frame.payload == pause_after) stream.pause_reading(true);
    note("frame " + std::string(frame.payload));
  }
  void lost(const std::string& how) override {
    stream.close();
    note("lost " + how);
  }
  void garbled(const std::string& why) override {
    stream.close();
    note("garbled " + why);
  }
  void note(std::string event) {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
  std::string body_;  ///< what has come of a large one
};

INSTANTIATE_TEST_SUITE_P(Transports, FrameStreamTest, testing::Bool(),
                         [](auto& test) { return test.param ? "KeepsBytesInside" : "Plain"; });

TEST_P(FrameStreamTest, WhatCameTogetherIsReadToItsEnd) {
  ASSERT_TRUE(peer.write(frame_bytes(3, 1, "first") + frame_bytes(3, 1, "second") + frame_bytes(3, 1, "third")));
  EXPECT_EQ(next(), "frame first");
  EXPECT_EQ(next(), "frame second");
  EXPECT_EQ(next(), "frame third");
}

TEST_P(FrameStreamTest, APauseHoldsWhatIsHereAlready) {
  pause_after = "first";
  ASSERT_TRUE(peer.write(frame_bytes(3, 1, "first") + frame_bytes(3, 1, "second")));
  EXPECT_EQ(next(), "frame first");
  ASSERT_TRUE(peer.write(frame_bytes(3, 1, "third")));
  EXPECT_TRUE(quiet());
  loop.call([this] { stream.pause_reading(false); });
  EXPECT_EQ(next(), "frame second");
  EXPECT_EQ(next(), "frame third");
}

TEST_P(FrameStreamTest, WritesAllOfItHoweverLittleIsTakenAtATime) {
  std::string body(100, 'b');
  loop.call([&] {
    stream.out().bytes().append(frame_bytes(3, 1, body));
    OutFrames more;
    more.bytes().append(frame_bytes(3, 1, "more"));
    stream.out().take(more);
    stream.flush();
  });
  EXPECT_EQ(peer.read().value_or(test::Frame{}).payload, body);
  EXPECT_EQ(peer.read().value_or(test::Frame{}).payload, "more");
  loop.call([this] { EXPECT_EQ(stream.out().size(), 0u); });
}

TEST_P(FrameStreamTest, ALargeBodyIsReceivedInItsPlace) {
  loop.call([this] {
    stream.agree(131072);
    place.resize(131072);
  });
  std::string body(120'000, 'b');
  body += kEnd;
  auto bytes = frame_bytes(3, kLarge, body) + frame_bytes(3, 1, "small");
  ASSERT_TRUE(peer.write(std::string_view(bytes).substr(0, 30'000)));
  for (auto end = Clock::now() + test::kPatience; came == 0 && Clock::now() < end;) std::this_thread::yield();
  std::thread writer([&] { EXPECT_TRUE(peer.write(std::string_view(bytes).substr(30'000))); });
  EXPECT_EQ(next(), "body " + body);
  EXPECT_EQ(next(), "frame small");
  writer.join();
  EXPECT_GT(in_place, 80'000u);
}

TEST_P(FrameStreamTest, ALargeBodyThatNobodyHasAPlaceForIsGivenAllTheSame) {
  std::string body(120'000, 'b');
  body += kEnd;
  std::thread writer([&] { EXPECT_TRUE(peer.write(frame_bytes(3, kLarge, body) + frame_bytes(3, 1, "small"))); });
  EXPECT_EQ(next(), "body " + body);
  EXPECT_EQ(next(), "frame small");
  writer.join();
  EXPECT_EQ(in_place, 0u);
}

TEST_P(FrameStreamTest, APauseInTheMiddleOfALargeBodyHoldsTheRest) {
  loop.call([this] { place.resize(131072); });
  std::string body(120'000, 'b');
  body += kEnd;
  auto bytes = frame_bytes(3, kLarge, body);
  ASSERT_TRUE(peer.write(std::string_view(bytes).substr(0, 30'000)));
  loop.call([this] { stream.pause_reading(true); });
  std::thread writer([&] { EXPECT_TRUE(peer.write(std::string_view(bytes).substr(30'000))); });
  EXPECT_TRUE(quiet());
  loop.call([this] { stream.pause_reading(false); });
  EXPECT_EQ(next(), "body " + body);
  writer.join();
}

TEST_P(FrameStreamTest, AnEndIsSaidOnceAlsoWhileReadingIsPaused) {
  loop.call([this] { stream.pause_reading(true); });
  peer.close();
  EXPECT_EQ(next(), "lost ");
  EXPECT_TRUE(quiet());
}

TEST_P(FrameStreamTest, WhatIsNoFrameIsSaid) {
  ASSERT_TRUE(peer.write("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_NE(next().find("garbled"), std::string::npos);
  EXPECT_TRUE(peer.await_end());
  EXPECT_TRUE(quiet());
}

// Under load, many frames must leave with one system call.
TEST(PlainTransport, WritesSeveralPartsInOneGo) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  Fd peer(ends[0]);
  PlainTransport transport{Fd(ends[1])};
  std::string one = "one", two = "two";
  iovec parts[] = {{one.data(), one.size()}, {two.data(), two.size()}};
  auto [status, bytes] = transport.write(parts);
  EXPECT_EQ(status, Transport::Status::ok);
  EXPECT_EQ(bytes, 6u);
  char packet[16];
  EXPECT_EQ(::recv(peer.get(), packet, sizeof packet, 0), 6) << "a packet holds what one call wrote";
}

TEST(PlainTransport, SaysWhatWentWrong) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  Fd peer(ends[0]);
  PlainTransport transport{Fd(ends[1])};
  char byte = 'x';
  iovec part{&byte, 1};
  EXPECT_EQ(transport.read({&byte, 1}).status, Transport::Status::would_block);
  peer.reset();
  EXPECT_EQ(transport.read({&byte, 1}).status, Transport::Status::closed);
  EXPECT_EQ(transport.write({&part, 1}).status, Transport::Status::failed);
  EXPECT_EQ(transport.error(), "Broken pipe");
}

}  // namespace
}  // namespace mombridge::amqp
