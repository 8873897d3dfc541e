#include "routing/header_match.hpp"

#include <utility>

#include "base/text.hpp"
#include "message/pattern.hpp"

namespace mombridge::routing {

HeaderMatch::HeaderMatch(const config::WantedHeader& wanted)
    : name_(wanted.name),
      wanted_(wanted.value.value_or("")),
      kind_(!wanted.value            ? Kind::absent
            : wanted_ == "*"         ? Kind::present
            : has_wildcards(wanted_) ? Kind::glob
                                     : Kind::equal) {}

bool HeaderMatch::accepts(const Value* value) const {
  bool present = value && value->kind != Value::Kind::null;
  if (kind_ == Kind::absent || kind_ == Kind::present) return present == (kind_ == Kind::present);
  if (!present) return false;
  auto fits = [this](std::string_view text) {
    return kind_ == Kind::equal ? text == wanted_ : glob_matches(wanted_, text);
  };
  if (value->is_text()) return fits(value->text);
  auto text = scalar_text(*value);
  return text && fits(*text);
}

std::string HeaderMatch::text() const {
  auto header = "header " + name_;
  switch (kind_) {
    case Kind::absent:
      return header + " is absent";
    case Kind::present:
      return header + " is there";
    case Kind::equal:
      return header + " is '" + wanted_ + "'";
    case Kind::glob:
      return header + " matches '" + wanted_ + "'";
  }
  return header;
}

std::string HeaderMatch::fault(const Message& message) const {
  auto* value = message.find(name_);
  auto shown = value ? scalar_text(*value) : std::nullopt;
  auto text = "header " + name_ +
              (shown                                       ? " is '" + printable(*shown, 256) + "'"
               : value && value->kind != Value::Kind::null ? std::string(" is no plain value")
                                                           : std::string(" is missing"));
  switch (kind_) {
    case Kind::absent:
      return text + ", and must be absent";
    case Kind::present:
      return text;
    case Kind::equal:
      return text + ", and must be '" + wanted_ + "'";
    case Kind::glob:
      return text + ", and must match '" + wanted_ + "'";
  }
  return text;
}

}  // namespace mombridge::routing
