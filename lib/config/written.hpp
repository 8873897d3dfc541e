#pragma once
// What the parts of a configuration say, so that two configurations can be compared.

#include <map>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "config/config.hpp"

namespace mombridge::config {

struct Node;  // node.hpp

/// One text for each part, which is the same for all spellings of it: the order of keys, comments and layout do not
/// count. `${...}` counts as what it stands for, but a secret that is read again at each use counts as it is written.
/// By the names of the parts.
struct Written {
  using Texts = std::map<std::string, Secret>;
  Texts brokers;        ///< but for what they subscribe to; with what they take from the rest of the file
  Texts subscriptions;  ///< of the brokers, in the order of their numbers, those of routes included
  Texts handlers, routes;
  Texts globals;  ///< the other keys of the top level
};

/// Of `root`, from which `config` was read without errors.
Written written_of(const Node& root, const Config& config);

}  // namespace mombridge::config
