#pragma once
// The headers of a message together with those that a publication adds.

#include <algorithm>
#include <span>
#include <vector>

#include "message/value.hpp"

namespace mombridge {

/// Into `into`, cleared first: the message's own in their order, but for those of a name that is added, then the added.
inline void merge_headers(std::vector<Header>& into, std::span<const Header> message, std::span<const Header> added) {
  into.clear();
  for (auto& h : message)
    if (std::ranges::none_of(added, [&](auto& a) { return a.name == h.name; })) into.push_back(h);
  into.insert(into.end(), added.begin(), added.end());
}

}  // namespace mombridge
