#include "reply/deadline.hpp"

#include <charconv>
#include <optional>

namespace mombridge::reply {

namespace {

constexpr int64_t kLatest = int64_t{UINT32_MAX} * 1000;
/// In milliseconds; a requester's clock may be ahead by so much.
constexpr int64_t kAhead = 60'000;

std::optional<int64_t> number(std::string_view text) {
  int64_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size() || n < 0) return std::nullopt;
  return std::min(n, kLatest);
}

std::optional<int64_t> header_of(const Message& request) {
  auto* value = request.find(header::kDeadline);
  if (!value || value->kind == Value::Kind::null) return std::nullopt;
  if (value->is_text()) return number(value->text);
  return value->integer > 0 ? std::optional(std::min(value->integer, kLatest)) : std::nullopt;
}

}  // namespace

Deadline deadline_of(const Message& request, Duration timeout, const Instant& arrival) {
  auto until = [&](int64_t at_ms, bool asked) { return Deadline{at_ms, asked, arrival.at(at_ms)}; };
  if (auto at = header_of(request)) return until(*at, true);
  int64_t now_ms = arrival.unix_ms;
  int64_t sent = request.time_ms().value_or(now_ms);
  if (sent > now_ms + kAhead) sent = now_ms;
  if (auto wait = request.expiration ? number(*request.expiration) : std::nullopt) return until(sent + *wait, true);
  int64_t patience = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  return until((sent + patience > now_ms ? sent : now_ms) + patience, false);
}

}  // namespace mombridge::reply
