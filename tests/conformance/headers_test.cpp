// Headers keep their names, order, values and types.

#include <cmath>
#include <limits>

#include "harness.hpp"

namespace mombridge::conformance {
namespace {

class Headers : public Conformance {
 protected:
  void round_trip(std::vector<OwnHeader> headers, std::vector<OwnHeader> added = {},
                  std::vector<OwnHeader> expected = {}) {
    auto target = adapter->new_target();
    Node node(*adapter, {.target = target});
    ASSERT_UP(node);
    OwnMessage message{.body = "b", .headers = std::move(headers)};
    auto& sent = outbox.add(target, message);
    if (!added.empty()) sent.add_headers(added);
    node.broker->publish(sent);
    auto held = node.recorder.await_held(1);
    ASSERT_EQ(held.size(), 1u) << outbox.complaint();
    if (!expected.empty()) message.headers = expected;
    auto received = node.recorder.arrivals().back().message;
    auto wanted = adapter->as_received(message, received);
    ASSERT_EQ(received.headers.size(), wanted.headers.size()) << testing::PrintToString(received);
    // One by one: a failure then names the header.
    for (size_t i = 0; i < wanted.headers.size(); ++i) EXPECT_EQ(received.headers[i], wanted.headers[i]);
    settle(std::move(held.front()), Settlement::accept);
    ASSERT_ALL_DELIVERED(outbox);
  }
};
MOMBRIDGE_EVERY_KIND(Headers);

using Kind = Value::Kind;

OwnValue real(Kind kind, double value) { return {.kind = kind, .real = value, .text = {}, .members = {}}; }

template <class T>
void bounds(std::vector<OwnHeader>& headers, Kind kind, const std::string& name) {
  for (auto value : {std::numeric_limits<T>::min(), static_cast<T>(1), std::numeric_limits<T>::max()})
    headers.push_back({name + std::to_string(headers.size()), OwnValue::number(kind, static_cast<int64_t>(value))});
}

TEST_P(Headers, IntegersOfEveryWidthAtTheirBounds) {
  std::vector<OwnHeader> headers;
  bounds<int8_t>(headers, Kind::i8, "i8.");
  bounds<uint8_t>(headers, Kind::u8, "u8.");
  bounds<int16_t>(headers, Kind::i16, "i16.");
  bounds<uint16_t>(headers, Kind::u16, "u16.");
  bounds<int32_t>(headers, Kind::i32, "i32.");
  bounds<uint32_t>(headers, Kind::u32, "u32.");
  bounds<int64_t>(headers, Kind::i64, "i64.");
  bounds<uint64_t>(headers, Kind::u64, "u64.");
  round_trip(headers);
}

TEST_P(Headers, RealNumbers) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  round_trip({{"f64", real(Kind::f64, 0.1)},
              {"f64.max", real(Kind::f64, std::numeric_limits<double>::max())},
              {"f64.least", real(Kind::f64, std::numeric_limits<double>::denorm_min())},
              {"f64.minus.zero", real(Kind::f64, -0.0)},
              {"f64.infinite", real(Kind::f64, -kInfinity)},
              {"f32", real(Kind::f32, 0.1f)},
              {"f32.max", real(Kind::f32, std::numeric_limits<float>::max())}});
}

TEST_P(Headers, TheOtherScalars) {
  OwnValue decimal = OwnValue::number(Kind::decimal, 12345);
  decimal.scale = 2;
  round_trip({{"true", OwnValue::number(Kind::boolean, 1)},
              {"false", OwnValue::number(Kind::boolean, 0)},
              {"decimal", decimal},
              {"timestamp", OwnValue::number(Kind::timestamp, 1'700'000'000)},
              {"string", OwnValue::string("text \xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x87")},
              {"string.empty", OwnValue::string("")},
              {"bytes", OwnValue::bytes("looks like text")},
              {"bytes.any", OwnValue::bytes(std::string("\0\xff\x80", 3))},
              {"null", OwnValue{}}});
}

// What looks like another type must stay the text that it is.
TEST_P(Headers, TextThatLooksLikeSomethingElse) {
  round_trip({{"a", OwnValue::string("42")},
              {"b", OwnValue::string("true")},
              {"c", OwnValue::string("null")},
              {"d", OwnValue::string("{\"x\":1}")},
              {"e", OwnValue::string("[1,2]")},
              {"f", OwnValue::string(" a,b;c=d \"quoted\"\n")}});
}

TEST_P(Headers, NestedTablesAndArrays) {
  auto number = OwnValue::number(Kind::i32, -5);
  auto array = OwnValue::of(Kind::array, {{"", number},
                                          {"", OwnValue::string("two")},
                                          {"", OwnValue{}},
                                          {"", OwnValue::bytes("\xff")},
                                          {"", OwnValue::of(Kind::array, {})}});
  auto table =
      OwnValue::of(Kind::table, {{"number", number}, {"array", array}, {"empty", OwnValue::of(Kind::table, {})}});
  round_trip({{"array", array}, {"table", table}, {"deep", OwnValue::of(Kind::table, {{"a.b \"c\"", table}})}});
}

TEST_P(Headers, ATextThatIsNotUtf8) {
  auto broken = OwnValue::string("caf\xe9");
  auto array = OwnValue::of(Kind::array, {{"", broken}, {"", OwnValue::bytes("abc")}, {"", OwnValue::bytes("\xe9")}});
  round_trip({{"broken", broken},
              {"after", OwnValue::string("fine")},
              {"array", array},
              {"table", OwnValue::of(Kind::table, {{"broken", broken}, {"array", array}})}});
}

TEST_P(Headers, NamesWithEveryUsualCharacter) {
  round_trip(
      {{"a b", OwnValue::string("1")}, {"A-B_c.d/e:f", OwnValue::string("2")}, {"\xc3\xa4", OwnValue::string("3")}});
}

TEST_P(Headers, ANameThatStandsTwice) {
  round_trip(
      {{"twice", OwnValue::string("first")}, {"once", OwnValue::string("x")}, {"twice", OwnValue::string("second")}});
}

TEST_P(Headers, TracingAndCloudEventsPassUntouched) {
  round_trip({{"traceparent", OwnValue::string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
              {"tracestate", OwnValue::string("rojo=00f067aa0ba902b7")},
              {"baggage", OwnValue::string("userId=alice")}});
}

TEST_P(Headers, AHundredOfThem) {
  std::vector<OwnHeader> headers;
  for (int i = 0; i < 100; ++i) headers.push_back({"h" + std::to_string(i), OwnValue::string(std::string(i * 3, 'v'))});
  round_trip(headers);
}

TEST_P(Headers, ThePublicationsReplaceThoseOfTheSameName) {
  round_trip({{"kept", OwnValue::string("1")}, {"replaced", OwnValue::string("old")}},
             {{"replaced", OwnValue::string("new")}, {"added", OwnValue::number(Kind::i64, 7)}},
             {{"kept", OwnValue::string("1")},
              {"replaced", OwnValue::string("new")},
              {"added", OwnValue::number(Kind::i64, 7)}});
}

// What applications and plugins write crosses, however much it looks like a broker's own.
TEST_P(Headers, NamesThatOnlyLookLikeABrokersOwn) {
  round_trip({{"x-delay", OwnValue::number(Kind::i32, 3000)},
              {"x-request-id", OwnValue::string("r")},
              {"x-my-app", OwnValue::string("a")},
              {"x-stream-filter-value", OwnValue::string("f")},
              {"x-delivery-mode", OwnValue::string("m")},
              {"Kafka_ReplyTopic", OwnValue::string("k")}});
}

}  // namespace
}  // namespace mombridge::conformance
