#include "message/typed_text.hpp"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace mombridge {
namespace {

using Kind = Value::Kind;

Value number(Kind kind, int64_t n, uint8_t scale = 0) {
  return {.kind = kind, .scale = scale, .integer = n, .text = {}, .members = {}};
}
Value real(Kind kind, double n) { return {.kind = kind, .real = n, .text = {}, .members = {}}; }
Value nested(Kind kind, std::span<const Header> members) { return {.kind = kind, .text = {}, .members = members}; }

struct Written {
  std::string text, type;
};
Written write(const Value& value) {
  Written w;
  to_text(value, w.text, w.type);
  return w;
}

bool same(const Value& a, const Value& b) {
  if (a.kind != b.kind || a.scale != b.scale || a.integer != b.integer || a.text != b.text ||
      a.members.size() != b.members.size() || std::signbit(a.real) != std::signbit(b.real) || a.real != b.real)
    return false;
  for (size_t i = 0; i < a.members.size(); ++i)
    if (a.members[i].name != b.members[i].name || !same(a.members[i].value, b.members[i].value)) return false;
  return true;
}

void expect_back(const Value& value) {
  auto written = write(value);
  Arena arena;
  Value back;
  ASSERT_TRUE(from_text(written.type, written.text, back, arena)) << written.type << ' ' << written.text;
  EXPECT_TRUE(same(value, back)) << written.type << ' ' << written.text;
}

TEST(TypedText, IsWhatPeopleWouldWrite) {
  EXPECT_EQ(write(number(Kind::i32, -5)).text, "-5");
  EXPECT_EQ(write(number(Kind::i32, -5)).type, "i32");
  EXPECT_EQ(write(number(Kind::u64, -1)).text, "18446744073709551615");
  EXPECT_EQ(write(number(Kind::boolean, 1)).text, "true");
  EXPECT_EQ(write(number(Kind::decimal, 12345, 2)).text, "123.45");
  EXPECT_EQ(write(real(Kind::f32, 0.1f)).text, "0.1");
  Header members[] = {
      {"n", number(Kind::i8, 1)}, {"t", Value::of("a\"b")}, {"z", {}}, {"b", Value::of_bytes("\xff\x01")}};
  EXPECT_EQ(write(nested(Kind::table, members)).text, R"({"n":1,"t":"a\"b","z":null,"b":"ff01"})");
  EXPECT_EQ(write(nested(Kind::table, members)).type, "{i8,str,null,bin}");
  EXPECT_EQ(write(nested(Kind::array, members)).text, R"([1,"a\"b",null,"ff01"])");
  Header broken[] = {{"t", Value::of("\xff\x01")}};
  EXPECT_EQ(write(nested(Kind::table, broken)).text, R"({"t":"ff01"})");
  EXPECT_EQ(write(nested(Kind::table, broken)).type, "{raw}");
  Header named[] = {{"\xff", number(Kind::i8, 1)}};
  EXPECT_EQ(write(nested(Kind::table, named)).text, R"({"ff":1})");
  EXPECT_EQ(write(nested(Kind::table, named)).type, "{~i8}");
}

TEST(TypedText, EveryScalarComesBack) {
  for (auto kind : {Kind::i8, Kind::i16, Kind::i32, Kind::i64, Kind::timestamp, Kind::decimal})
    for (int64_t n : {-128, -1, 0, 1, 127}) expect_back(number(kind, n));
  expect_back(number(Kind::i64, std::numeric_limits<int64_t>::min()));
  expect_back(number(Kind::u64, -1));
  expect_back(number(Kind::u32, std::numeric_limits<uint32_t>::max()));
  for (uint8_t scale : {0, 1, 9, 255}) {
    expect_back(number(Kind::decimal, 123456789, scale));
    expect_back(number(Kind::decimal, -5, scale));
  }
  for (double n :
       {0.0, -0.0, 0.1, 1e300, std::numeric_limits<double>::denorm_min(), -std::numeric_limits<double>::infinity()})
    expect_back(real(Kind::f64, n));
  expect_back(Value::of("text"));
  expect_back(Value::of("no \xff text"));
  expect_back(Value::of_bytes("bytes"));
}

