#include "config/text.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/text.hpp"

namespace mombridge::config {

namespace {

constexpr std::pair<std::string_view, Duration> kDurations[] = {{"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}};
constexpr std::pair<std::string_view, uint64_t> kSizes[] = {
    {"B", 1},          {"kB", 1000},        {"KB", 1000},          {"KiB", 1ull << 10},
    {"MB", 1'000'000}, {"MiB", 1ull << 20}, {"GB", 1'000'000'000}, {"GiB", 1ull << 30},
};

// The number and what follows it, blanks between them allowed.
std::optional<std::pair<uint64_t, std::string_view>> number_and_unit(std::string_view text) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  while (text.starts_with(' ')) text.remove_prefix(1);
  return std::pair(number, text);
}

}  // namespace

std::string in_quotes(std::string_view text) { return "'" + printable(text, 100) + "'"; }

std::optional<uint64_t> parse_unsigned(std::string_view text) {
  auto parsed = number_and_unit(text);
  if (!parsed || !parsed->second.empty() || text.ends_with(' ')) return std::nullopt;
  return parsed->first;
}

std::optional<Duration> parse_duration(std::string_view text) {
  auto parsed = number_and_unit(text);
  if (!parsed) return std::nullopt;
  auto [number, unit] = *parsed;
  if (number == 0 && unit.empty()) return Duration(0);
  for (auto& [name, one] : kDurations) {
    if (unit != name) continue;
    if (number > static_cast<uint64_t>(Duration::max() / one)) return std::nullopt;
    return one * static_cast<Duration::rep>(number);
  }
  return std::nullopt;
}

std::optional<uint64_t> parse_size(std::string_view text) {
  auto parsed = number_and_unit(text);
  if (!parsed) return std::nullopt;
  auto [number, unit] = *parsed;
  if (unit.empty()) return number;
  for (auto& [name, one] : kSizes)
    if (unit == name) return number > UINT64_MAX / one ? std::nullopt : std::optional(number * one);
  return std::nullopt;
}

std::string to_text(Duration duration) {
  for (size_t i = std::size(kDurations); i-- > 0;)
    if (duration % kDurations[i].second == Duration(0) && duration != Duration(0))
      return std::to_string(duration / kDurations[i].second) + std::string(kDurations[i].first);
  return std::to_string(duration / 1ms) + "ms";
}

std::string size_text(uint64_t bytes) {
  for (auto& [name, one] :
       {std::pair<std::string_view, uint64_t>{"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}})
    if (bytes != 0 && bytes % one == 0) return std::to_string(bytes / one) + std::string(name);
  return std::to_string(bytes);
}

bool valid_name(std::string_view text) {
  auto fits = [](char c) { return letter_or_digit(c) || c == '_' || c == '-' || c == '.'; };
  return !text.empty() && text.size() <= 100 && std::ranges::all_of(text, fits);
}

}  // namespace mombridge::config
