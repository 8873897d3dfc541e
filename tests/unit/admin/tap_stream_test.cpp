// A tap over HTTP: who may, what is asked for, and the lines.

#include "admin/tap_stream.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "admin/endpoints.hpp"
#include "admin/tap_text.hpp"
#include "routing/route_counts.hpp"
#include "routing/taps.hpp"

namespace mombridge::admin {
namespace {

using routing::TapEntry;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string get(const std::string& path, const std::string& headers = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}
const std::string kToken = "Authorization: Bearer correct horse\r\n";

Endpoints at(const std::string& listen, const std::string& token = {}) {
  return Endpoints(
      Access(*config::parse_listen(listen), token.empty() ? config::LiveSecret() : config::LiveSecret(Secret(token))));
}

/// The status of the answer; 0: there is a tap.
int refused(const Endpoints& endpoints, const std::string& request) {
  if (endpoints.asked(request).tap) return 0;
  auto answer = endpoints.answer(request, nullptr, false);
  return std::stoi(answer.substr(answer.find(' ') + 1));
}

TEST(TapAccess, OverTcpWithTheTokenAlone) {
  for (auto* listen : {"127.0.0.1:8420", "0.0.0.0:8420"}) {
    auto endpoints = at(listen, "correct horse");
    EXPECT_EQ(refused(endpoints, get("/api/v1/tap", kToken)), 0) << listen;
    EXPECT_EQ(refused(endpoints, get("/api/v1/tap?body=1", kToken + "Origin: http://evil.example\r\n")), 403);
    EXPECT_GE(refused(endpoints, get("/api/v1/tap", "Authorization: Bearer wrong\r\n")), 401);
    EXPECT_GE(refused(endpoints, get("/api/v1/tap", "Mombridge-Admin: 1\r\n")), 401) << "any user could send it";
    EXPECT_GE(refused(endpoints, get("/api/v1/tap")), 401);
  }
  EXPECT_EQ(refused(at("127.0.0.1:8420"), get("/api/v1/tap")), 403) << "no token lets nobody see";
  EXPECT_EQ(refused(at("127.0.0.1:8420"), get("/api/v1/tap", "Authorization: Bearer \r\n")), 403);
}

TEST(TapAccess, OverAUnixSocketTheFilesModeIsEnough) {
  auto endpoints = at("unix:/run/a.sock");
  EXPECT_EQ(refused(endpoints, get("/api/v1/tap?route=r")), 0);
  EXPECT_EQ(refused(endpoints, "POST /api/v1/tap HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
  EXPECT_EQ(refused(endpoints, "HEAD /api/v1/tap HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
  EXPECT_EQ(refused(Endpoints(), get("/api/v1/tap")), 404) << "of probes";
}

TEST(TapStream, SaysWhatThereIsNotAndHowManyMayBe) {
  routing::route_counts().at({"tap_orders"});
  auto wrong = TapStream::open({.parameters = {{"route", "tap_order"}}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().status, 404);
  EXPECT_THAT(wrong.error().body, HasSubstr("there is no route 'tap_order' (did you mean 'tap_orders'?)"));
  EXPECT_EQ(TapStream::open({.parameters = {{"broker", "tap_nowhere"}}}).error().status, 404);
  std::vector<std::shared_ptr<Stream>> open;
  for (size_t i = 0; i < routing::Taps::kMost; ++i)
    open.push_back(*TapStream::open({.parameters = {{"route", "tap_orders"}, {"target", "a.#"}}}));
  auto one_more = TapStream::open({});
  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().status, 429);
  EXPECT_THAT(one_more.error().body, HasSubstr("taps are open already"));
  open.pop_back();
  EXPECT_TRUE(TapStream::open({})) << "with the connection the tap ends";
  EXPECT_EQ(open.front()->more(), "") << "nothing has passed";
}

TapEntry arrived() {
  return {.kind = TapEntry::Kind::arrived,
          .message = 17,
          .unix_ms = 1000,
          .fields = {{"broker", "shop"}, {"target", "a\x1b[2J"}, {"partition", "3", true}, {"bytes", "9", true}}};
}

TEST(TapStream, ALineIsJsonWhateverTheMessageHolds) {
  auto entry = arrived();
  entry.headers = {{"kind", "\xff\n"}};
  entry.headers_left_out = 2;
  entry.body = "a\xe2\x82";
  auto line = to_json_line(entry);
  EXPECT_THAT(line, EndsWith("}\n"));
  EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["message"], 17);
  EXPECT_EQ(json["event"], "arrived");
  EXPECT_EQ(json["partition"], 3);
  EXPECT_EQ(json["headers"][0]["name"], "kind");
  EXPECT_EQ(json["headers_left_out"], 2);
  EXPECT_EQ(json["body"], "a") << "without the half of a character";
  entry.body = std::string("\0\xff", 2);
  EXPECT_EQ(nlohmann::json::parse(to_json_line(entry))["body_hex"], "00ff");
}

TEST(TapText, IsReadByPeopleWithoutControlCharacters) {
  auto entry = arrived();
  entry.headers = {{"kind", "new"}};
  entry.body = "one\ntwo\x1b";
  auto line = read_tap_line(to_json_line(entry));
  ASSERT_TRUE(line) << line.error().text;
  EXPECT_EQ(line->kind, TapLine::Kind::arrived);
  EXPECT_EQ(line->message, 17u);
  EXPECT_THAT(line->text.substr(12), StartsWith(" #17 arrived broker=shop target=a\\x1b[2J partition=3 bytes=9\n"));
  EXPECT_THAT(line->text, HasSubstr("\n    kind: new\n    one\n    two\\x1b\n    … and 1 bytes more\n"));
  auto end =
      read_tap_line(to_json_line({.kind = TapEntry::Kind::settled, .message = 17, .unix_ms = 1002, .what = "settled"}));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->kind, TapLine::Kind::settled);
  EXPECT_THAT(end->text, EndsWith(".002 #17 settled\n"));
  auto failed = read_tap_line(to_json_line({.kind = TapEntry::Kind::happened,
                                            .message = 17,
                                            .what = "message failed",
                                            .fields = {{"reason", "not like this"}}}));
  EXPECT_THAT(failed->text, EndsWith(" #17 message failed reason=\"not like this\"\n"));
}

TEST(TapText, WhatIsNotShownIsSaidAndWhatIsNoLineIsAnError) {
  auto opened = read_tap_line(opening_line());
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->kind, TapLine::Kind::opened);
  EXPECT_EQ(opened->text, "watching, 100 messages a second at most\n");
  auto line = read_tap_line(R"({"not_shown":1234})");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->kind, TapLine::Kind::left_out);
  EXPECT_EQ(line->message, 1234u);
  EXPECT_THAT(line->text, HasSubstr("1234"));
  for (auto* other : {"", "x", "[]", "{}", R"({"message":"1"})", R"({"message":1,"event":1,"unix_ms":1})"})
    EXPECT_FALSE(read_tap_line(other)) << other;
}

}  // namespace
}  // namespace mombridge::admin
