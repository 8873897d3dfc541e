#include "cases/compare.hpp"

#include <gmock/gmock.h>

#include "cases/reader.hpp"

namespace mombridge::cases {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The expectation of a case, written as in a file.
Case expecting(const std::string& expect) {
  config::Diagnostics diagnostics;
  auto cases =
      read_cases("c.yaml", "cases:\n- name: n\n  message: {broker: shop, target: t}\n  expect: " + expect, diagnostics);
  EXPECT_TRUE(diagnostics.ok()) << diagnostics.sorted().front().text();
  return cases.at(0);
}

Sent sent(const std::string& target, const std::string& body, std::vector<Sent::Header> headers = {}) {
  Sent made;
  made.fields = {{"broker", "lake"}, {"target", target}, {"body", body}};
  made.headers = std::move(headers);
  return made;
}

Happened happened(std::vector<Sent> all, std::vector<std::string> routes = {"r"}) {
  Happened made;
  made.routes = std::move(routes);
  made.sent = std::move(all);
  return made;
}

std::vector<std::string> said(const std::string& expect, const Happened& happened) {
  std::vector<std::string> texts;
  for (auto& difference : compare(expecting(expect), happened, "2s")) texts.push_back(difference.text());
  return texts;
}

TEST(CasesCompare, WhatIsNotNamedMayBeAnything) {
  EXPECT_THAT(said("{routes: [r]}", happened({sent("a", "x")})), IsEmpty());
  EXPECT_THAT(said("{sent: {target: a}}", happened({sent("a", "x", {{"h", "1", Value::Kind::string}})})), IsEmpty());
}

TEST(CasesCompare, TheOrderSaysNothing) {
  auto both = happened({sent("a", "x"), sent("b", "y")});
  EXPECT_THAT(said("{sent: [{target: b}, {target: a}]}", both), IsEmpty());
  EXPECT_THAT(said("{sent: [{broker: lake}, {target: a}]}", both), IsEmpty()) << "the first must not take the second's";
  auto same = happened({sent("a", "x"), sent("a", "y"), sent("b", "x")});
  EXPECT_THAT(said("{sent: [{target: a}, {body: x}, {target: a, body: x}]}", same), IsEmpty());
}

TEST(CasesCompare, ShowsWhatIsDifferent) {
  EXPECT_THAT(said("{sent: {target: a, body: y, key: k}}", happened({sent("a", "x")})),
              ElementsAre("c.yaml:4:36: sent, lake/a\n    - body: 'y'\n    + body: 'x'\n",
                          "c.yaml:4:44: sent, lake/a\n    - key: 'k'\n    + key: (none)\n"));
  EXPECT_THAT(said("{sent: {body: null}}", happened({sent("a", "x")})),
              ElementsAre("c.yaml:4:19: sent, lake/a\n    - body: (none)\n    + body: 'x'\n"));
}

TEST(CasesCompare, HeadersHaveTypes) {
  auto numbers = happened({sent("a", "x", {{"n", "5", Value::Kind::i64}, {"b", "true", Value::Kind::boolean}})});
  EXPECT_THAT(said("{sent: {headers: {n: 5, b: true, gone: null}}}", numbers), IsEmpty());
  EXPECT_THAT(said("{sent: {headers: {n: \"5\"}}}", numbers),
              ElementsAre("c.yaml:4:32: sent, lake/a\n    - header n: '5'\n    + header n: 5\n"));
  EXPECT_THAT(said("{sent: {headers: {b: null}}}", numbers),
              ElementsAre("c.yaml:4:29: sent, lake/a\n    - header b: (none)\n    + header b: true\n"));
  EXPECT_THAT(said("{sent: {headers: {b: \"true\"}}}", numbers).size(), 1u);
}

TEST(CasesCompare, MissingAndTooMuch) {
  EXPECT_THAT(said("{sent: [{target: a}, {broker: lake, target: b}]}", happened({sent("a", "x")})),
              ElementsAre("c.yaml:4:32: sent: missing\n    - lake/b\n"));
  EXPECT_THAT(said("{sent: []}", happened({sent("a", "x")})),
              ElementsAre("c.yaml:4:12: sent: one more than expected\n    + lake/a, body 'x'\n"));
}

TEST(CasesCompare, RoutesInAnyOrder) {
  EXPECT_THAT(said("{routes: [s, r]}", happened({}, {"r", "s"})), IsEmpty());
  EXPECT_THAT(said("{routes: [r]}", happened({}, {"r", "s"})),
              ElementsAre("c.yaml:4:21: routes\n    - r\n    + r, s\n"));
  EXPECT_THAT(said("{routes: []}", happened({}, {})), IsEmpty());
}

TEST(CasesCompare, WhatIsLostIsNeverPassedOver) {
  auto dead = happened({});
  dead.dead_letters.push_back(sent("dead", "x", {{"mombridge-dead-reason", "no \x1b[31mroute", Value::Kind::string}}));
  EXPECT_THAT(said("{routes: [r]}", dead),
              ElementsAre("c.yaml:4:11: dead_letters: one more than expected\n    + lake/dead, body 'x', because no "
                          "\\x1b[31mroute\n"));
  EXPECT_THAT(said("{dead_letters: {target: dead}}", dead), IsEmpty());
  EXPECT_THAT(said("{sent: []}", happened({}, {})),
              ElementsAre("c.yaml:4:11: unrouted\n    - a route takes it\n    + no route takes it\n"));
  EXPECT_THAT(said("{unrouted: true}", happened({}, {})), IsEmpty());
  EXPECT_THAT(said("{unrouted: true}", happened({})).size(), 1u);
  auto held = happened({});
  held.end = Happened::End::held;
  EXPECT_THAT(said("{routes: [r]}", held).size(), 1u);
  auto pending = happened({});
  pending.end = Happened::End::pending;
  EXPECT_THAT(said("{routes: [r]}", pending), ElementsAre(testing::HasSubstr("not settled within 2s")));
}

}  // namespace
}  // namespace mombridge::cases
