#pragma once
// What a publication views besides the message itself.

#include <string>
#include <vector>

#include "message/message.hpp"
#include "routing/hops.hpp"

namespace mombridge::routing {

/// Reused for further messages, so that strings and lists keep their memory.
struct Rendered {
  std::string target, key;
  std::vector<std::string> header_values;
  std::vector<Header> headers;
  Hops::Buffer hops;
};

}  // namespace mombridge::routing
