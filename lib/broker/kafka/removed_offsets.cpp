#include "broker/kafka/removed_offsets.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>

namespace mombridge::kafka {

namespace {

constexpr std::string_view kBegin = "removed";
constexpr int64_t kLongest = std::numeric_limits<int64_t>::max() / 4;

/// Takes a number from the front of `text`; -1: there is none that can be meant.
int64_t take_number(std::string_view& text) {
  int64_t n = -1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return error == std::errc{} && n > 0 && n <= kLongest ? n : -1;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

RemovedOffsets::RemovedOffsets(int64_t committed, std::string_view metadata)
    : committed_(std::max<int64_t>(committed, 0)) {
  if (!metadata.starts_with(kBegin)) return;
  metadata.remove_prefix(kBegin.size());
  auto at = committed_;
  while (take(metadata, ' ')) {
    auto distance = take_number(metadata);
    auto length = take(metadata, '+') ? take_number(metadata) : -1;
    if (distance < 0 || length < 0 || at > kLongest) return;
    add(at + distance, at + distance + length);
    at += distance + length;
  }
}

void RemovedOffsets::add(int64_t begin, int64_t end) {
  begin = std::max(begin, committed_);
  if (begin >= end) return;
  // With all that it touches it becomes one range.
  auto next = ranges_.upper_bound(begin);
  if (next != ranges_.begin() && std::prev(next)->second >= begin) --next;
  while (next != ranges_.end() && next->first <= end) {
    begin = std::min(begin, next->first);
    end = std::max(end, next->second);
    next = ranges_.erase(next);
  }
  if (begin == committed_)
    committed_ = end;
  else
    ranges_.emplace(begin, end);
}

bool RemovedOffsets::contains(int64_t offset) const {
  if (offset < committed_) return true;
  auto next = ranges_.upper_bound(offset);
  return next != ranges_.begin() && std::prev(next)->second > offset;
}

std::string RemovedOffsets::metadata() const {
  if (ranges_.empty()) return {};
  std::string text(kBegin);
  auto at = committed_;
  for (auto& [begin, end] : ranges_) {
    text += ' ' + std::to_string(begin - at) + '+' + std::to_string(end - begin);
    at = end;
  }
  return text;
}

}  // namespace mombridge::kafka
