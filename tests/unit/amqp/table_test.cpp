#include "broker/amqp/table.hpp"

#include <bit>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using Kind = Value::Kind;

struct Decoded {
  explicit Decoded(std::string table) : bytes(std::move(table)) { ok = decode_table(bytes, headers, arena, dropped); }
  std::string bytes;  // what the headers view
  std::vector<Header> headers;
  Arena arena;
  unsigned dropped = 0;
  bool ok;
};

std::string entry(std::string_view name, std::string_view type_and_value) {
  Buffer out;
  Writer w(out);
  w.short_string(name);
  w.raw(type_and_value);
  return out.str();
}

std::string encoded(const Value& value) {
  Buffer out;
  Writer w(out);
  encode_value(w, value);
  return out.str();
}

Value number(Kind kind, int64_t integer) { return {.kind = kind, .integer = integer, .text = {}, .members = {}}; }
Value real(Kind kind, double value) { return {.kind = kind, .real = value, .text = {}, .members = {}}; }

bool same(const Value& a, const Value& b) {
  if (a.kind != b.kind || a.scale != b.scale || a.integer != b.integer || a.text != b.text) return false;
  if (std::bit_cast<uint64_t>(a.real) != std::bit_cast<uint64_t>(b.real) || a.members.size() != b.members.size())
    return false;
  for (size_t i = 0; i < a.members.size(); ++i)
    if (a.members[i].name != b.members[i].name || !same(a.members[i].value, b.members[i].value)) return false;
  return true;
}

void round_trip(const Value& value, char letter) {
  auto bytes = encoded(value);
  EXPECT_EQ(bytes[0], letter);
  Decoded d(entry("name", bytes));
  ASSERT_TRUE(d.ok) << letter;
  ASSERT_EQ(d.headers.size(), 1u) << letter;
  EXPECT_EQ(d.headers[0].name, "name");
  EXPECT_TRUE(same(d.headers[0].value, value)) << letter;
}

