#include "http_ingress/request_reader.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace mombridge::http_ingress {

namespace {

constexpr size_t kLongestChunkLine = 256;  ///< a size, and extensions that nobody needs

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool token_character(char c) {
  return letter_or_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether one of the comma-separated words of the header is this one.
bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    auto comma = std::min(list.find(','), list.size());
    if (same_name(trimmed(list.substr(0, comma)), word)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

std::optional<uint64_t> number(std::string_view text, int base) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool fits_http(std::string_view value) {
  return std::ranges::all_of(value,
                             [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); });
}

bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, token_character); }

std::optional<std::string_view> RequestHead::header(std::string_view name) const {
  auto found = std::ranges::find_if(headers, [&](auto& h) { return same_name(h.first, name); });
  return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

size_t RequestHead::count(std::string_view name) const {
  return static_cast<size_t>(std::ranges::count_if(headers, [&](auto& h) { return same_name(h.first, name); }));
}

std::optional<uint64_t> RequestReader::length() const {
  if (part_ == Part::counted) return body_.size() + left_;
  return state_ == State::whole ? std::optional<uint64_t>(body_.size()) : std::nullopt;
}

void RequestReader::next(uint64_t most_body) {
  most_body_ = most_body;
  state_ = State::head;
  part_ = Part::request_line;
  head_ = {};
  line_.clear();
  body_ = {};
  head_bytes_ = 0;
  left_ = 0;
}

size_t RequestReader::take(std::string_view bytes) {
  auto all = bytes.size();
  auto began = state_;
  while (!bytes.empty() && state_ == began && (state_ == State::head || state_ == State::body)) {
    if (part_ == Part::counted || part_ == Part::chunk)
      take_body(bytes);
    else if (take_line(bytes))
      line_ended();
  }
  return all - bytes.size();
}

void RequestReader::take_body(std::string_view& bytes) {
  auto size = static_cast<size_t>(std::min<uint64_t>(bytes.size(), left_));
  body_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  left_ -= size;
  if (left_) return;
  if (part_ == Part::chunk)
    part_ = Part::chunk_end;
  else
    state_ = State::whole;
}

// Returns true where line_ is complete, without its end.
bool RequestReader::take_line(std::string_view& bytes) {
  auto end = bytes.find('\n');
  auto size = end == std::string_view::npos ? bytes.size() : end + 1;
  bool of_chunks = part_ == Part::chunk_size || part_ == Part::chunk_end;
  auto room = of_chunks ? kLongestChunkLine : most_head_ - std::min(most_head_, head_bytes_);
  if (line_.size() + size > room) {
    if (of_chunks)
      fail(400, "the line before a chunk is too long");
    else
      fail(431, "the headers are longer than " + std::to_string(most_head_) + " bytes");
    return false;
  }
  line_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  if (end == std::string_view::npos) return false;
  if (!of_chunks) head_bytes_ += line_.size();
  line_.pop_back();
  if (!line_.ends_with('\r')) {
    fail(400, "a line does not end with CR LF");
    return false;
  }
  line_.pop_back();
  return true;
}

void RequestReader::line_ended() {
  switch (part_) {
    case Part::request_line:
      // Some clients send an empty line behind a body.
      if (!line_.empty()) read_request_line();
      break;
    case Part::headers:
      line_.empty() ? head_ended() : read_header();
      break;
    case Part::chunk_size:
      read_chunk_size();
      break;
    case Part::chunk_end:
      part_ = Part::chunk_size;
      if (!line_.empty()) fail(400, "a chunk is longer than it says");
      break;
    case Part::trailers:
      if (line_.empty()) state_ = State::whole;
      break;
    case Part::counted:
    case Part::chunk:
      break;
  }
  line_.clear();
}

void RequestReader::read_request_line() {
  std::string_view line = line_;
  auto first = line.find(' '), last = line.rfind(' ');
  auto version = last == std::string_view::npos ? line : line.substr(last + 1);
  auto target = first < last ? line.substr(first + 1, last - first - 1) : std::string_view();
  head_.method = line.substr(0, std::min(first, line.size()));
  if (!version.starts_with("HTTP/")) return fail(400, "this is no HTTP request");
  if (!version.starts_with("HTTP/1.") || version.size() != 8) return fail(505, "HTTP/1.1 and HTTP/1.0 are spoken here");
  if (!is_token(head_.method)) return fail(400, "the request line has no method");
  bool clean = std::ranges::all_of(target, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
  if (!target.starts_with('/') || !clean)
    return fail(400, "the request line has no path: it begins with '/', and blanks in it are written %20");
  auto question = target.find('?');
  head_.path = target.substr(0, question);
  if (question != std::string_view::npos) head_.query = target.substr(question + 1);
  head_.http_1_0 = version == "HTTP/1.0";
  part_ = Part::headers;
}

void RequestReader::read_header() {
  std::string_view line = line_;
  auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return fail(400, "'" + printable(line.substr(0, colon), 64) + "' is not the name of a header");
  auto name = line.substr(0, colon);
  auto value = trimmed(line.substr(colon + 1));
  if (!fits_http(value)) return fail(400, "the value of header " + std::string(name) + " has a control character");
  head_.headers.emplace_back(name, value);
}

void RequestReader::head_ended() {
  auto connection = head_.header("Connection").value_or("");
  head_.keep_alive = head_.http_1_0 ? has_word(connection, "keep-alive") : !has_word(connection, "close");
  auto hosts = head_.count("Host");
  if (hosts > 1 || (!hosts && !head_.http_1_0)) return fail(400, "there must be one Host header");
  if (auto expected = head_.header("Expect")) {
    if (!same_name(*expected, "100-continue")) return fail(417, "Expect knows 100-continue");
    head_.wants_continue = !head_.http_1_0;
  }
  head_bytes_ = 0;
  if (auto fault = frame()) return fail(fault->status, std::move(fault->words));
  state_ = part_ == Part::counted && !left_ ? State::whole : State::body;
}

// Finds out where the body ends. A fault where the request does not say it, or says it in two ways.
std::optional<RequestFault> RequestReader::frame() {
  auto lengths = head_.count("Content-Length");
  if (auto coding = head_.header("Transfer-Encoding")) {
    if (lengths) return RequestFault{400, "Content-Length and Transfer-Encoding exclude each other"};
    if (head_.http_1_0) return RequestFault{400, "HTTP/1.0 has no Transfer-Encoding"};
    if (head_.count("Transfer-Encoding") > 1 || !same_name(*coding, "chunked"))
      return RequestFault{501, "of the transfer encodings, chunked alone is known"};
    part_ = Part::chunk_size;
    return std::nullopt;
  }
  part_ = Part::counted;
  if (!lengths) return std::nullopt;
  auto text = *head_.header("Content-Length");
  auto length = number(text, 10);
  if (lengths > 1 || !length) return RequestFault{400, "there must be one Content-Length, and it is a number"};
  left_ = *length;
  if (left_ <= most_body_) return std::nullopt;
  return RequestFault{413, "the body has " + std::string(text) + " bytes, and at most " + std::to_string(most_body_) +
                               " are taken (ingress.max_body)"};
}

void RequestReader::read_chunk_size() {
  auto size = number(trimmed(std::string_view(line_).substr(0, line_.find(';'))), 16);
  if (!size) return fail(400, "a chunk does not begin with its size");
  if (!*size) {
    part_ = Part::trailers;
    return;
  }
  if (*size > most_body_ || body_.size() + *size > most_body_)
    return fail(
        413, "the body has more than the " + std::to_string(most_body_) + " bytes that are taken (ingress.max_body)");
  left_ = *size;
  part_ = Part::chunk;
}

void RequestReader::fail(int status, std::string words) {
  state_ = State::faulty;
  fault_ = {status, std::move(words)};
}

}  // namespace mombridge::http_ingress
