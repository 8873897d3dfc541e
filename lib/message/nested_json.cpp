#include "message/nested_json.hpp"

#include <charconv>
#include <cmath>
#include <utility>

#include "base/text.hpp"
#include "message/scalar_types.hpp"

namespace mombridge {

namespace {

using Kind = Value::Kind;

constexpr std::string_view kRaw = "raw";  ///< the type of a text that is not UTF-8, which JSON cannot hold
constexpr char kRawName = '~';            ///< before the type of a member whose name is not

std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char c : bytes) text += {kDigits[c >> 4], kDigits[c & 15]};
  return text;
}

/// In place. False where there are other characters than pairs of digits.
bool unhex(std::string& text) {
  if (text.size() % 2) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    uint8_t byte{};
    auto* pair = text.data() + i;
    auto [end, error] = std::from_chars(pair, pair + 2, byte, 16);
    if (error != std::errc{} || end != pair + 2) return false;
    text[i / 2] = static_cast<char>(byte);
  }
  text.resize(text.size() / 2);
  return true;
}

class Writer {
 public:
  Writer(std::string& json, std::string& types) : json_(json), types_(types) {}

  void value(const Value& v, int depth) {
    if (v.kind == Kind::array || v.kind == Kind::table) return depth < kMaxNesting ? nested(v, depth) : null();
    if (v.kind == Kind::null) return null();
    bool raw = v.kind == Kind::string && !is_utf8(v.text);
    types_ += raw ? kRaw : type_name(v.kind);
    if (raw || v.kind == Kind::bytes)
      json_.append("\"").append(hex(v.text)).append("\"");
    else if (v.is_text())
      json_ += json_string(v.text);
    else
      number(v);
  }

 private:
  void null() {
    types_ += type_name(Kind::null);
    json_ += "null";
  }

  void number(const Value& v) {
    auto text = *scalar_text(v);
    bool real = v.kind == Kind::f32 || v.kind == Kind::f64;
    json_ += real && !std::isfinite(v.real) ? "\"" + text + "\"" : text;
  }

  void nested(const Value& v, int depth) {
    bool table = v.kind == Kind::table;
    json_ += table ? '{' : '[';
    types_ += table ? '{' : '[';
    bool first = true;
    for (auto& member : v.members) {
      if (!std::exchange(first, false)) json_ += ',', types_ += ',';
      if (table) name(member.name);
      value(member.value, depth + 1);
    }
    json_ += table ? '}' : ']';
    types_ += table ? '}' : ']';
  }

  void name(std::string_view name) {
    bool raw = !is_utf8(name);
    if (raw) types_ += kRawName;
    json_.append(raw ? "\"" + hex(name) + "\"" : json_string(name)).append(":");
  }

  std::string& json_;
  std::string& types_;
};

/// Takes pieces off the front of a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view until(std::string_view ends) {
    auto piece = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(piece.size());
    return piece;
  }
  void skip_space() {
    auto end = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
  }
  [[nodiscard]] bool at(char c) const { return rest_.starts_with(c); }
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  bool next(char& c) {
    if (rest_.empty()) return false;
    c = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  bool hex4(uint32_t& n) {
    auto [end, error] = std::from_chars(rest_.data(), rest_.data() + std::min<size_t>(4, rest_.size()), n, 16);
    if (error != std::errc{} || end != rest_.data() + 4) return false;
    rest_.remove_prefix(4);
    return true;
  }

 private:
  std::string_view rest_;
};

void append_utf8(std::string& text, uint32_t c) {
  auto tail = [&](int shift) { text += static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xc0 | c >> 6), tail(0);
  } else if (c < 0x10000) {
    text += static_cast<char>(0xe0 | c >> 12), tail(6), tail(0);
  } else {
    text += static_cast<char>(0xf0 | c >> 18), tail(12), tail(6), tail(0);
  }
}

class Reader {
 public:
  Reader(std::string_view types, std::string_view json, Arena& arena) : types_(types), json_(json), arena_(arena) {}

  bool whole(Value& v) {
    if (!value(v, 0)) return false;
    json_.skip_space();
    return types_.empty() && json_.empty();
  }

 private:
  bool value(Value& v, int depth) {
    json_.skip_space();
    if (types_.at('[')) return nested(v, depth, Kind::array, '[', ']');
    if (types_.at('{')) return nested(v, depth, Kind::table, '{', '}');
    auto type = types_.until(",]}");
    if (!json_.at('"')) return scalar_from(type, json_.until(",]} \t\r\n"), v) && !v.is_text();
    auto& text = arena_.texts.emplace_back();
    if (!string(text) || type == type_name(Kind::null)) return false;
    if (type != type_name(Kind::bytes) && type != kRaw) return scalar_from(type, text, v);
    if (!unhex(text)) return false;
    v = type == kRaw ? Value::of(text) : Value::of_bytes(text);
    return true;
  }

  bool nested(Value& v, int depth, Kind kind, char begin, char end) {
    if (depth >= kMaxNesting || !types_.take(begin) || !json_.take(begin)) return false;
    auto& members = arena_.members.emplace_back();
    for (bool first = true; !types_.take(end); first = false) {
      if (!first && (!types_.take(',') || !comma())) return false;
      Header member;
      if (kind == Kind::table && !name(member)) return false;
      if (!value(member.value, depth + 1)) return false;
      members.push_back(member);
    }
    json_.skip_space();
    v = {};
    v.kind = kind;
    v.members = members;
    return json_.take(end);
  }

  bool comma() {
    json_.skip_space();
    return json_.take(',');
  }

  bool name(Header& member) {
    bool raw = types_.take(kRawName);
    json_.skip_space();
    auto& text = arena_.texts.emplace_back();
    if (!string(text) || (raw && !unhex(text))) return false;
    member.name = text;
    json_.skip_space();
    return json_.take(':');
  }

  bool string(std::string& text) {
    if (!json_.take('"')) return false;
    for (char c{}; json_.next(c);) {
      if (c == '"') return true;
      if (c != '\\')
        text += c;
      else if (!escape(text))
        return false;
    }
    return false;
  }

  bool escape(std::string& text) {
    constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    char c{};
    if (!json_.next(c)) return false;
    if (auto at = kFrom.find(c); at != std::string_view::npos) {
      text += kTo[at];
      return true;
    }
    uint32_t unit{}, low{};
    if (c != 'u' || !json_.hex4(unit)) return false;
    bool high = unit >= 0xd800 && unit < 0xdc00;
    if (high && (!json_.take('\\') || !json_.take('u') || !json_.hex4(low) || low < 0xdc00 || low >= 0xe000))
      return false;
    if (unit >= 0xdc00 && unit < 0xe000) return false;
    append_utf8(text, high ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : unit);
    return true;
  }

  Cursor types_, json_;
  Arena& arena_;
};

}  // namespace

void write_nested(const Value& value, std::string& json, std::string& types) { Writer(json, types).value(value, 0); }

bool read_nested(std::string_view types, std::string_view json, Value& value, Arena& arena) {
  return Reader(types, json, arena).whole(value);
}

}  // namespace mombridge
