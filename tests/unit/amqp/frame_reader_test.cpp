#include "broker/amqp/frame_reader.hpp"

#include <cstring>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "frame_socket.hpp"

namespace mombridge::amqp {
namespace {

using Got = FrameReader::Got;
using test::frame_bytes;

using Strings = std::vector<std::string>;

std::string all_of(const Strings& parts) {
  std::string all;
  for (auto& part : parts) all += part;
  return all;
}

class FrameReaderTest : public testing::Test {
 protected:
  FrameReaderTest() { reader.reset(); }

  /// As a socket does: as much as there is room for, and what comes out of it; stops where the reader is broken.
  std::vector<std::string> feed(std::string_view bytes, size_t at_most = ~size_t{0}) {
    std::vector<std::string> payloads;
    while (!bytes.empty()) {
      auto room = reader.room();
      auto part = bytes.substr(0, std::min({room.size(), at_most, bytes.size()}));
      EXPECT_FALSE(part.empty()) << "no room for what is to come";
      if (part.empty()) break;
      std::memcpy(room.data(), part.data(), part.size());
      reader.received(part.size());
      bytes.remove_prefix(part.size());
      Frame frame;
      Got got{};
      while ((got = reader.next(frame)) == Got::frame)
        payloads.push_back(std::to_string(frame.type) + " " + std::to_string(frame.channel) + " " +
                           std::string(frame.payload));
      if (got == Got::broken) return payloads.push_back(reader.error()), payloads;
    }
    return payloads;
  }

  /// Body frames of channel 1: each part of them. What may be received elsewhere is, up to `at_most` bytes at a time.
  Strings feed_bodies(std::string_view bytes, size_t at_most) {
    Strings parts;
    while (!bytes.empty()) {
      if (auto ahead = std::min({reader.body_ahead(), at_most, bytes.size()})) {
        EXPECT_EQ(reader.body_channel(), 1);
        parts.emplace_back(bytes.substr(0, ahead));
        reader.body_received(ahead);
        bytes.remove_prefix(ahead);
      } else {
        auto piece = bytes.substr(0, at_most);
        for (auto& part : feed(piece)) parts.push_back(part.starts_with("3 1 ") ? part.substr(4) : part);
        bytes.remove_prefix(piece.size());
      }
    }
    return parts;
  }

  FrameReader reader;
};

TEST_F(FrameReaderTest, CutsWhereverTheStreamIsSplit) {
  auto stream = frame_bytes(1, 0, "start") + frame_bytes(8, 0, "") + frame_bytes(3, 7, "he\xCEllo");
  for (size_t size = 1; size <= stream.size(); ++size)
    EXPECT_EQ(feed(stream, size), (Strings{"1 0 start", "8 0 ", "3 7 he\xCEllo"})) << size;
  EXPECT_TRUE(reader.rest().empty());
}

TEST_F(FrameReaderTest, AFrameOfTheAgreedSizeIsTakenAndALargerBodyOrMethodIsNot) {
  std::string full(4096 - 8, 'x');
  for (uint8_t type : {1, 3}) {
    reader.reset();
    reader.agree(4096);
    EXPECT_EQ(feed(frame_bytes(type, 1, full)), Strings{std::to_string(type) + " 1 " + full});
    EXPECT_EQ(feed(frame_bytes(type, 1, full + "y")), Strings{"a frame of 4089 bytes is larger than agreed"});
  }
}

// The broker adds to a message's headers and sends them in one frame all the same.
TEST_F(FrameReaderTest, AContentHeaderMayHaveGrownBeyondTheAgreedSize) {
  reader.agree(4096);
  for (size_t size : {4089ul, 131'073ul, 262'144ul, 3'000'000ul}) {
    std::string grown(size, 'h');
    EXPECT_EQ(feed(frame_bytes(2, 1, grown) + frame_bytes(3, 1, "body")), (Strings{"2 1 " + grown, "3 1 body"}));
  }
  EXPECT_LE(reader.room().size(), 256u << 10) << "its memory has gone again";
  EXPECT_EQ(feed(std::string("\2\0\1\xff\xff\xff\xff", 7)),
            Strings{"a frame of 4294967295 bytes is larger than agreed"});
}

TEST_F(FrameReaderTest, WhatFollowsALargeHeaderInItsBufferIsKept) {
  reader.agree(131072);
  std::string grown(300'000, 'h'), part(100'000, 'p');
  auto stream = frame_bytes(2, 1, grown) + frame_bytes(3, 1, part) + frame_bytes(3, 1, part) + frame_bytes(3, 1, part);
  auto frames = feed(stream);
  ASSERT_GE(frames.size(), 4u);
  EXPECT_EQ(frames[0], "2 1 " + grown);
  Strings parts;
  for (auto& frame : std::span(frames).subspan(1)) parts.push_back(frame.substr(4));
  EXPECT_EQ(all_of(parts), part + part + part);
}

TEST_F(FrameReaderTest, BeforeTheLoginNothingIsLarge) {
  EXPECT_EQ(feed(frame_bytes(2, 0, std::string(131'065, 'x'))),
            Strings{"a frame of 131065 bytes is larger than agreed"});
}

TEST_F(FrameReaderTest, AFrameWithoutItsEndMark) {
  auto bytes = frame_bytes(3, 1, "body");
  bytes.back() = '\0';
  EXPECT_EQ(feed(bytes), Strings{"a frame without its end mark"});
}

TEST_F(FrameReaderTest, ALargeBodyFrameIsGivenInPartsAsItArrives) {
  std::string body(100'000, 'b');
  auto stream = frame_bytes(3, 1, body) + frame_bytes(3, 1, "next") + frame_bytes(3, 1, body);
  for (size_t at_most : {7u, 999u, 16'384u, 100'000u, 100'006u, 100'007u, 100'008u, 150'000u})
    EXPECT_EQ(all_of(feed_bodies(stream, at_most)), body + "next" + body) << at_most;
}

TEST_F(FrameReaderTest, TheLastByteOfABodyWaitsForTheEndMark) {
  std::string body(20'000, 'b');
  auto bytes = frame_bytes(3, 1, body);
  bytes.back() = '\0';
  auto before = bytes.substr(0, bytes.size() - 1);
  EXPECT_EQ(all_of(feed_bodies(before, 5000)).size(), body.size() - 1);
  EXPECT_EQ(reader.body_ahead(), 0u) << "what comes next must be looked at here";
  EXPECT_EQ(feed(bytes.substr(bytes.size() - 1)), Strings{"a frame without its end mark"});
}

TEST_F(FrameReaderTest, ASmallBodyFrameIsNeverInParts) {
  std::string body(16'000, 'b');
  EXPECT_EQ(feed(frame_bytes(3, 1, body), 1000), Strings{"3 1 " + body});
}

TEST_F(FrameReaderTest, NothingIsLeftOfAStreamBefore) {
  reader.agree(4096);
  feed(frame_bytes(3, 1, "half").substr(0, 9));
  reader.reset();
  feed(frame_bytes(3, 1, std::string(100'000, 'x')).substr(0, 20'000));
  EXPECT_GT(reader.body_ahead(), 0u);
  reader.reset();
  EXPECT_EQ(reader.body_ahead(), 0u);
  EXPECT_EQ(feed(frame_bytes(1, 0, std::string(8000, 'x'))), Strings{"1 0 " + std::string(8000, 'x')});
}

}  // namespace
}  // namespace mombridge::amqp
