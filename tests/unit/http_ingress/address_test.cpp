#include "http_ingress/address.hpp"

#include <gmock/gmock.h>

namespace mombridge::http_ingress {
namespace {

using testing::HasSubstr;

RequestHead head(std::string path, std::string query = {}) {
  RequestHead head;
  head.path = std::move(path);
  head.query = std::move(query);
  return head;
}

TEST(Address, Decodes) {
  auto address = address_of(head("/v1/publish/shop/a%2Fb%20%C3%A4/c.d"));
  ASSERT_TRUE(address);
  EXPECT_EQ(address->kind, Kind::publish);
  EXPECT_EQ(address->broker, "shop");
  EXPECT_EQ(address->target, "a/b ä/c.d");
  EXPECT_FALSE(address->timeout);
}

TEST(Address, HasATimeout) {
  EXPECT_EQ(address_of(head("/v1/publish/s/t", "timeout=250ms"))->timeout, 250ms);
  for (auto* query : {"timeout=0", "timeout=2", "timeout=2h", "timeout=", "timeout=-1s"})
    EXPECT_THAT(address_of(head("/v1/publish/s/t", query)).error().text, HasSubstr("?timeout=2s")) << query;
  EXPECT_THAT(address_of(head("/v1/publish/s/t", "time=1s")).error().text, HasSubstr("unknown parameter 'time=1s'"));
}

TEST(Address, SaysWhatIsWrong) {
  for (auto* path : {"/v1/publish/", "/v1/publish/shop", "/v1/publish/shop/", "/v1/publish//a", "/v1/publish/shop/%2",
                     "/v1/publish/shop/%zz", "/v1/publish/%/a"})
    EXPECT_THAT(address_of(head(path)).error().text, HasSubstr("/v1/publish/shop/order.created")) << path;
  for (auto* path : {"/", "/v1", "/v1/publish", "/V1/publish/a/b", "/v2/publish/a/b"})
    EXPECT_FALSE(kind_of(path)) << path;
}

TEST(Address, PercentDecodesEveryByte) {
  EXPECT_EQ(percent_decoded("a%00b"), std::string("a\0b", 3));
  EXPECT_EQ(percent_decoded("%fF%41"),
            "\xff"
            "A");
  EXPECT_EQ(percent_decoded("+"), "+");
  EXPECT_FALSE(percent_decoded("%4"));
  EXPECT_FALSE(percent_decoded("%"));
  EXPECT_FALSE(percent_decoded("%4g"));
}

}  // namespace
}  // namespace mombridge::http_ingress
