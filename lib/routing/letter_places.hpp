#pragma once
// Where a configuration's dead letters are.

#include <string>
#include <vector>

#include "config/config.hpp"

namespace mombridge::routing {

struct LetterPlace {
  std::string broker, target;      ///< the queue or topic
  std::vector<std::string> added;  ///< headers that the configuration adds to what goes there

  /// "shop/mombridge.dead"
  [[nodiscard]] std::string text() const { return broker + "/" + target; }
};

struct LetterPlaces {
  std::vector<LetterPlace> places;  ///< each once: the file's own, then those of its routes
  /// Dead letters whose queue or topic the file does not name, in words: they go to an exchange, or each to a target of
  /// its own.
  std::vector<std::string> unnamed;
};
LetterPlaces letter_places(const config::Config& config);

}  // namespace mombridge::routing