TEST(TypedText, WhatDoesNotFitItsTypeIsRefused) {
  Arena arena;
  Value v;
  for (auto [type, text] : std::vector<std::pair<std::string, std::string>>{{"i8", "128"},
                                                                            {"u8", "-1"},
                                                                            {"i32", ""},
                                                                            {"i32", "5 "},
                                                                            {"i32", "x"},
                                                                            {"bool", "yes"},
                                                                            {"f64", "1,5"},
                                                                            {"dec", "1.2.3"},
                                                                            {"dec", "."},
                                                                            {"dec", "1." + std::string(256, '0')},
                                                                            {"time", "now"},
                                                                            {"nothing", "1"},
                                                                            {"", "1"},
                                                                            {"null", "null"},
                                                                            {"[i32]", "[1,2]"},
                                                                            {"[i32,i32]", "[1]"},
                                                                            {"[i32]", "{1}"},
                                                                            {"{i32}", "[1]"},
                                                                            {"{i32}", "{1}"},
                                                                            {"[i32", "[1"},
                                                                            {"[i32]", "[1]]"},
                                                                            {"[i32]x", "[1]"},
                                                                            {"[str]", "[unquoted]"},
                                                                            {"[str]", "[\"open"},
                                                                            {"[str]", "[\"\\u12\"]"},
                                                                            {"[str]", "[\"\\ud800\"]"},
                                                                            {"[str]", "[\"\\x\"]"},
                                                                            {"[bin]", "[\"f\"]"},
                                                                            {"[bin]", "[\"zz\"]"},
                                                                            {"[raw]", "[\"zz\"]"},
                                                                            {"[raw]", "[1]"},
                                                                            {"{~i8}", "{\"x\":1}"},
                                                                            {"{~}", "{}"},
                                                                            {"raw", "ff"},
                                                                            {"[]", ""},
                                                                            {"[", "["},
                                                                            {"{", "{"},
                                                                            {"[null]", "[\"null\"]"}})
    EXPECT_FALSE(from_text(type, text, v, arena)) << type << ' ' << text;
}

TEST(TypedText, JsonMayHaveBeenWrittenAnew) {
  Arena arena;
  Value v;
  ASSERT_TRUE(
      from_text("{i32,[str,f64]}", " { \"n\" : 7 , \"l\" : [ \"\\u00e4\\ud83d\\ude07\\n\" , 1.50 ] } ", v, arena));
  ASSERT_EQ(v.members.size(), 2u);
  EXPECT_EQ(v.members[0].value.integer, 7);
  EXPECT_EQ(v.members[1].value.members[0].value.text, "\xc3\xa4\xf0\x9f\x98\x87\n");
  EXPECT_EQ(v.members[1].value.members[1].value.real, 1.5);
}

TEST(TypedText, WhatIsNoJsonIsRefused) {
  Arena arena;
  Value v;
  for (auto [type, text] : std::vector<std::pair<std::string, std::string>>{{"[str]", "[\"\xff\"]"},
                                                                            {"[str]", "[\"\x01\"]"},
                                                                            {"[str]", "[\"\\udc00\"]"},
                                                                            {"[i8]", "[01]"},
                                                                            {"[i8]", "[+1]"},
                                                                            {"[i8]", "[1,]"},
                                                                            {"[i8]", "[1] 2"},
                                                                            {"{i8}", "{\"a\" 1}"},
                                                                            {"{i8}", "{a:1}"},
                                                                            {"[null]", "[nil]"}})
    EXPECT_FALSE(from_text(type, text, v, arena)) << type << ' ' << text;
}

TEST(TypedText, NumbersOfJsonThatDoNotFitAreRefused) {
  Arena arena;
  Value v;
  for (auto [type, text] : std::vector<std::pair<std::string, std::string>>{{"[i8]", "[128]"},
                                                                            {"[u8]", "[-1]"},
                                                                            {"[i64]", "[9223372036854775808]"},
                                                                            {"[u64]", "[18446744073709551616]"},
                                                                            {"[i32]", "[1.0]"},
                                                                            {"[i32]", "[1e3]"},
                                                                            {"[f32]", "[1e39]"},
                                                                            {"[f64]", "[1e999]"},
                                                                            {"[bool]", "[1]"},
                                                                            {"[i8]", "[true]"},
                                                                            {"[i8]", "[null]"},
                                                                            {"[null]", "[0]"},
                                                                            {"[str]", "[1]"},
                                                                            {"[bin]", "[12]"}})
    EXPECT_FALSE(from_text(type, text, v, arena)) << type << ' ' << text;
}

