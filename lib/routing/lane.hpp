#pragma once
// The routes that the messages of one subscription may take.

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text.hpp"
#include "message/message.hpp"
#include "message/pattern_trie.hpp"
#include "routing/route.hpp"

namespace mombridge::routing {

/// The result of a match, and its working room. Belongs to one thread, which uses it for one message after the other.
struct RouteMatches {
  std::vector<const Route*> routes;  ///< that take the message, in the order of the file
  PatternTrie::Search search;
};

/// Immutable after the last add(): any thread may match. Exact targets are looked up by their whole text, which costs
/// less than word by word.
class Lane {
 public:
  /// The route outlives this.
  void add(const Route& route);
  /// Appends the routes that take the message to `matches`, in no order.
  void match(const Message& message, RouteMatches& matches) const;

 private:
  std::unordered_map<std::string, std::vector<const Route*>, TextHash, std::equal_to<>> exact_;
  PatternTrie patterns_;
  std::vector<const Route*> by_number_;  ///< the values of `patterns_` stand for these
};

}  // namespace mombridge::routing
