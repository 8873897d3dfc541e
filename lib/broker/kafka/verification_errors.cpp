#include "broker/kafka/verification_errors.hpp"

#include "tls/verification.hpp"

namespace mombridge::kafka {

namespace {
/// More brokers than a cluster has; of the others nothing is kept.
constexpr size_t kMostServers = 1000;
}  // namespace

void VerificationErrors::note(const std::string& server, int code, std::string_view der) {
  std::string words;
  if (code) {
    auto certificate = tls::from_der(der);
    words = certificate ? tls::why_not_trusted(code, *certificate, server.substr(0, server.rfind(':')), ca_)
                        : certificate.error().text;
  }
  std::lock_guard lock(mutex_);
  if (words.empty())
    words_.erase(server);
  else if (words_.size() < kMostServers)
    words_[server] = words;
}

std::string VerificationErrors::of(const std::string& server) const {
  std::lock_guard lock(mutex_);
  auto found = words_.find(server);
  return found == words_.end() ? std::string() : found->second;
}

}  // namespace mombridge::kafka
