// URLs of AMQP brokers: what is wrong with one is said without its password.
// Input: a URL; and once more with a password put in front of the host.

#include <string>

#include "broker/amqp/config.hpp"
#include "support.hpp"

using namespace mombridge;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::Input(data, size).rest();
  if (auto url = amqp::parse_url(text)) {
    fuzz::require(!url->endpoint.host.empty());
    fuzz::require(url->password || text.find('@') == std::string_view::npos || url->user);
  }
  constexpr std::string_view kPassword = "S3cret-and-long";
  for (auto* scheme : {"amqp://u:", "amqps://", "amq://u:"}) {
    auto url = amqp::parse_url(scheme + std::string(kPassword) + std::string(text));
    fuzz::require(url || url.error().text.find(kPassword) == std::string::npos);
  }
  return 0;
}
