#include "admin/access.hpp"

#include <gtest/gtest.h>

namespace mombridge::admin {
namespace {

Access at(const std::string& listen, const std::string& token = {}) {
  return {*config::parse_listen(listen), token.empty() ? config::LiveSecret() : config::LiveSecret(Secret(token))};
}

/// The status of the refusal; 0: it may go on.
int refused(const Access& access, HttpRequest request, bool api = true) {
  auto refusal = access.refuse(request, api);
  if (!refusal && api) refusal = access.refuse_change(request);
  return refusal ? refusal->status : 0;
}

TEST(Access, OnLoopbackNothingIsNeeded) {
  for (auto* host : {"127.0.0.1:8420", "127.0.0.1", "localhost:8420", "LOCALHOST", "[::1]:8420"})
    EXPECT_EQ(refused(at("127.0.0.1:8420"), {.host = host}), 0) << host;
  EXPECT_EQ(refused(at("unix:/run/a.sock"), {}), 0);
}

// A name of the attacker's that leads to 127.0.0.1 makes the browser believe that the page's own site is asked.
TEST(Access, OnLoopbackTheHostIsThisMachine) {
  for (auto* host : {"evil.example", "evil.example:8420", "127.0.0.1.evil.example", "10.0.0.1:8420", "", "[::1"})
    EXPECT_EQ(refused(at("127.0.0.1:8420"), {.host = host}), 403) << host;
  EXPECT_EQ(refused(at("127.0.0.1:8420"), {}), 403) << "without one";
  EXPECT_EQ(refused(at("127.0.0.1:8420"), {.host = "evil.example"}, false), 0) << "scrapers reach it by any name";
}

TEST(Access, PagesOfOthersDoNotAsk) {
  auto access = at("127.0.0.1:8420");
  EXPECT_EQ(refused(access, {.host = "localhost:8420", .origin = "http://evil.example"}), 403);
  EXPECT_EQ(refused(access, {.host = "localhost:8420", .origin = "null"}), 403);
  EXPECT_EQ(refused(access, {.host = "localhost:8420", .origin = "http://localhost:9999"}), 403);
  EXPECT_EQ(refused(access, {.host = "localhost:8420", .origin = "http://localhost:8420"}), 0);
}

// A form on a page of another site is sent without a question, to 127.0.0.1 as well.
TEST(Access, WhatChangesSomethingIsNotSentByAForm) {
  auto access = at("127.0.0.1:8420", "correct horse");
  for (auto* method : {"POST", "PUT", "DELETE"}) {
    EXPECT_EQ(refused(access, {.method = method, .host = "localhost"}), 403) << method;
    EXPECT_EQ(refused(access, {.method = method, .host = "localhost", .admin = "1"}), 0) << method;
    EXPECT_EQ(refused(access, {.method = method, .host = "localhost", .authorization = "Bearer correct horse"}), 0);
    EXPECT_EQ(refused(access, {.method = method, .host = "evil.example", .admin = "1"}), 403) << method;
    EXPECT_EQ(refused(at("unix:/run/a.sock"), {.method = method}), 0) << method;
    EXPECT_EQ(refused(at("0.0.0.0:1", "token"), {.method = method, .host = "b", .admin = "1"}), 401) << method;
  }
  for (auto* method : {"GET", "HEAD"}) EXPECT_EQ(refused(access, {.method = method, .host = "localhost"}), 0) << method;
}

TEST(Access, FromOtherMachinesWithTheTokenAlone) {
  auto access = at("0.0.0.0:8420", "correct horse");
  EXPECT_EQ(refused(access, {.host = "bridge.example"}), 401);
  EXPECT_EQ(refused(access, {.host = "bridge.example"}, false), 401) << "whatever is asked";
  for (auto* wrong : {"", "Bearer", "Bearer ", "Bearer correct hors", "Bearer correct horses", "Basic correct horse",
                      "correct horse", "Bearer correct horsf"})
    EXPECT_EQ(refused(access, {.host = "bridge.example", .authorization = wrong}), 401) << wrong;
  EXPECT_EQ(refused(access, {.host = "bridge.example", .authorization = "Bearer correct horse"}), 0);
  EXPECT_EQ(refused(access, {.host = "bridge.example", .authorization = "bearer correct horse"}), 0);
  EXPECT_EQ(refused(at("0.0.0.0:8420"), {.host = "b", .authorization = "Bearer "}), 401) << "no token lets nobody in";
}

TEST(SameSecret, Compares) {
  EXPECT_TRUE(same_secret("", ""));
  EXPECT_TRUE(same_secret("abc", "abc"));
  for (auto* other : {"", "ab", "abd", "abcd", "bbc"}) {
    EXPECT_FALSE(same_secret(other, "abc")) << other;
    EXPECT_FALSE(same_secret("abc", other)) << other;
  }
}

}  // namespace
}  // namespace mombridge::admin
