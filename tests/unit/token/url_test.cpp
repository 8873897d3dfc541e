#include "token/url.hpp"

#include <gtest/gtest.h>

namespace mombridge::token {
namespace {

TEST(TokenUrlTest, HasItsParts) {
  auto url = parse_url("https://idp.example:8443/realms/a/token?tenant=1");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "idp.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/realms/a/token?tenant=1");
  EXPECT_EQ(url->text(), "https://idp.example:8443/realms/a/token");
  EXPECT_EQ(url->authority(), "idp.example:8443");
}

TEST(TokenUrlTest, HasDefaults) {
  auto url = parse_url("https://idp.example");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->path, "/");
  EXPECT_EQ(url->text(), "https://idp.example/");
  EXPECT_EQ(parse_url("https://idp.example?a=b")->path, "/?a=b");
}

TEST(TokenUrlTest, TakesIpv6) {
  auto url = parse_url("https://[2001:db8::1]:8443/t");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "2001:db8::1");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->authority(), "[2001:db8::1]:8443");
}

TEST(TokenUrlTest, PlainHttpIsForThisMachineAlone) {
  for (auto* text : {"http://localhost/t", "http://127.0.0.1:8080/t", "http://127.1.2.3/t", "http://[::1]:8080/t"})
    EXPECT_TRUE(parse_url(text)) << text;
  for (auto* text : {"http://idp.example/t", "http://127.0.0.1.example/t", "http://10.0.0.1/t", "http://localhost.x/t"})
    EXPECT_FALSE(parse_url(text)) << text;
  EXPECT_EQ(parse_url("http://localhost/t")->port, 80);
}

TEST(TokenUrlTest, RefusesTheRest) {
  for (auto* text :
       {"", "idp.example/t", "ftp://idp.example/t", "https://", "https:///t", "https://:443/t",
        "https://idp.example:0/t", "https://idp.example:65536/t", "https://idp.example:x/t", "https://idp.example:/t",
        "https://[::1/t", "https://[::1]x/t", "https://u:p@idp.example/t", "https://idp.example/t#f",
        "https://idp.example/a b", "https://idp.example/\r\nHost: x", "https://idp.ex\xc3\xa4mple/"})
    EXPECT_FALSE(parse_url(text)) << text;
}

}  // namespace
}  // namespace mombridge::token
