#include "reply/return_path.hpp"

#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64url.hpp"
#include "sealing.hpp"

namespace mombridge::reply {
namespace {

const std::string kUuid = "0b9f6a3e-5d0c-4e0f-9c1b-2f4a6d8e0a1c";
const std::string kUpperUuid = "0B9F6A3E-5D0C-4E0F-9C1B-2F4A6D8E0A1C";
const std::string kHex = "d41d8cd98f00b204e9800998ecf8427e";
const std::string kRaw("\x00\xff\x80\x01 0123456\n\r\t\"\\x", 16);
const std::string kTwenty = "01HF3Z9QK7M2N4P6R8TC";
/// As RabbitMQ 3.10 makes them: its node's name, hashed, and the channel's pid; a key of 16 bytes.
const std::string kDirect =
    "amq.rabbitmq.reply-to.g1h3AA5yZXBseUAxODM1NzE0NgAAXVYAAAAAZV7k8g==.c2f0qXv4bYkYxg+Gt9l0+A==" +
    std::string(16, 'x');

class ReturnPathTest : public testing::Test {
 protected:
  /// What comes back, or the fault.
  Fault round(const ReturnPath& path, size_t limit = Sealer::kAmqpLimit) {
    auto sealed = sealer_.seal(path, limit, text_);
    if (!sealed) return Fault::malformed;
    EXPECT_LE(sealed->size(), limit);
    return sealer_.open(*sealed, arrival(), opened_, storage_);
  }

