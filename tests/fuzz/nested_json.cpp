// Arrays and tables of any content come back from JSON as they were.
// Input: the values, each by a byte for its kind and what follows it.

#include "message/nested_json.hpp"

#include <bit>
#include <cstring>

#include "support.hpp"

using namespace mombridge;  // NOLINT(google-build-using-namespace)

namespace {

using Kind = Value::Kind;

template <class N>
N number(fuzz::Input& input) {
  N n{};
  auto bytes = input.take(sizeof n);
  if (!bytes.empty()) std::memcpy(&n, bytes.data(), bytes.size());
  return n;
}

Value value(fuzz::Input& input, int depth, Arena& arena);

Value nested(fuzz::Input& input, Kind kind, int depth, Arena& arena) {
  constexpr int kMost = 8;
  auto& members = arena.members.emplace_back();
  for (int n = input.byte() % kMost; n > 0; --n) {
    auto name = kind == Kind::table ? input.counted() : std::string_view();
    auto member = value(input, depth + 1, arena);
    members.push_back({name, member});
  }
  return {.kind = kind, .text = {}, .members = members};
}

Value value(fuzz::Input& input, int depth, Arena& arena) {
  auto kind = static_cast<Kind>(input.byte() % (static_cast<int>(Kind::table) + 1));
  Value v;
  v.kind = kind;
  switch (kind) {
    case Kind::null:
      break;
    case Kind::boolean:
      v.integer = number<uint8_t>(input) & 1;
      break;
    case Kind::i8:
      v.integer = number<int8_t>(input);
      break;
    case Kind::u8:
      v.integer = number<uint8_t>(input);
      break;
    case Kind::i16:
      v.integer = number<int16_t>(input);
      break;
    case Kind::u16:
      v.integer = number<uint16_t>(input);
      break;
    case Kind::i32:
      v.integer = number<int32_t>(input);
      break;
    case Kind::u32:
      v.integer = number<uint32_t>(input);
      break;
    case Kind::f32:
      v.real = number<float>(input);
      break;
    case Kind::f64:
      v.real = number<double>(input);
      break;
    case Kind::decimal:
      v.scale = number<uint8_t>(input);
      [[fallthrough]];
    case Kind::i64:
    case Kind::u64:
    case Kind::timestamp:
      v.integer = number<int64_t>(input);
      break;
    case Kind::string:
    case Kind::bytes:
      v.text = input.counted();
      break;
    case Kind::array:
    case Kind::table:
      return depth < kMaxNesting ? nested(input, kind, depth, arena) : Value();
  }
  return v;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  Arena arena;
  auto kind = input.byte() & 1 ? Kind::table : Kind::array;
  auto tree = nested(input, kind, 0, arena);
  std::string json, types;
  write_nested(tree, json, types);
  Value back;
  fuzz::require(read_nested(types, json, back, arena));
  fuzz::require(fuzz::same(tree, back));
  return 0;
}
