#pragma once
// What waits at a broker, in numbers.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mombridge {

struct Figures {
  /// Of partitions that are read here: the messages from the first that is not settled to the partition's end.
  struct Lag {
    std::string topic;                 ///< as the subscription has it: also the expression
    std::optional<int32_t> partition;  ///< absent: of all that the expression finds, together
    uint64_t messages = 0;
  };
  /// Of a queue that the file names: the messages that are ready in it, without those in flight.
  struct Depth {
    std::string queue;
    uint64_t messages = 0;
  };
  /// Of the files that the section names under `tls:`.
  struct Certificate {
    std::string whose;  ///< "client", "ca"
    int64_t ends = 0;   ///< seconds since 1970
  };
  std::vector<Lag> lags;
  std::vector<Depth> depths;
  std::vector<Certificate> certificates;
};

/// A Broker of a kind that knows such figures derives from this, too.
class Measured {
 public:
  /// [any thread] What was measured in the last seconds; what is older is left out. Does not wait.
  [[nodiscard]] virtual Figures figures() const = 0;
  /// [one thread at a time] Somebody wants to know: the broker is asked every few seconds from now on, for a while.
  /// Does not wait, so that the first answers come later.
  virtual void want_figures() = 0;

 protected:
  ~Measured() = default;
};

}  // namespace mombridge
