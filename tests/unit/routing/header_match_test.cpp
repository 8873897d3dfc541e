#include "routing/header_match.hpp"

#include <gmock/gmock.h>

namespace mombridge::routing {
namespace {

bool accepts(std::optional<std::string> wanted, const std::vector<Header>& headers) {
  Message message;
  message.headers = headers;
  return HeaderMatch({"kind", std::move(wanted)}).accepts(message);
}

bool accepts(const std::string& wanted, std::string_view value) {
  return accepts(wanted, {{"kind", Value::of(value)}});
}

std::string fault(std::optional<std::string> wanted, const std::vector<Header>& headers) {
  Message message;
  message.headers = headers;
  return HeaderMatch({"kind", std::move(wanted)}).fault(message);
}

Value array() {
  Value value;
  value.kind = Value::Kind::array;
  return value;
}

TEST(HeaderMatch, EqualText) {
  EXPECT_TRUE(accepts("order", "order"));
  EXPECT_FALSE(accepts("order", "orders"));
  EXPECT_FALSE(accepts("order", "Order"));
  EXPECT_FALSE(accepts("order", std::vector<Header>{}));
  EXPECT_TRUE(accepts("", ""));
  EXPECT_FALSE(accepts("", std::vector<Header>{}));
}

TEST(HeaderMatch, Globs) {
  EXPECT_TRUE(accepts("order-*", "order-new"));
  EXPECT_TRUE(accepts("order-*", "order-"));
  EXPECT_TRUE(accepts("order-*", "order-a/b.c")) << "a name with any characters";
  EXPECT_FALSE(accepts("order-*", "note-order-1"));
  EXPECT_FALSE(accepts("order-*", std::vector<Header>{}));
  EXPECT_TRUE(accepts("v?", "v1"));
  EXPECT_FALSE(accepts("v?", "v12"));
  EXPECT_TRUE(accepts("[ab]*", "bcd"));
  EXPECT_FALSE(accepts("[ab]*", "cd"));
  EXPECT_TRUE(accepts("a*", std::string(5000, 'a'))) << "of any length";
  EXPECT_FALSE(accepts("a*", std::string_view("a\0b", 3)));
}

TEST(HeaderMatch, AWildcardThatIsMeantLiterally) {
  EXPECT_TRUE(accepts("\\*", "*"));
  EXPECT_FALSE(accepts("\\*", "a"));
  EXPECT_TRUE(accepts("[*]", "*"));
  EXPECT_TRUE(accepts("a\\\\b", "a\\b"));
}

TEST(HeaderMatch, AStarAloneTakesWhateverIsThere) {
  for (auto value : {Value::of("x"), Value::of(""), Value::of(int64_t{1}), array()})
    EXPECT_TRUE(accepts("*", {{"kind", value}}));
  EXPECT_FALSE(accepts("*", {{"kind", Value{}}}));
  EXPECT_FALSE(accepts("*", {{"other", Value::of("x")}}));
}

TEST(HeaderMatch, AbsenceIsItsOpposite) {
  for (auto value : {Value::of("x"), Value::of(""), Value::of(int64_t{1}), array()})
    EXPECT_FALSE(accepts(std::nullopt, {{"kind", value}}));
  EXPECT_TRUE(accepts(std::nullopt, {{"kind", Value{}}}));
  EXPECT_TRUE(accepts(std::nullopt, {{"other", Value::of("x")}}));
  EXPECT_TRUE(accepts(std::nullopt, {}));
}

TEST(HeaderMatch, NumbersAndBooleansAsPeopleWriteThem) {
  EXPECT_TRUE(accepts("3", {{"kind", Value::of(int64_t{3})}}));
  EXPECT_TRUE(accepts("1.5", {{"kind", Value::of_real(1.5)}}));
  EXPECT_TRUE(accepts("true", {{"kind", Value::of_bool(true)}}));
  EXPECT_TRUE(accepts("1*", {{"kind", Value::of(int64_t{17})}}));
  EXPECT_FALSE(accepts("1*", {{"kind", Value::of(int64_t{71})}}));
  EXPECT_FALSE(accepts("a*", {{"kind", array()}}));
}

TEST(HeaderMatch, TheLastOfOneNameCounts) {
  EXPECT_TRUE(accepts("b*", {{"kind", Value::of("a")}, {"kind", Value::of("b1")}}));
  EXPECT_FALSE(accepts("a*", {{"kind", Value::of("a")}, {"kind", Value::of("b1")}}));
}

TEST(HeaderMatch, InWords) {
  EXPECT_EQ(HeaderMatch({"kind", "a"}).text(), "header kind is 'a'");
  EXPECT_EQ(HeaderMatch({"kind", "a*"}).text(), "header kind matches 'a*'");
  EXPECT_EQ(HeaderMatch({"kind", "*"}).text(), "header kind is there");
  EXPECT_EQ(HeaderMatch({"kind", std::nullopt}).text(), "header kind is absent");
  EXPECT_EQ(fault("a", {}), "header kind is missing, and must be 'a'");
  EXPECT_EQ(fault("a", {{"kind", Value::of("b\n")}}), "header kind is 'b\\x0a', and must be 'a'");
  EXPECT_EQ(fault("a*", {{"kind", Value::of(int64_t{3})}}), "header kind is '3', and must match 'a*'");
  EXPECT_EQ(fault("a*", {{"kind", array()}}), "header kind is no plain value, and must match 'a*'");
  EXPECT_EQ(fault("*", {{"kind", Value{}}}), "header kind is missing");
  EXPECT_EQ(fault(std::nullopt, {{"kind", Value::of("b")}}), "header kind is 'b', and must be absent");
}

}  // namespace
}  // namespace mombridge::routing