  Sealer sealer_ = sealer({key("k1", "a secret of some length")});
  std::string text_, storage_;
  ReturnPath opened_;
};

TEST_F(ReturnPathTest, EveryCommonAddressFitsWithEveryCommonId) {
  const std::vector<std::string> addresses{"replies",
                                           "mombridge.replies",
                                           "amq.gen-JzTY20BRgKO-HjmUJj0wLg",
                                           "spring.gen-3Fqf0w9YTa2Eb7a8cQXv1Q",
                                           kDirect,
                                           "rpc.orders.replies.prod.eu-west-1.instance-0123456789abcdef",
                                           std::string(100, 'q')};
  const std::vector<std::optional<std::string_view>> ids{kUuid, kUpperUuid, kHex, kRaw, kTwenty, "1", "", std::nullopt};
  for (auto& address : addresses)
    for (auto& id : ids) {
      ASSERT_EQ(round(path_to(address, id)), Fault::none) << address << " " << id.value_or("(none)");
      EXPECT_EQ(opened_.address, address);
      EXPECT_EQ(opened_.correlation_id, id);
    }
}

TEST_F(ReturnPathTest, RabbitMqsLongestDirectReplyToFitsWithAnUnpackedUuid) {
  ASSERT_EQ(kDirect.size(), 107u);
  ASSERT_EQ(round(path_to(kDirect, kUuid)), Fault::none);
  EXPECT_LT(text_.size(), 180u);
  // Mixed case: no short form.
  std::string mixed = kUuid;
  mixed[1] = 'B';
  ASSERT_EQ(round(path_to(kDirect, mixed)), Fault::none);
  EXPECT_EQ(opened_.correlation_id, mixed);
}

TEST_F(ReturnPathTest, AllFieldsComeBack) {
  auto path = path_to("replies", kRaw);
  path.partition = 2'000'000'003;
  path.deadline_ms = kNow + 1;
  ASSERT_EQ(round(path), Fault::none);
  EXPECT_EQ(opened_.route, path.route);
  EXPECT_EQ(opened_.origin, path.origin);
  EXPECT_EQ(opened_.via, path.via);
  EXPECT_EQ(opened_.partition, path.partition);
  EXPECT_EQ(opened_.deadline_ms, kNow + 1000);  // rounded up to the second
  path.partition = -1;
  ASSERT_EQ(round(path), Fault::none);
  EXPECT_EQ(opened_.partition, -1);
}

TEST_F(ReturnPathTest, AnIdThatCameEncodedSaysSo) {
  for (auto& id : {kRaw, std::string("\xff"), std::string(16, '\xff'), kUuid})
    for (bool encoded : {false, true}) {
      auto path = path_to("amq.gen-JzTY20BRgKO-HjmUJj0wLg", id);
      path.encoded_id = encoded;
      ASSERT_EQ(round(path), Fault::none);
      EXPECT_EQ(opened_.correlation_id, id);
      EXPECT_EQ(opened_.encoded_id, encoded);
    }
  auto path = path_to("replies", std::nullopt);
  path.encoded_id = true;  // no id, nothing to encode
  ASSERT_EQ(round(path), Fault::none);
  EXPECT_EQ(opened_.correlation_id, std::nullopt);
  EXPECT_FALSE(opened_.encoded_id);
}

TEST_F(ReturnPathTest, IsAsciiTextAndTheSameEachTime) {
  ASSERT_TRUE(sealer_.seal(path_to("replies", kRaw), 255, text_));
  EXPECT_EQ(text_.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  std::string again;
  ASSERT_TRUE(sealer_.seal(path_to("replies", kRaw), 255, again));
  EXPECT_EQ(again, text_);
}

TEST_F(ReturnPathTest, AReturnPathAsCorrelationIdIsPacked) {
  ASSERT_EQ(round(path_to("amq.gen-JzTY20BRgKO-HjmUJj0wLg", kUuid)), Fault::none);
  std::string inner = text_;
  ASSERT_EQ(round(path_to("mombridge.replies", inner)), Fault::none);
  EXPECT_EQ(opened_.correlation_id, inner);
  EXPECT_LE(text_.size(), inner.size() + 70);
}

TEST_F(ReturnPathTest, WhatDoesNotFitIsRefusedAndSaysByHowMuch) {
  std::string storage;
  auto sealed = sealer_.seal(path_to(std::string(249, 't'), kRaw), 255, storage);
  ASSERT_FALSE(sealed);
  EXPECT_THAT(sealed.error().text, testing::HasSubstr("249 bytes and a correlation id of 16"));
  EXPECT_THAT(sealed.error().text, testing::HasSubstr("255 fit"));
  EXPECT_FALSE(sealer_.seal(path_to("", kRaw), 255, storage));
  EXPECT_EQ(round(path_to(std::string(249, 't'), kRaw), Sealer::kLongest), Fault::none);
}

TEST_F(ReturnPathTest, ConfiguredNamesAreInternedWhereTheyWouldNotFit) {
  const std::string topic(249, 't');
  Sealer naming(KeyRing({key("k1", "s")}, "b"), {"other", topic});
  std::string text, storage;
  ReturnPath opened;
  ASSERT_TRUE(naming.seal(path_to(topic, kRaw), 255, text));
  ASSERT_EQ(naming.open(text, arrival(), opened, storage), Fault::none);
  EXPECT_EQ(opened.address, topic);
  EXPECT_EQ(opened.correlation_id, kRaw);
  // No longer named.
  Sealer forgot(KeyRing({key("k1", "s")}, "b"), {"other"});
  EXPECT_EQ(forgot.open(text, arrival(), opened, storage), Fault::unknown_address);
  // One that fits does not depend on the configuration.
  ASSERT_TRUE(naming.seal(path_to("other", kRaw), 255, text));
  EXPECT_EQ(Sealer(KeyRing({key("k1", "s")}, "b")).open(text, arrival(), opened, storage), Fault::none);
}

TEST_F(ReturnPathTest, ExpiresAfterTheDeadlineAndTheSkew) {
  ASSERT_TRUE(sealer_.seal(path_to("replies", kUuid), 255, text_));
  auto at = [&](int64_t ms) { return sealer_.open(text_, arrival(kNow + ms), opened_, storage_); };
  EXPECT_EQ(at(30'000), Fault::none);
  EXPECT_EQ(at(31'000), Fault::none);
  EXPECT_EQ(at(31'001), Fault::expired);
  EXPECT_EQ(opened_.address, "replies");
  EXPECT_EQ(at(-3'600'000), Fault::none);
}

TEST_F(ReturnPathTest, MustComeBackOverTheBrokerItWasSentTo) {
  ASSERT_TRUE(sealer_.seal(path_to("replies", kUuid), 255, text_));
  EXPECT_EQ(sealer_.open(text_, {broker_id("shop"), kNow}, opened_, storage_), Fault::other_broker);
  EXPECT_EQ(opened_.route, route_id("orders"));
}

TEST_F(ReturnPathTest, EveryFlippedBitIsRejected) {
  ASSERT_TRUE(sealer_.seal(path_to("amq.gen-JzTY20BRgKO-HjmUJj0wLg", kUuid), 255, text_));
  for (size_t i = 0; i < text_.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string altered = text_;
      altered[i] = static_cast<char>(altered[i] ^ 1 << bit);
      auto fault = sealer_.open(altered, arrival(), opened_, storage_);
      EXPECT_THAT(fault, testing::AnyOf(Fault::malformed, Fault::unknown_version, Fault::unknown_key, Fault::forged))
          << i << "." << bit;
    }
}

TEST_F(ReturnPathTest, CutOrLengthenedItIsRejected) {
  ASSERT_TRUE(sealer_.seal(path_to("replies", kUuid), 255, text_));
  for (size_t size = 0; size < text_.size(); ++size)
    EXPECT_NE(sealer_.open(text_.substr(0, size), arrival(), opened_, storage_), Fault::none) << size;
  for (std::string more : {"A", "AA", "AAAA", "=", "==", " ", "\n"})
    EXPECT_NE(sealer_.open(text_ + more, arrival(), opened_, storage_), Fault::none) << more;
}

TEST_F(ReturnPathTest, ForeignCorrelationIdsAreMalformed) {
  for (const std::string& id : {std::string(), kUuid, kHex, kRaw, std::string(4096, 'A'), std::string(60, '+')})
    EXPECT_EQ(sealer_.open(id, arrival(), opened_, storage_), Fault::malformed) << id;
}

TEST_F(ReturnPathTest, OtherVersionsAreUnknown) {
  ASSERT_TRUE(sealer_.seal(path_to("replies", kUuid), 255, text_));
  for (int version : {0, 2, 3, 255}) {
    std::string bytes, other;
    ASSERT_TRUE(base64url_decode(text_, bytes));
    bytes[0] = static_cast<char>(version);
    base64url_encode(bytes, other);
    EXPECT_EQ(sealer_.open(other, arrival(), opened_, storage_), Fault::unknown_version) << version;
  }
}

TEST(KeyRingTest, TheFirstKeySignsAndAllVerify) {
  auto a = key("a", "secret a"), b = key("b", "secret b");
  std::string by_a, by_b, storage;
  ReturnPath opened;
  ASSERT_TRUE(sealer({a}).seal(path_to("replies", kUuid), 255, by_a));
  ASSERT_TRUE(sealer({b, a}).seal(path_to("replies", kUuid), 255, by_b));
  EXPECT_NE(by_a, by_b);
  for (auto& ring : {std::vector{a, b}, std::vector{b, a}}) {
    EXPECT_EQ(sealer(ring).open(by_a, arrival(), opened, storage), Fault::none);
    EXPECT_EQ(sealer(ring).open(by_b, arrival(), opened, storage), Fault::none);
  }
  EXPECT_EQ(sealer({b}).open(by_a, arrival(), opened, storage), Fault::unknown_key);
  EXPECT_EQ(sealer({key("a", "another secret")}).open(by_a, arrival(), opened, storage), Fault::unknown_key);
}

TEST(KeyRingTest, AnotherBridgeWithTheSameKeysOpensNothing) {
  std::string text, storage;
  ReturnPath opened;
  ASSERT_TRUE(sealer({key("k", "s")}, "one").seal(path_to("replies", kUuid), 255, text));
  EXPECT_EQ(sealer({key("k", "s")}, "two").open(text, arrival(), opened, storage), Fault::unknown_key);
}

TEST(KeyRingTest, RandomKeysDiffer) {
  std::string text, storage;
  ReturnPath opened;
  ASSERT_TRUE(sealer(KeyRing::random()).seal(path_to("replies", kUuid), 255, text));
  EXPECT_NE(sealer(KeyRing::random()).open(text, arrival(), opened, storage), Fault::none);
}

TEST(Names, IdsAreStable) {
  // Written into replies under way: they must be the same in every version and on every machine.
  EXPECT_EQ(route_id("orders"), 0x325e96ecu);
  EXPECT_EQ(broker_id("shop"), 0x48eeu);
  EXPECT_NE(route_id("orders"), route_id("orders2"));
}

TEST_F(ReturnPathTest, WhatFitsIsRestoredByteForByte) {
  std::mt19937 random(4711);
  auto below = [&](uint32_t n) { return random() % n; };
  const std::string_view letters = "abcdefABCDEF0123456789-_.+/=gz";
  auto text = [&](size_t size) {
    std::string s;
    while (s.size() < size) s += letters[below(static_cast<uint32_t>(letters.size()))];
    return s;
  };
  auto bytes = [&](size_t size) {
    std::string s;
    while (s.size() < size) s += static_cast<char>(random());
    return s;
  };
  const std::vector<std::string> prefixes{"", "", "amq.gen-", "amq.rabbitmq.reply-to.", "spring.gen-", "amq.gen"};
  size_t fitted = 0, refused = 0;
  for (int i = 0; i < 50'000; ++i) {
    auto address = prefixes[below(6)] + (below(2) ? text(below(120)) : bytes(below(120)));
    if (address.empty()) continue;
    std::string id = below(2) ? text(below(3) ? below(90) : 32 + 4 * below(2)) : bytes(below(90));
    auto path = path_to(address, below(8) ? std::optional<std::string_view>(id) : std::nullopt);
    if (below(2)) path.partition = static_cast<int32_t>(random());
    auto sealed = sealer_.seal(path, 255, text_);
    if (!sealed) {
      ++refused;
      // 255 characters hold 191 bytes: 32 are fixed, 4 the partition's, 2 at most say how long the address is.
      EXPECT_GT(address.size() + path.correlation_id.value_or("").size(), 191u - 38u);
      continue;
    }
    ++fitted;
    ASSERT_LE(sealed->size(), 255u);
    ASSERT_EQ(sealer_.open(*sealed, arrival(), opened_, storage_), Fault::none);
    ASSERT_EQ(opened_.address, address);
    ASSERT_EQ(opened_.correlation_id, path.correlation_id);
    ASSERT_EQ(opened_.partition, path.partition);
  }
  EXPECT_GT(fitted, 20'000u);
  EXPECT_GT(refused, 1'000u);
}

}  // namespace
}  // namespace mombridge::reply