TEST(TypedText, NumbersOfJsonKeepAllTheyHave) {
  double tiny = std::numeric_limits<double>::denorm_min();
  Header members[] = {{{}, real(Kind::f64, -0.0)},
                      {{}, real(Kind::f64, 123456789012345680000.0)},
                      {{}, real(Kind::f64, tiny)},
                      {{}, number(Kind::decimal, 9223372036854775807, 2)},
                      {{}, number(Kind::decimal, -1, 255)},
                      {{}, number(Kind::u64, -1)},
                      {{}, number(Kind::i64, std::numeric_limits<int64_t>::min())}};
  expect_back(nested(Kind::array, members));
}

// AMQP's tables may have a name twice, and JSON's objects too.
TEST(TypedText, ANameThatStandsTwiceStaysTwice) {
  Header members[] = {{"n", number(Kind::i8, 1)}, {"n", Value::of("two")}};
  expect_back(nested(Kind::table, members));
}

TEST(TypedText, NestingIsBounded) {
  std::vector<std::vector<Header>> levels(100, std::vector<Header>(1));
  for (size_t i = 0; i + 1 < levels.size(); ++i) levels[i][0].value = nested(Kind::array, levels[i + 1]);
  auto written = write(nested(Kind::array, levels[0]));
  EXPECT_EQ(written.text, std::string(kMaxNesting, '[') + "null" + std::string(kMaxNesting, ']'));
  Arena arena;
  Value v;
  EXPECT_TRUE(from_text(written.type, written.text, v, arena));
  constexpr size_t kHostile = 1 << 20;
  EXPECT_FALSE(from_text(std::string(kHostile, '['), std::string(kHostile, '['), v, arena));
  EXPECT_FALSE(from_text(std::string(kHostile, '{'), std::string(kHostile, '{'), v, arena));
}

// Random trees come back; the same with a byte changed never does harm.
class RandomTree {
 public:
  explicit RandomTree(unsigned seed) : random_(seed) {}
  Value value(int depth) {
    switch (random_() % (depth ? 8 : 6)) {
      case 0:
        return {};
      case 1:
        return number(Kind::i16, static_cast<int16_t>(random_()));
      case 2:
        return Value::of(text());
      case 3:
        return Value::of_bytes(text());
      case 4:
        return number(Kind::boolean, random_() % 2);
      case 5:
        return real(Kind::f64, static_cast<double>(random_()) / 7);
      case 6:
        return nested(Kind::array, members(depth, false));
      default:
        return nested(Kind::table, members(depth, true));
    }
  }
  std::mt19937& random() { return random_; }

 private:
  std::string_view text() {
    auto& t = arena_.texts.emplace_back();
    for (auto n = random_() % 6; n; --n) t += static_cast<char>("az\"\\\n,]}\x7f\0\xff"[random_() % 11]);
    return t;
  }
  std::span<const Header> members(int depth, bool named) {
    auto& list = arena_.members.emplace_back();
    for (auto n = random_() % 4; n; --n) {
      auto name = named ? text() : std::string_view();
      auto v = value(depth - 1);
      list.push_back({name, v});
    }
    return list;
  }
  std::mt19937 random_;
  Arena arena_;
};

TEST(TypedText, RandomTreesComeBackAndDamagedOnesDoNoHarm) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    RandomTree tree(seed);
    auto value = tree.value(5);
    if (value.kind == Kind::null) continue;
    expect_back(value);
    if (testing::Test::HasFailure()) return;
    auto written = write(value);
    for (auto* damaged : {&written.text, &written.type}) {
      if (damaged->empty()) continue;
      auto& c = (*damaged)[tree.random()() % damaged->size()];
      c = static_cast<char>(tree.random()());
      Arena arena;
      Value v;
      (void)from_text(written.type, written.text, v, arena);
    }
  }
}

}  // namespace
}  // namespace mombridge
