#pragma once
// The scalars of typed_text.hpp, apart from arrays and tables.

#include <string_view>

#include "message/value.hpp"

namespace mombridge {

/// "i32", "str" and so on; not for arrays and tables.
std::string_view type_name(Value::Kind kind);

/// False where there is no such type or the text is not of it. The value views `text`.
bool scalar_from(std::string_view type, std::string_view text, Value& value);

}  // namespace mombridge
