#include "broker/amqp/frame_reader.hpp"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "frame_socket.hpp"

namespace mombridge::amqp {
namespace {

using Got = FrameReader::Got;
using test::frame_bytes;

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

  FrameReader reader;
};

using Strings = std::vector<std::string>;

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
  EXPECT_EQ(feed(stream), (Strings{"2 1 " + grown, "3 1 " + part, "3 1 " + part, "3 1 " + part}));
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

TEST_F(FrameReaderTest, NothingIsLeftOfAStreamBefore) {
  reader.agree(4096);
  feed(frame_bytes(3, 1, "half").substr(0, 9));
  reader.reset();
  EXPECT_EQ(feed(frame_bytes(1, 0, std::string(8000, 'x'))), Strings{"1 0 " + std::string(8000, 'x')});
}

}  // namespace
}  // namespace mombridge::amqp
