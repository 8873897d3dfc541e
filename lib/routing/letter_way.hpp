#pragma once
// Where a dead letter is sent when it is replayed.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "broker/browser.hpp"
#include "config/config.hpp"
#include "routing/letter_notes.hpp"

namespace mombridge::routing {

struct LetterWay {
  std::string broker;
  WayBack way;
  int32_t partition = -1;  ///< of the record that it was; -1: by key

  /// "shop/orders"
  [[nodiscard]] std::string text() const { return broker + "/" + way.target; }
};

/// `--to`: somewhere else than to where it came from.
struct LetterTarget {
  std::string broker;
  std::string target;  ///< empty: each keeps its own
};

/// BrokerKind::way_back of the section's kind.
using FindWayBack = std::function<Result<WayBack>(const config::BrokerSection& section,
                                                  const config::Subscription& subscription, const std::string& target)>;

/// To the source that the dead letter names, if the configuration reads it: nothing that a dead letter says leads
/// elsewhere. Or `to`. Fails in words for people where there is no way.
Result<LetterWay> letter_way(const config::Config& config, const LetterNotes& notes,
                             const std::optional<LetterTarget>& to, const FindWayBack& way_back);

}  // namespace mombridge::routing
