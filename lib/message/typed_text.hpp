#pragma once
// Header values as text, and back. The header values of Kafka and of handlers are bytes, AMQP's are typed; so that the
// way back restores the type, a header `mombridge-types` notes it:
//   mombridge-types: i32:count;time:created;[i32,str]:list
// Entries are `type:name`, split by `;`, for each header whose value is neither null nor text that is UTF-8 (nor bytes
// that are not, which need no note), or which is called as a property and is none; `%` and `;` in names are written %25
// and %3B. Of a name that stands several times with a typed value among them, each has its entry, in order. Types:
//   bool i8 u8 i16 u16 i32 u32 i64 u64 f32 f64   the value in words or digits
//   time   seconds since the Unix epoch          dec   a decimal: the digits behind the point are its scale
//   str    text                                  bin   bytes
//   null   in what follows, and for handlers, whose language may not tell it from an empty text
//   [t,…]  an array, {t,…} a table: the value is JSON, and these are the types of its members in order. Bytes in it are
//          hexadecimal digits in quotes, as is text that is not UTF-8, whose type is `raw`, and a name that is not,
//          whose member's type begins with `~`; numbers that JSON lacks (inf, nan) are in quotes.
// AMQP's side uses a header of the same name for what AMQP cannot say (which names stood several times). Each side
// reads and removes its own; in a Message there is neither.

#include <string>
#include <string_view>

#include "message/decoded_headers.hpp"

namespace mombridge {

/// Whether the value needs an entry, given that a header without one is text, or bytes where it is not UTF-8.
[[nodiscard]] bool needs_type(const Value& value);

/// The text of a value that is not null, appended to `text`, and its type, appended to `type`. What is nested deeper
/// than kMaxNesting becomes null.
void to_text(const Value& value, std::string& text, std::string& type);

/// The value of that type and text; false where they do not fit: then it is a plain text. Views `text` and `arena`.
[[nodiscard]] bool from_text(std::string_view type, std::string_view text, Value& value, Arena& arena);

}  // namespace mombridge
