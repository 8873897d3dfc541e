#include "message/pattern_trie.hpp"

namespace mombridge {

void PatternTrie::add(const Pattern& pattern, uint32_t value) {
  uint32_t node = kRoot;
  for (auto& word : pattern.words()) node = child(node, word);
  nodes_[node].values.push_back(value);
}

uint32_t PatternTrie::child(uint32_t node, const std::string& word) {
  if (word == "#") {
    // "#.#" is "#": a node that each word leads back to needs no second one behind it.
    if (nodes_[node].repeats) return node;
    if (!nodes_[node].any) {
      auto added = add_node(true);
      nodes_[node].any = added;
    }
    return nodes_[node].any;
  }
  if (word == "*") {
    if (!nodes_[node].one) {
      auto added = add_node(false);
      nodes_[node].one = added;
    }
    return nodes_[node].one;
  }
  auto number = words_.try_emplace(word, static_cast<uint32_t>(words_.size())).first->second;
  auto [found, is_new] = edges_.try_emplace(edge(node, number), kNone);
  if (is_new) found->second = add_node(false);
  return found->second;
}

uint32_t PatternTrie::add_node(bool repeats) {
  nodes_.emplace_back().repeats = repeats;
  return static_cast<uint32_t>(nodes_.size() - 1);
}

void PatternTrie::match(std::string_view target, Search& search) const {
  search.found_.clear();
  if (search.reached_after_.size() < nodes_.size()) search.reached_after_.resize(nodes_.size());
  search.at_.clear();
  search.next_.clear();
  ++search.step_;
  reach(kRoot, search);
  search.at_.swap(search.next_);
  // The empty target has no words at all, see Pattern.
  for (bool more = !target.empty(); more && !search.at_.empty();) {
    auto dot = target.find('.');
    take_word(target.substr(0, dot), search);
    more = dot != std::string_view::npos;
    target.remove_prefix(more ? dot + 1 : target.size());
  }
  for (auto node : search.at_)
    search.found_.insert(search.found_.end(), nodes_[node].values.begin(), nodes_[node].values.end());
}

void PatternTrie::take_word(std::string_view word, Search& search) const {
  search.next_.clear();
  ++search.step_;
  auto number = words_.find(word);
  for (auto at : search.at_) {
    auto& node = nodes_[at];
    if (node.repeats) reach(at, search);
    if (node.one) reach(node.one, search);
    if (number == words_.end()) continue;
    if (auto next = edges_.find(edge(at, number->second)); next != edges_.end()) reach(next->second, search);
  }
  search.at_.swap(search.next_);
}

// `#` also takes no word at all: with a node, the one behind its `#` is reached too. A node is reached once a step,
// because copies of it would multiply with each word.
void PatternTrie::reach(uint32_t node, Search& search) const {
  for (; search.reached_after_[node] != search.step_; node = nodes_[node].any) {
    search.reached_after_[node] = search.step_;
    search.next_.push_back(node);
    if (!nodes_[node].any) return;
  }
}

}  // namespace mombridge
