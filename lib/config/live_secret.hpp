#pragma once
// A secret that is read again each time it is used, so that a changed file needs no restart.

#include <memory>
#include <string>

#include "base/secret.hpp"

namespace mombridge::config {

/// A value of the configuration as it is written there (`${file:…}`, `${env:…}`, `${credential:…}`, or plain text),
/// and what it stood for when it was read last. Copies share that. As with Secret, nothing of it reaches a log:
/// there is no stream operator and no conversion. [any thread]
class LiveSecret {
 public:
  struct Reading {
    Secret value;
    std::string warning;  ///< the reference could not be read, and this is the value from before: why. Else empty
  };

  /// Empty.
  LiveSecret() = default;
  /// Stays what it is.
  LiveSecret(
      Secret value);  // NOLINT(google-explicit-constructor): wherever a live secret is expected, a fixed one does
  /// `written`: with its references, `file`: in which it stands (relative paths begin beside it), `value`: what it
  /// stands for now.
  LiveSecret(std::string written, const std::string& file, Secret value);

  /// Reads it anew. What cannot be read at the moment, or is empty as a file is that is just being written, leaves the
  /// last value in force.
  [[nodiscard]] Reading read() const;
  /// Of the last value.
  [[nodiscard]] bool empty() const;

  template <class Stream>
  friend Stream& operator<<(Stream&, const LiveSecret&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< null: empty
};

}  // namespace mombridge::config