TEST(Table, EveryTypeThatIsWrittenComesBack) {
  round_trip({}, 'V');
  for (int b : {0, 1}) round_trip(number(Kind::boolean, b), 't');
  for (int64_t n : {-128, 0, 127}) round_trip(number(Kind::i8, n), 'b');
  for (int64_t n : {0, 255}) round_trip(number(Kind::u8, n), 'B');
  for (int64_t n : {-32768, 32767}) round_trip(number(Kind::i16, n), 's');
  for (int64_t n : {0, 65535}) round_trip(number(Kind::u16, n), 'u');
  for (int64_t n : {INT64_C(-2147483648), INT64_C(2147483647)}) round_trip(number(Kind::i32, n), 'I');
  for (int64_t n : {INT64_C(0), INT64_C(4294967295)}) round_trip(number(Kind::u32, n), 'i');
  for (int64_t n : {std::numeric_limits<int64_t>::min(), int64_t{-1}, std::numeric_limits<int64_t>::max()})
    round_trip(number(Kind::i64, n), 'l');
  round_trip(number(Kind::timestamp, 1'700'000'000), 'T');
  for (double r : {0.1, -0.0, 1e308}) round_trip(real(Kind::f64, r), 'd');
  round_trip(real(Kind::f32, 0.5), 'f');
  auto decimal = number(Kind::decimal, -12345);
  decimal.scale = 3;
  round_trip(decimal, 'D');
  round_trip(Value::of("text \xc3\xa4"), 'S');
  round_trip(Value::of("no text \xe9"), 'S');
  round_trip(Value::of_bytes("\xff\0"s), 'x');
}

TEST(Table, NestedValuesComeBack) {
  std::vector<Header> inner{{{}, Value::of("a")}, {{}, {}}};
  Value array{.kind = Kind::array, .text = {}, .members = inner};
  std::vector<Header> outer{
      {"array", array}, {"n", number(Kind::i32, 7)}, {"empty", {.kind = Kind::table, .text = {}, .members = {}}}};
  round_trip(array, 'A');
  round_trip({.kind = Kind::table, .text = {}, .members = outer}, 'F');
}

// Letters that other clients write and we do not: RabbitMQ's errata, and those of the specification.
TEST(Table, LettersThatAreOnlyRead) {
  Decoded d(entry("U", "U\xff\xfe"s) + entry("L", "L\xff\xff\xff\xff\xff\xff\xff\xfe"s));
  ASSERT_TRUE(d.ok);
  ASSERT_EQ(d.headers.size(), 2u);
  EXPECT_TRUE(same(d.headers[0].value, number(Kind::i16, -2)));
  EXPECT_TRUE(same(d.headers[1].value, number(Kind::i64, -2)));
}

TEST(Table, WhatAmqpCannotSayIsWrittenAsWhatItCan) {
  EXPECT_EQ(encoded(number(Kind::u64, -1)), encoded(number(Kind::i64, -1)));
  // RabbitMQ's connection dies of these.
  auto infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(encoded(real(Kind::f64, infinity)), encoded(Value::of("inf")));
  EXPECT_EQ(encoded(real(Kind::f32, -infinity)), encoded(Value::of("-inf")));
  EXPECT_EQ(encoded(real(Kind::f32, 1e300)), encoded(Value::of("inf"))) << "too large for its width";
  EXPECT_EQ(encoded(real(Kind::f64, std::numeric_limits<double>::quiet_NaN())), encoded(Value::of("nan")));
}

TEST(Table, EveryTruncationIsMalformedAndKeepsWhatCameBefore) {
  std::vector<Header> members{{"m", Value::of("text")}, {"k", number(Kind::i16, 9)}};
  auto first = entry("first", encoded(Value::of("kept")));
  auto second = entry("second", encoded({.kind = Kind::table, .text = {}, .members = members}));
  for (size_t size = first.size() + 1; size < first.size() + second.size(); ++size) {
    Decoded d((first + second).substr(0, size));
    EXPECT_FALSE(d.ok) << size;
    ASSERT_EQ(d.headers.size(), 1u) << size;
    EXPECT_EQ(d.headers[0].value.text, "kept");
  }
  for (size_t size = 1; size < first.size(); ++size) EXPECT_FALSE(Decoded(first.substr(0, size)).ok) << size;
}

TEST(Table, UnknownLettersAndWrongSizesAreMalformed) {
  for (int letter = 0; letter < 256; ++letter) {
    auto c = static_cast<char>(letter);
    if ("VtbBsUuIilLTfdDSxAF"s.find(c) != std::string::npos) continue;
    EXPECT_FALSE(Decoded(entry("n", std::string(1, c) + std::string(16, '\0'))).ok) << letter;
  }
  EXPECT_FALSE(Decoded(entry("n", "S\0\0\0\x09short"s)).ok);
  EXPECT_FALSE(Decoded(entry("n", "A\0\0\0\x02S\0"s)).ok) << "the array's member is cut off by the array's own size";
  EXPECT_FALSE(Decoded(entry("n", "F\xff\xff\xff\xff"s)).ok);
}

std::string nested(size_t depth) {
  std::string value = "V";
  // From the inside out: each is an array of one.
  for (size_t i = 0; i < depth; ++i) {
    Buffer outer("A");
    Writer(outer).long_string(value);
    value = outer.str();
  }
  return value;
}

TEST(Table, NestingUpToTheLimitIsKeptAndBeyondItLeftOut) {
  Decoded at(entry("deep", nested(kMaxNesting)) + entry("after", encoded(Value::of("kept"))));
  EXPECT_TRUE(at.ok);
  ASSERT_EQ(at.headers.size(), 2u);
  EXPECT_EQ(at.dropped, 0u);
  Decoded beyond(entry("deep", nested(kMaxNesting + 1)) + entry("after", encoded(Value::of("kept"))));
  EXPECT_TRUE(beyond.ok);
  EXPECT_EQ(beyond.dropped, 1u);
  ASSERT_EQ(beyond.headers.size(), 2u);
  EXPECT_EQ(beyond.headers[1].value.text, "kept");
}

// 26,000 levels in 130 KB. A decoder that recurses for each would need megabytes of stack; the thread has 512 KB.
TEST(Table, NestingOfTwentySixThousandNeedsNoStack) {
  auto bytes = entry("deep", nested(26'000)) + entry("after", encoded(Value::of("kept")));
  EXPECT_GT(bytes.size(), 130'000u);
  struct Job {
    std::string bytes;
    size_t headers = 0;
    unsigned dropped = 0;
  } job{bytes};
  pthread_attr_t small;
  pthread_attr_init(&small);
  ASSERT_EQ(pthread_attr_setstacksize(&small, 512 << 10), 0);
  pthread_t thread{};
  ASSERT_EQ(pthread_create(
                &thread, &small,
                [](void* p) -> void* {
                  auto& j = *static_cast<Job*>(p);
                  Decoded d(j.bytes);
                  j.headers = d.headers.size();
                  j.dropped = d.dropped;
                  return nullptr;
                },
                &job),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  EXPECT_EQ(job.headers, 2u) << "the outer levels and what follows them";
  EXPECT_EQ(job.dropped, 1u);
}

void touch(const Value& v, size_t& sum) {
  sum += v.text.size() + v.members.size();
  for (char c : v.text) sum += static_cast<unsigned char>(c);
  for (auto& m : v.members) touch(m.value, sum);
}

// Random bytes, and well-formed tables with some bytes changed: whatever comes out must be readable and writable.
TEST(Table, RandomBytesDoNoHarm) {
  std::mt19937 random(4711);
  std::vector<Header> members{{"m", Value::of("text")}, {"k", number(Kind::i16, 9)}};
  std::string good = entry("a", encoded({.kind = Kind::table, .text = {}, .members = members})) +
                     entry("b", nested(5)) + entry("c", encoded(real(Kind::f64, 0.5))) +
                     entry("d", encoded(Value::of("x")));
  size_t sum = 0, decoded = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = good;
    if (i % 2) bytes.resize(random() % 60);
    for (unsigned n = i % 2 ? bytes.size() : 1 + random() % 4; n > 0; --n)
      if (!bytes.empty())
        bytes[random() % bytes.size()] = i % 4 == 1 ? "VtbBsAFSx"[random() % 9] : static_cast<char>(random());
    Decoded d(bytes);
    decoded += d.ok;
    Buffer out;
    Writer w(out);
    for (auto& h : d.headers) touch(h.value, sum), encode_value(w, h.value);
  }
  EXPECT_GT(decoded, 1000u) << "the changes must leave some of them well-formed, or nothing was tried";
  EXPECT_GT(sum, 0u);
}

}  // namespace
}  // namespace mombridge::amqp
