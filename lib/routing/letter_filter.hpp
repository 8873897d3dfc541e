#pragma once
// Which dead letters somebody means.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "broker/browser.hpp"
#include "message/pattern.hpp"
#include "routing/letter_notes.hpp"

namespace mombridge::routing {

/// All that is set must fit.
struct LetterFilter {
  std::vector<std::string> ids;       ///< the browser's, or a message_id; empty: any
  std::optional<std::string> reason;  ///< part of it, or a glob over the whole
  std::optional<std::string> route;   ///< a glob over the whole name
  std::optional<Pattern> target;
  std::optional<Duration> older, newer;  ///< than this. What does not say when it died is neither

  /// `now_ms`: milliseconds since the Unix epoch.
  [[nodiscard]] bool matches(const StoredMessage& stored, const LetterNotes& notes, int64_t now_ms) const;
};

/// When it died, or else when its broker says that it came; milliseconds since the Unix epoch.
std::optional<int64_t> died_at(const StoredMessage& stored, const LetterNotes& notes);

}  // namespace mombridge::routing
