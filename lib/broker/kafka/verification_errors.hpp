#pragma once
// What one client found wrong with the certificates of its brokers.

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace mombridge::kafka {

/// librdkafka says of a certificate only that it could not be verified. It asks about each of them, though, before it
/// gives the connection up. [any thread]
class VerificationErrors {
 public:
  /// `ca`: the file with the CAs that the client trusts; empty: the system's.
  explicit VerificationErrors(std::string ca) : ca_(std::move(ca)) {}

  /// Takes in one certificate, in DER, of the broker at `server` ("host:port") or above it. `code` is what OpenSSL
  /// found wrong with it; 0: nothing.
  void note(const std::string& server, int code, std::string_view der);
  /// In words, without the server's address; empty: nothing was wrong.
  [[nodiscard]] std::string of(const std::string& server) const;

 private:
  const std::string ca_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> words_;  ///< by server
};

}  // namespace mombridge::kafka
