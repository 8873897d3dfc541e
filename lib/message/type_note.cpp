#include "message/type_note.hpp"

#include <algorithm>

namespace mombridge {

void TypeNoteWriter::ready() { std::ranges::sort(names_); }

bool TypeNoteWriter::noted(std::string_view name) const { return std::ranges::binary_search(names_, name); }

void TypeNoteWriter::write(const Header& header, std::string& text) {
  if (!note_.empty()) note_ += ';';
  to_text(header.value, text, note_);
  note_ += ':';
  for (char c : header.name) c == '%' ? note_ += "%25" : c == ';' ? note_ += "%3B" : note_ += c;
}

TypeNote::TypeNote(std::string_view note, size_t headers, Arena& arena) : arena_(arena) {
  while (!note.empty() && entries_.size() < headers) {
    auto entry = note.substr(0, note.find(';'));
    note.remove_prefix(std::min(note.size(), entry.size() + 1));
    auto colon = entry.find(':');
    if (colon == std::string_view::npos) continue;
    entries_.push_back({entry.substr(0, colon), unescape(entry.substr(colon + 1)), false});
  }
}

std::string_view TypeNote::take(std::string_view name) {
  for (size_t i = 0; i < entries_.size() && budget_; ++i, --budget_) {
    auto& entry = entries_[(next_ + i) % entries_.size()];
    if (entry.taken || entry.name != name) continue;
    entry.taken = true;
    next_ += i + 1;
    return entry.type;
  }
  return {};
}

Value TypeNote::value(std::string_view name, std::string_view text) { return typed(take(name), text); }

Value TypeNote::typed(std::string_view type, std::string_view text) {
  Value v;
  if (type == "null" && text.empty()) return v;
  return !type.empty() && from_text(type, text, v, arena_) ? v : Value::of_untyped(text);
}

std::string_view TypeNote::unescape(std::string_view name) {
  if (name.find('%') == std::string_view::npos) return name;
  auto& plain = arena_.texts.emplace_back();
  for (size_t i = 0; i < name.size(); ++i) {
    auto code = name.substr(i, 3);
    bool escaped = code == "%25" || code == "%3B";
    plain += code == "%3B" ? ';' : name[i];
    if (escaped) i += 2;
  }
  return plain;
}

}  // namespace mombridge
