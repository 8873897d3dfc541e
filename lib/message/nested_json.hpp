#pragma once
// Arrays and tables as JSON beside a note of their types; the form is described in typed_text.hpp.

#include <string>
#include <string_view>

#include "message/decoded_headers.hpp"

namespace mombridge {

/// Appends. What nests deeper than kMaxNesting becomes null.
void write_nested(const Value& value, std::string& json, std::string& types);

/// False where the two do not fit each other or nest deeper than kMaxNesting. Never recurses deeper than that.
bool read_nested(std::string_view types, std::string_view json, Value& value, Arena& arena);

}  // namespace mombridge
