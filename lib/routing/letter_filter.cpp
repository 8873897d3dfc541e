#include "routing/letter_filter.hpp"

#include <algorithm>
#include <chrono>

namespace mombridge::routing {

std::optional<int64_t> died_at(const StoredMessage& stored, const LetterNotes& notes) {
  return notes.at_ms ? notes.at_ms : stored.message.record_time_ms;
}

bool LetterFilter::matches(const StoredMessage& stored, const LetterNotes& notes, int64_t now_ms) const {
  auto named = [&](auto& id) { return id == stored.id || stored.message.message_id == id; };
  if (!ids.empty() && std::ranges::none_of(ids, named)) return false;
  if (reason && notes.reason.find(*reason) == std::string_view::npos && !glob_matches(*reason, notes.reason))
    return false;
  if (route && !glob_matches(*route, notes.route)) return false;
  if (target && !target->matches(notes.target)) return false;
  if (!older && !newer) return true;
  auto at = died_at(stored, notes);
  if (!at) return false;
  auto age = std::chrono::milliseconds(now_ms - *at);
  return (!older || age > *older) && (!newer || age < *newer);
}

}  // namespace mombridge::routing
