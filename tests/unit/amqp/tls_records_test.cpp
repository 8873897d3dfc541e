#include "broker/amqp/tls_records.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "tls_peer.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using Status = TlsRecords::Status;

std::string record(size_t size, char type = 0x17) {
  return type + "\3\3"s + static_cast<char>(size >> 8) + static_cast<char>(size & 0xff) + std::string(size, 'x');
}

class TlsRecordsTest : public testing::Test {
 protected:
  void comes(const std::string& bytes) {
    ASSERT_EQ(::send(sockets.theirs.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    ASSERT_EQ(records.receive(sockets.ours.get()), Status::ok);
  }
  size_t take(size_t most) {
    std::string into(most, '\0');
    return records.take(into.data(), most);
  }

  test::SocketPair sockets;
  TlsRecords records;
};

TEST_F(TlsRecordsTest, NothingIsGivenOfARecordThatIsNotWhole) {
  auto bytes = record(100);
  for (size_t i = 0; i + 1 < bytes.size(); ++i) {
    comes(bytes.substr(i, 1));
    EXPECT_FALSE(records.has_whole());
    EXPECT_EQ(take(5), 0u);
  }
  comes(bytes.substr(bytes.size() - 1) + record(3).substr(0, 7));
  EXPECT_TRUE(records.has_whole());
  EXPECT_EQ(take(5), 5u);
  EXPECT_TRUE(records.has_whole()) << "the rest of a record that was begun";
  EXPECT_EQ(take(1000), 100u) << "and nothing of the next";
  EXPECT_FALSE(records.has_whole());
  comes("x");
  EXPECT_EQ(take(1000), 8u);
}

TEST_F(TlsRecordsTest, ALongStreamGoesThroughInRecordsOfTheLargestSize) {
  std::string stream;
  for (int i = 0; i < 8; ++i) stream += record((16 << 10) + 2048);
  size_t sent = 0, taken = 0;
  while (taken < stream.size()) {
    auto n = ::send(sockets.theirs.get(), stream.data() + sent, stream.size() - sent, 0);
    if (n > 0) sent += static_cast<size_t>(n);
    records.receive(sockets.ours.get());
    while (auto part = take(10'000)) taken += part;
  }
  EXPECT_EQ(taken, stream.size());
  EXPECT_EQ(records.receive(sockets.ours.get()), Status::would_block);
}

TEST_F(TlsRecordsTest, WhatIsNoTlsIsGivenAsItIs) {
  comes("HTTP");
  EXPECT_TRUE(records.has_whole());
  EXPECT_EQ(take(100), 4u);
  EXPECT_EQ(records.beginning(), "HTTP");
  comes("/1.1 400 Bad Request");
  EXPECT_EQ(records.beginning(), "HTTP/1.1 400 Bad");
}

TEST_F(TlsRecordsTest, ARecordThatMayNotBeSoLongIsNotWaitedFor) {
  comes("\x17\3\3\xff\xff"s);
  EXPECT_EQ(take(100), 5u);
}

TEST_F(TlsRecordsTest, EndAndErrorAreTold) {
  sockets.theirs.reset();
  EXPECT_EQ(records.receive(sockets.ours.get()), Status::ended);
  EXPECT_EQ(records.receive(-1), Status::failed);
  EXPECT_EQ(records.error(), EBADF);
}

TEST_F(TlsRecordsTest, WhatIsPutIsSentInOrderWhenThereIsRoom) {
  std::string all;
  for (int i = 0; i < 100; ++i) {
    auto part = std::string(100'000, static_cast<char>('a' + i % 26));
    all += part;
    records.put(part);
  }
  EXPECT_EQ(records.send(sockets.ours.get()), Status::would_block);
  EXPECT_GT(records.unsent(), 0u);
  std::string got, room(1 << 16, '\0');
  while (got.size() < all.size()) {
    auto n = ::recv(sockets.theirs.get(), room.data(), room.size(), 0);
    if (n > 0) got.append(room, 0, static_cast<size_t>(n));
    EXPECT_NE(records.send(sockets.ours.get()), Status::failed);
  }
  EXPECT_EQ(got, all);
  EXPECT_EQ(records.unsent(), 0u);
}

TEST(MayBeTls, IsSeenByTheFirstBytes) {
  for (auto& bytes : {"\x16"s, "\x15\3"s, "\x17\3\3\0\1"s}) EXPECT_TRUE(may_be_tls(bytes));
  for (auto& bytes : {"A"s, "\x16\2"s, "\x18\3"s, "\x13\3"s}) EXPECT_FALSE(may_be_tls(bytes));
}

}  // namespace
}  // namespace mombridge::amqp
