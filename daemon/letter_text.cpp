#include "daemon/letter_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "base/table.hpp"
#include "base/text.hpp"
#include "message/typed_text.hpp"
#include "routing/letter_filter.hpp"

namespace mombridge {

namespace {

constexpr size_t kLongestCell = 48;
constexpr size_t kLongestReason = 160;
constexpr size_t kBytesOfLine = 16;

std::string or_dash(const std::string& text, size_t longest = kLongestCell) {
  return text.empty() ? "-" : printable(text, longest);
}

std::string number(std::optional<int64_t> n) { return n ? std::to_string(*n) : "-"; }

std::string source_of(const LetterRow& row) {
  if (row.broker.empty() && row.source.empty()) return "-";
  auto text = printable(row.broker + "/" + row.source, kLongestCell);
  if (row.partition) text += " " + number(row.partition) + "/" + number(row.offset);
  return text;
}

std::string utc(int64_t ms) {
  auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  std::array<char, 32> text{};
  if (!gmtime_r(&seconds, &parts) || !std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)) return "?";
  return text.data();
}

std::string json(std::optional<int64_t> n) { return n ? std::to_string(*n) : "null"; }
std::string json(const std::string& text) { return text.empty() ? "null" : json_string(text); }

void line(std::ostream& out, std::string name, std::string_view value) {
  constexpr size_t kColumn = 14;
  constexpr size_t kLongest = 4096;
  name.resize(std::max(kColumn, name.size() + 1), ' ');
  out << name << printable(value, kLongest) << '\n';
}

void text_line(std::ostream& out, const char* name, const Message::Text& value) {
  if (value) line(out, name, *value);
}

void header_line(std::ostream& out, const Header& header) {
  std::string text, type;
  if (header.value.kind == Value::Kind::null)
    type = "null";
  else
    to_text(header.value, text, type);
  line(out, "  " + printable(header.name, 256) + ":", text + (type == "str" ? "" : " (" + type + ")"));
}

bool is_text(std::string_view body) {
  return is_utf8(body) && std::ranges::all_of(body, [](char c) {
           return static_cast<unsigned char>(c) >= ' ' ? c != '\x7f' : c == '\n' || c == '\t' || c == '\r';
         });
}

// The same without the beginning of a character that was cut into two.
std::string_view whole_characters(std::string_view text) {
  for (size_t cut = 0; cut < 4 && cut <= text.size(); ++cut)
    if (auto part = text.substr(0, text.size() - cut); is_utf8(part)) return part;
  return text;
}

// Line by line, as a carriage return and the like steer a terminal.
void write_text(std::ostream& out, std::string_view text) {
  while (!text.empty()) {
    auto end = text.find('\n');
    auto part = text.substr(0, end);
    for (size_t tab = part.find('\t'); tab != std::string_view::npos; tab = part.find('\t')) {
      out << printable(part.substr(0, tab), 4 * part.size()) << '\t';
      part.remove_prefix(tab + 1);
    }
    out << printable(part, 4 * part.size() + 1) << '\n';
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void write_hex(std::ostream& out, std::string_view bytes) {
  for (size_t at = 0; at < bytes.size(); at += kBytesOfLine) {
    auto part = bytes.substr(at, kBytesOfLine);
    std::string digits, shown;
    for (char c : part) {
      digits += hex({&c, 1}) + " ";
      shown += c >= ' ' && c < '\x7f' ? c : '.';
    }
    digits.resize(3 * kBytesOfLine, ' ');
    std::array<char, 24> offset{};
    std::snprintf(offset.data(), offset.size(), "%08zx", at);
    out << offset.data() << "  " << digits << " " << shown << '\n';
  }
}

}  // namespace

LetterRow LetterRow::of(const std::string& place, const StoredMessage& stored, const routing::LetterNotes& notes) {
  return {.place = place,
          .id = stored.id,
          .message_id = std::string(stored.message.message_id.value_or("")),
          .broker = std::string(notes.broker),
          .source = std::string(notes.source),
          .target = std::string(notes.target),
          .route = std::string(notes.route),
          .reason = std::string(notes.reason),
          .left_out = std::string(notes.left_out),
          .at_ms = routing::died_at(stored, notes),
          .attempts = notes.attempts,
          .partition = notes.partition,
          .offset = notes.offset,
          .size = stored.message.body.size()};
}

std::string age_text(int64_t milliseconds) {
  auto seconds = std::max<int64_t>(milliseconds, 0) / 1000;
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 120 * 60) return std::to_string(seconds / 60) + " m";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / (24 * 3600)) + " d";
}

