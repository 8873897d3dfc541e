#pragma once
// What `${file:PATH}`, `${env:NAME}`, `${env:NAME:-default}` and `${credential:NAME}` stand for; `$${` is a plain `${`.

#include <string>

#include <tl/expected.hpp>

namespace mombridge::config {

struct ReferenceFault {
  std::string what;
  std::string hint;  ///< how to mend it; may be empty
};

/// A text with its references replaced.
struct Expansion {
  std::string text;
  bool references = false;  ///< there were any
  std::string open;         ///< a file that one of them names and that anybody may read; empty: none
};

/// `beside`: the file that the text stands in; relative paths begin at its folder. Without `environment` nothing is
/// looked up, and references become empty. [any thread]
tl::expected<Expansion, ReferenceFault> expand_references(const std::string& text, const std::string& beside,
                                                          bool environment = true);

}  // namespace mombridge::config
