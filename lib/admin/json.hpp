#pragma once
// What answers in JSON are made with.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace mombridge::admin {

/// Keys stay in the order in which they are written.
using OrderedJson = nlohmann::ordered_json;

template <class List, class Each>
OrderedJson array_of(const List& list, Each each) {
  auto array = OrderedJson::array();
  for (auto& item : list) array.push_back(each(item));
  return array;
}

/// With what cannot be printed escaped.
template <class List>
OrderedJson texts(const List& list) {
  return array_of(list, [](auto& text) { return printable(text); });
}

}  // namespace mombridge::admin
