#pragma once
// Many patterns that are matched at once: the cost depends on the words of the target, not on how many patterns there
// are.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.hpp"
#include "message/pattern.hpp"

namespace mombridge {

/// A trie over words. After the last add() it is immutable, and any thread may search it.
class PatternTrie {
 public:
  /// Room for one search after the other, so that they allocate nothing once it has grown. Belongs to one thread, and
  /// may be used with any trie.
  class Search {
   public:
    /// The values of all patterns that match, each as often as it was added, in no order.
    [[nodiscard]] const std::vector<uint32_t>& found() const { return found_; }

   private:
    friend class PatternTrie;
    std::vector<uint32_t> found_;
    std::vector<uint32_t> at_, next_;      ///< the nodes that the words so far lead to
    std::vector<uint64_t> reached_after_;  ///< by node: the step that has put it into next_ last
    uint64_t step_ = 0;
  };

  /// `value` is found by each target that the pattern matches.
  void add(const Pattern& pattern, uint32_t value);
  void match(std::string_view target, Search& search) const;

  [[nodiscard]] bool empty() const { return nodes_.size() == 1 && nodes_[kRoot].values.empty(); }

 private:
  static constexpr uint32_t kNone = 0, kRoot = 0;  // no edge leads to the root, so that its number can mean "none"

  struct Node {
    uint32_t one = kNone;  ///< where `*` leads
    uint32_t any = kNone;  ///< where `#` leads: a node that each further word leads back to
    bool repeats = false;  ///< this is such a node
    std::vector<uint32_t> values;
  };

  uint32_t child(uint32_t node, const std::string& word);
  uint32_t add_node(bool repeats);
  void reach(uint32_t node, Search& search) const;
  void take_word(std::string_view word, Search& search) const;

  static uint64_t edge(uint32_t node, uint32_t word) { return uint64_t{node} << 32 | word; }

  std::vector<Node> nodes_{1};
  std::unordered_map<std::string, uint32_t, TextHash, std::equal_to<>> words_;  ///< every literal word has a number
  std::unordered_map<uint64_t, uint32_t> edges_;  ///< from a node by a literal word to the next node
};

}  // namespace mombridge
