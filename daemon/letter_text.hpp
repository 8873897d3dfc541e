#pragma once
// Dead letters as people and programs read them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "broker/browser.hpp"
#include "routing/letter_notes.hpp"

namespace mombridge {

/// What a list says of a dead letter. It may hold any bytes.
struct LetterRow {
  std::string place, id, message_id, broker, source, target, route, reason, left_out;
  std::optional<int64_t> at_ms, attempts, partition, offset;
  size_t size = 0;  ///< bytes of the body

  static LetterRow of(const std::string& place, const StoredMessage& stored, const routing::LetterNotes& notes);
};

/// A table without control characters. `now_ms`: milliseconds since the Unix epoch.
void write_table(std::ostream& out, const std::vector<LetterRow>& rows, int64_t now_ms);
/// One array. Bytes that are not UTF-8 become U+FFFD.
void write_json(std::ostream& out, const std::vector<LetterRow>& rows);
/// Everything but the body, without control characters.
void write_letter(std::ostream& out, const std::string& place, const StoredMessage& stored,
                  const routing::LetterNotes& notes, int64_t now_ms);
/// As text where it is, else as hexadecimal digits; `longest` bytes of it, and how many are left out.
void write_body(std::ostream& out, std::string_view body, size_t longest);

/// "3 d", "2 h", "10 m", "5 s"
std::string age_text(int64_t milliseconds);

}  // namespace mombridge
