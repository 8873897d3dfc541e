#include "broker/amqp/table.hpp"

#include <bit>
#include <cmath>

namespace mombridge::amqp {

namespace {

using Kind = Value::Kind;

/// The result of decoding one value. `skip`: its size is well-formed, but the value is left out.
enum class Decoded { ok, skip, malformed };

class Decoder {
 public:
  Decoder(Arena& arena, unsigned& dropped) : arena_(arena), dropped_(dropped) {}

  bool members(Reader in, bool named, int depth, std::vector<Header>& out) {
    while (in.ok() && !in.at_end()) {
      Header h;
      if (named) h.name = in.short_string();
      switch (value(in, depth, h.value)) {
        case Decoded::ok:
          out.push_back(h);
          break;
        case Decoded::skip:
          ++dropped_;
          break;
        case Decoded::malformed:
          return false;
      }
    }
    return in.ok();
  }

 private:
  Decoded value(Reader& in, int depth, Value& v) {
    auto type = static_cast<char>(in.octet());
    switch (type) {
      case 'V':
        return done(in, v, Kind::null, 0);
      case 't':
        return done(in, v, Kind::boolean, in.octet() != 0);
      case 'b':
        return done(in, v, Kind::i8, static_cast<int8_t>(in.octet()));
      case 'B':
        return done(in, v, Kind::u8, in.octet());
      case 's':
      case 'U':
        return done(in, v, Kind::i16, static_cast<int16_t>(in.number<uint16_t>()));
      case 'u':
        return done(in, v, Kind::u16, in.number<uint16_t>());
      case 'I':
        return done(in, v, Kind::i32, static_cast<int32_t>(in.number<uint32_t>()));
      case 'i':
        return done(in, v, Kind::u32, in.number<uint32_t>());
      case 'l':
      case 'L':
        return done(in, v, Kind::i64, static_cast<int64_t>(in.number<uint64_t>()));
      case 'T':
        return done(in, v, Kind::timestamp, static_cast<int64_t>(in.number<uint64_t>()));
      case 'f':
        v.real = std::bit_cast<float>(in.number<uint32_t>());
        return done(in, v, Kind::f32, 0);
      case 'd':
        v.real = std::bit_cast<double>(in.number<uint64_t>());
        return done(in, v, Kind::f64, 0);
      case 'D':
        v.scale = in.octet();
        return done(in, v, Kind::decimal, static_cast<int32_t>(in.number<uint32_t>()));
      case 'S':
        v.text = in.long_string();
        return done(in, v, Kind::string, 0);
      case 'x':
        v.text = in.long_string();
        return done(in, v, Kind::bytes, 0);
      case 'A':
        return nested(in, v, Kind::array, depth);
      case 'F':
        return nested(in, v, Kind::table, depth);
      default:
        return Decoded::malformed;
    }
  }

  static Decoded done(const Reader& in, Value& v, Kind kind, int64_t integer) {
    v.kind = kind;
    v.integer = integer;
    return in.ok() ? Decoded::ok : Decoded::malformed;
  }

  Decoded nested(Reader& in, Value& v, Kind kind, int depth) {
    Reader inner(in.long_string());
    if (!in.ok()) return Decoded::malformed;
    if (depth >= kMaxNesting) return Decoded::skip;
    auto& list = arena_.members.emplace_back();
    if (!members(inner, kind == Kind::table, depth + 1, list)) return Decoded::malformed;
    v.kind = kind;
    v.members = list;
    return Decoded::ok;
  }

  Arena& arena_;
  unsigned& dropped_;
};

void encode_members(Writer& writer, const Value& value, bool named) {
  auto begin = writer.begin_sized();
  for (auto& member : value.members) {
    if (named) writer.short_string(member.name.substr(0, kLongestShortString));
    encode_value(writer, member.value);
  }
  writer.end_sized(begin);
}

template <class N>
void number(Writer& writer, char type, N n) {
  writer.octet(static_cast<uint8_t>(type));
  writer.number(n);
}

// Infinities and NaN go as text, because RabbitMQ's parser fails on them and ends the whole connection.
void real(Writer& writer, const Value& v) {
  double rounded = v.kind == Kind::f32 ? static_cast<float>(v.real) : v.real;
  if (std::isnan(rounded)) return encode_value(writer, Value::of(std::string_view("nan")));
  if (std::isinf(rounded)) return encode_value(writer, Value::of(std::string_view(rounded < 0 ? "-inf" : "inf")));
  if (v.kind == Kind::f64) return number(writer, 'd', std::bit_cast<uint64_t>(v.real));
  number(writer, 'f', std::bit_cast<uint32_t>(static_cast<float>(v.real)));
}

}  // namespace

bool decode_table(std::string_view bytes, std::vector<Header>& out, Arena& arena, unsigned& dropped) {
  return Decoder(arena, dropped).members(Reader(bytes), true, 0, out);
}

void encode_value(Writer& writer, const Value& v) {
  auto i = static_cast<uint64_t>(v.integer);
  auto text = [&](char type) {
    writer.octet(static_cast<uint8_t>(type));
    writer.long_string(v.text);
  };
  switch (v.kind) {
    case Kind::null:
      return writer.octet('V');
    case Kind::boolean:
      return number(writer, 't', static_cast<uint8_t>(i != 0));
    case Kind::i8:
      return number(writer, 'b', static_cast<uint8_t>(i));
    case Kind::u8:
      return number(writer, 'B', static_cast<uint8_t>(i));
    case Kind::i16:
      return number(writer, 's', static_cast<uint16_t>(i));
    case Kind::u16:
      return number(writer, 'u', static_cast<uint16_t>(i));
    case Kind::i32:
      return number(writer, 'I', static_cast<uint32_t>(i));
    case Kind::u32:
      return number(writer, 'i', static_cast<uint32_t>(i));
    case Kind::i64:
    case Kind::u64:  // no type letter means u64 to all readers; as a signed number its upper half changes sign
      return number(writer, 'l', i);
    case Kind::timestamp:
      return number(writer, 'T', i);
    case Kind::f32:
    case Kind::f64:
      return real(writer, v);
    case Kind::decimal:
      writer.octet('D');
      writer.octet(v.scale);
      return writer.number(static_cast<uint32_t>(i));
    case Kind::string:
      return text('S');
    case Kind::bytes:
      return text('x');
    case Kind::array:
      writer.octet('A');
      return encode_members(writer, v, false);
    case Kind::table:
      writer.octet('F');
      return encode_members(writer, v, true);
  }
}

}  // namespace mombridge::amqp
