#pragma once
// Whether the files that a client was made with are others now.

#include <cstddef>
#include <optional>

#include "config/tls.hpp"

namespace mombridge::kafka {

/// librdkafka reads certificates and keys when a client is made, and uses them as long as it lives. So a client that is
/// refused for them is made anew where they have changed. [any thread]
class TlsFiles {
 public:
  /// As the files are now.
  explicit TlsFiles(std::optional<config::TlsSettings> tls);
  /// Reads them again: some milliseconds at most.
  [[nodiscard]] bool changed() const;

 private:
  std::optional<config::TlsSettings> tls_;
  size_t content_ = 0;
};

}  // namespace mombridge::kafka
