#include "message/nested_json.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "message/scalar_types.hpp"

namespace mombridge {

namespace {

using Kind = Value::Kind;

constexpr std::string_view kRaw = "raw";  ///< the type of a text that is not UTF-8, which JSON cannot hold
constexpr char kRawName = '~';            ///< before the type of a member whose name is not

/// In place. False where there are other characters than pairs of digits.
bool unhex(std::string& text) {
  if (text.size() % 2) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return false;
    text[i / 2] = static_cast<char>(high << 4 | low);
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

/// Walks through the note of types while the library walks through the JSON: each event takes what belongs to it off
/// the front of the note, and ends the reading where that is something else. What the note does not say is not taken,
/// so the JSON cannot ask for more depth or memory than its own length.
class TypedJson final : private nlohmann::json_sax<nlohmann::json> {
 public:
  TypedJson(std::string_view types, Value& whole, Arena& arena) : types_(types), whole_(whole), arena_(arena) {}

  bool read(std::string_view json) {
    nlohmann::json_sax<nlohmann::json>* events = this;
    return nlohmann::json::sax_parse(json.data(), json.data() + json.size(), events) && types_.empty();
  }

 private:
  bool null() override { return unquoted("null"); }
  bool boolean(bool yes) override { return unquoted(yes ? "true" : "false"); }
  // The library takes away the sign of a zero without a fraction, and calls only numbers with a sign `integer`.
  bool number_integer(int64_t n) override { return unquoted(n ? std::to_string(n) : "-0"); }
  bool number_unsigned(uint64_t n) override { return unquoted(std::to_string(n)); }
  // As it was written, because a decimal has more digits than a double.
  bool number_float(double, const std::string& written) override { return unquoted(written); }

  bool string(std::string& content) override {
    auto* value = next_value();
    auto type = scalar_type();
    if (!value || type == type_name(Kind::null)) return false;
    auto& text = arena_.texts.emplace_back(std::move(content));
    if (type != type_name(Kind::bytes) && type != kRaw) return scalar_from(type, text, *value);
    if (!unhex(text)) return false;
    *value = type == kRaw ? Value::of(text) : Value::of_bytes(text);
    return true;
  }

  bool start_array(size_t) override { return start(Kind::array, '['); }
  bool end_array() override { return end(']'); }
  bool start_object(size_t) override { return start(Kind::table, '{'); }
  bool end_object() override { return end('}'); }

  bool key(std::string& name) override {
    auto& members = *open_.back().members;
    if (!members.empty() && !take(',')) return false;
    bool raw = take(kRawName);
    auto& text = arena_.texts.emplace_back(std::move(name));
    if (raw && !unhex(text)) return false;
    members.push_back({text, {}});
    return true;
  }

  bool binary(nlohmann::json::binary_t&) override { return false; }  // not in JSON
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception&) override { return false; }

  bool unquoted(std::string_view text) {
    auto* value = next_value();
    return value && scalar_from(scalar_type(), text, *value) && !value->is_text();
  }

  bool start(Kind kind, char begin) {
    auto* value = next_value();
    if (!value || open_.size() >= kMaxNesting || !take(begin)) return false;
    *value = {.kind = kind, .text = {}, .members = {}};
    open_.push_back({value, &arena_.members.emplace_back()});
    return true;
  }

  bool end(char end) {
    open_.back().value->members = *open_.back().members;
    open_.pop_back();
    return take(end);
  }

  /// Where the value that comes next belongs; null where the types have no further member. A table's member was made
  /// with its key.
  Value* next_value() {
    if (open_.empty()) return &whole_;
    auto& members = *open_.back().members;
    if (open_.back().value->kind == Kind::array) {
      if (!members.empty() && !take(',')) return nullptr;
      members.emplace_back();
    }
    return &members.back().value;
  }

  bool take(char c) {
    if (!types_.starts_with(c)) return false;
    types_.remove_prefix(1);
    return true;
  }

  std::string_view scalar_type() {
    auto type = types_.substr(0, types_.find_first_of(",]}"));
    types_.remove_prefix(type.size());
    return type;
  }

  /// An array or table that has begun and not ended.
  struct Open {
    Value* value;
    std::vector<Header>* members;
  };

  std::string_view types_;
  Value& whole_;
  Arena& arena_;
  std::vector<Open> open_;
};

}  // namespace

void write_nested(const Value& value, std::string& json, std::string& types) { Writer(json, types).value(value, 0); }

bool read_nested(std::string_view types, std::string_view json, Value& value, Arena& arena) {
  return TypedJson(types, value, arena).read(json);
}

}  // namespace mombridge
