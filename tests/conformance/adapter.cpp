#include "adapter.hpp"

#include <atomic>
#include <map>
#include <unistd.h>

namespace mombridge::conformance {

namespace {
const std::map<std::string, std::unique_ptr<Adapter> (*)()>& adapters() {
  static const std::map<std::string, std::unique_ptr<Adapter> (*)()> all{
#ifdef MOMBRIDGE_KIND_MEMORY
      {"memory", memory_adapter},
#endif
#ifdef MOMBRIDGE_KIND_AMQP
      {"amqp", amqp_adapter},     {"amqps", amqps_adapter},
#endif
#ifdef MOMBRIDGE_KIND_KAFKA
      {"kafka", kafka_adapter},   {"kafka_sasl_ssl", kafka_sasl_ssl_adapter},
#endif
  };
  return all;
}
}  // namespace

std::vector<std::string> kinds() {
  std::vector<std::string> names;
  for (auto& [name, make] : adapters()) names.push_back(name);
  return names;
}

std::unique_ptr<Adapter> make_adapter(const std::string& kind) { return adapters().at(kind)(); }

std::string unique_name() {
  static std::atomic<unsigned> number{0};
  return "conformance." + std::to_string(unix_ms()) + "." + std::to_string(::getpid()) + "." + std::to_string(++number);
}

}  // namespace mombridge::conformance