void write_table(std::ostream& out, const std::vector<LetterRow>& rows, int64_t now_ms) {
  Table table({"ID", "AGE", "TRIED", "BYTES", "ROUTE", "TARGET", "FROM", "REASON"});
  for (auto& row : rows)
    table.add({printable(row.id), row.at_ms ? age_text(now_ms - *row.at_ms) : "-", number(row.attempts),
               std::to_string(row.size), or_dash(row.route), or_dash(row.target), source_of(row),
               or_dash(row.reason, kLongestReason)});
  out << table.text();
}

void write_json(std::ostream& out, const std::vector<LetterRow>& rows) {
  out << '[';
  const char* before = "\n";
  for (auto& row : rows) {
    out << before << R"(  {"place": )" << json_string(row.place) << R"(, "id": )" << json_string(row.id)
        << R"(, "message_id": )" << json(row.message_id) << R"(, "at_ms": )" << json(row.at_ms) << R"(, "reason": )"
        << json(row.reason) << R"(, "route": )" << json(row.route) << R"(, "broker": )" << json(row.broker)
        << R"(, "source": )" << json(row.source) << R"(, "target": )" << json(row.target) << R"(, "partition": )"
        << json(row.partition) << R"(, "offset": )" << json(row.offset) << R"(, "attempts": )" << json(row.attempts)
        << R"(, "bytes": )" << row.size << R"(, "left_out": )" << json(row.left_out) << '}';
    before = ",\n";
  }
  out << (rows.empty() ? "]\n" : "\n]\n");
}

void write_letter(std::ostream& out, const std::string& place, const StoredMessage& stored,
                  const routing::LetterNotes& notes, int64_t now_ms) {
  auto& m = stored.message;
  line(out, "dead letter", stored.id + " at " + place);
  line(out, "reason", notes.reason.empty() ? "-" : notes.reason);
  line(out, "tried",
       notes.attempts ? std::to_string(*notes.attempts) + (*notes.attempts == 1 ? " time" : " times") : "-");
  if (auto at = routing::died_at(stored, notes)) line(out, "died", utc(*at) + ", " + age_text(now_ms - *at) + " ago");
  auto row = LetterRow::of(place, stored, notes);
  line(out, "came from", source_of(row));
  line(out, "target", notes.target.empty() ? "-" : notes.target);
  line(out, "route", notes.route.empty() ? "-" : notes.route);
  if (!notes.left_out.empty()) line(out, "left out", notes.left_out);
  text_line(out, "key", m.key);
  text_line(out, "content_type", m.content_type);
  text_line(out, "content_encoding", m.content_encoding);
  text_line(out, "correlation_id", m.correlation_id);
  text_line(out, "reply_to", m.reply_to);
  text_line(out, "message_id", m.message_id);
  text_line(out, "type", m.type);
  text_line(out, "app_id", m.app_id);
  if (!notes.expiration.empty()) line(out, "expiration", notes.expiration);
  if (m.priority) line(out, "priority", std::to_string(*m.priority));
  if (m.timestamp) line(out, "timestamp", std::to_string(*m.timestamp));
  if (!m.headers.empty()) out << "headers\n";
  for (auto& header : m.headers) header_line(out, header);
}

void write_body(std::ostream& out, std::string_view body, size_t longest) {
  out << "body          " << body.size() << (body.size() == 1 ? " byte\n" : " bytes\n");
  auto part = body.substr(0, longest);
  auto text = whole_characters(part);
  if (is_text(text))
    write_text(out, text);
  else
    write_hex(out, part);
  if (part.size() < body.size())
    out << "… and " << body.size() - part.size()
        << " bytes more: --full-body shows them, --output FILE writes them to a file\n";
}

}  // namespace mombridge
