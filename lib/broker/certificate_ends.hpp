#pragma once
// When the certificates of one broker's section end.

#include <chrono>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "broker/figures.hpp"
#include "config/tls.hpp"

namespace mombridge {

/// Reads the files anew while somebody wants to know, because they may be replaced at any time; on a thread that nobody
/// waits for, because reading may take long. [any thread] All of it.
class CertificateEnds {
 public:
  /// Null: the section has no `tls:`. `every`: the files are read no more often.
  explicit CertificateEnds(const config::TlsSettings* tls, Duration every = std::chrono::minutes(1));

  /// Somebody wants to know: the files are read, unless they were a while ago.
  void want();
  /// As the files were when they were read last; of a file that could not be read, nothing.
  [[nodiscard]] std::vector<Figures::Certificate> read() const;

 private:
  /// Shared with the thread, which may outlive this.
  struct State;
  static void read_files(State& state);

  const std::shared_ptr<State> state_;
};

}  // namespace mombridge
