#include "broker/amqp/out_frames.hpp"

#include <array>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "probe.hpp"

namespace mombridge::amqp {
namespace {

/// All that is there, as one write after the other takes it, `at_most` bytes at a time.
std::string write_all(OutFrames& frames, size_t at_most = ~size_t{0}, size_t most_parts = 16) {
  std::string all;
  while (frames.size() > 0) {
    std::array<iovec, 16> room;
    auto parts = std::span(room).first(frames.parts(std::span(room).first(most_parts)));
    EXPECT_FALSE(parts.empty());
    if (parts.empty()) break;
    size_t written = 0;
    for (auto& part : parts) {
      auto size = std::min(part.iov_len, at_most - written);
      all.append(static_cast<const char*>(part.iov_base), size);
      written += size;
    }
    frames.written(written);
  }
  return all;
}

class OutFramesTest : public testing::Test {
 protected:
  test::Probe one{"queue"}, two{"queue"};
  std::string first = std::string(100, '1'), second = std::string(70, '2');
  OutFrames frames;

  void fill() {
    frames.bytes().append("<a>");
    frames.refer(first, one, 1);
    frames.bytes().append("<b>");
    frames.refer(second, two, 4);
    frames.refer(first, two, 4);
    frames.bytes().append("<c>");
  }
  const std::string expected = "<a>" + first + "<b>" + second + first + "<c>";
};

TEST_F(OutFramesTest, ComesOutInOrderHoweverItIsTaken) {
  for (size_t at_most : {1u, 2u, 3u, 50u, 103u, 104u, 1000u})
    for (size_t parts : {1u, 2u, 3u, 16u}) {
      fill();
      EXPECT_EQ(frames.size(), expected.size());
      EXPECT_EQ(write_all(frames, at_most, parts), expected) << at_most << ' ' << parts;
    }
}

TEST_F(OutFramesTest, ABodyIsReferredToWhereItLies) {
  frames.refer(first, one, 1);
  iovec part;
  ASSERT_EQ(frames.parts({&part, 1}), 1u);
  EXPECT_EQ(part.iov_base, first.data());
}

TEST_F(OutFramesTest, SaysWhoseBodyComesFirstOnAChannel) {
  EXPECT_EQ(frames.lender(1), nullptr);
  fill();
  EXPECT_EQ(frames.lender(1), &one);
  EXPECT_EQ(frames.lender(4), &two);
  EXPECT_EQ(frames.lender(2), nullptr);
  frames.written(3 + first.size());
  EXPECT_EQ(frames.lender(1), nullptr);
  EXPECT_EQ(frames.lender(4), &two);
  frames.written(frames.size() - 3);
  EXPECT_EQ(frames.lender(4), nullptr);
  EXPECT_EQ(write_all(frames), "<c>");
}

TEST_F(OutFramesTest, OwnsWhatItReferredToFromTheMiddleOn) {
  for (size_t before : {0u, 2u, 3u, 50u, 103u, 110u}) {
    fill();
    frames.written(before);
    frames.own();
    EXPECT_EQ(frames.lender(1), nullptr);
    EXPECT_EQ(frames.lender(4), nullptr);
    auto kept_first = first, kept_second = second;
    first.assign(first.size(), 'x');
    second.assign(second.size(), 'x');
    frames.bytes().append("<d>");
    EXPECT_EQ(write_all(frames), expected.substr(before) + "<d>") << before;
    first = kept_first;
    second = kept_second;
  }
}

TEST_F(OutFramesTest, TakesWhatAnotherHas) {
  fill();
  OutFrames other;
  other.bytes().append("<y>");
  other.refer(second, two, 4);
  other.bytes().append("<z>");
  frames.written(10);
  frames.take(other);
  EXPECT_EQ(other.size(), 0u);
  EXPECT_EQ(write_all(frames), expected.substr(10) + "<y>" + second + "<z>");
  other.bytes().append("<again>");
  frames.take(other);
  EXPECT_EQ(other.size(), 0u);
  EXPECT_EQ(write_all(frames), "<again>");
  frames.take(other);
  EXPECT_EQ(frames.size(), 0u);
}

// What is written is given up now and then, though something is always waiting.
TEST_F(OutFramesTest, NeverEmptyItDoesNotGrow) {
  std::string sent, came;
  std::mt19937 random(1);
  auto below = [&](uint32_t n) { return random() % n; };
  for (int i = 0; i < 20'000; ++i) {
    auto own = std::string(1 + below(300), static_cast<char>('a' + below(26)));
    frames.bytes().append(own);
    sent += own;
    if (below(3) == 0) {
      frames.refer(first, one, 1);
      sent += first;
    }
    auto write = std::min<size_t>(frames.size() - 1, below(400));
    while (write > 0) {
      std::array<iovec, 4> room;
      ASSERT_GT(frames.parts(room), 0u);
      auto size = std::min(write, room[0].iov_len);
      came.append(static_cast<const char*>(room[0].iov_base), size);
      frames.written(size);
      write -= size;
    }
  }
  EXPECT_LT(frames.bytes().capacity(), 4u << 20);
  came += write_all(frames);
  EXPECT_EQ(came, sent);
}

}  // namespace
}  // namespace mombridge::amqp
