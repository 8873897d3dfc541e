// Configuration files: whatever stands in one, every complaint is one printable line, and what is not complained of
// compiles.

#include "broker/amqp/config.hpp"

#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.hpp"
#include "broker/kafka/config.hpp"
#include "broker/memory/config.hpp"
#include "config/load.hpp"
#include "routing/check.hpp"
#include "routing/destination_broker.hpp"
#include "routing/destination_handler.hpp"
#include "routing/explain.hpp"
#include "routing/route_table.hpp"
#include "support.hpp"

using namespace mombridge;  // NOLINT(google-build-using-namespace)

namespace {

/// A file in memory.
class File {
 public:
  File() : fd_(::memfd_create("config", 0)) { fuzz::require(fd_ >= 0); }
  void write(std::string_view text) const {
    fuzz::require(::ftruncate(fd_, 0) == 0);
    fuzz::require(::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const File file;
  static const std::vector<config::KindReader> kinds{amqp::reader(), kafka::reader(), memory::reader()};
  static const routing::DestinationKinds destinations{routing::broker_destination_kind(),
                                                      routing::handler_destination_kind()};
  auto text = fuzz::Input(data, size).rest();
  file.write(text);
  config::LoadOptions options;
  options.paths = {file.path()};
  // A file that is named in it could be a device that never ends.
  options.environment = text.find('/') == std::string_view::npos;
  config::Diagnostics diagnostics;
  auto config = std::make_shared<const config::Config>(config::load(options, kinds, diagnostics));
  routing::check(config, destinations, diagnostics);
  for (auto& diagnostic : diagnostics.sorted()) {
    auto line = diagnostic.text();
    fuzz::require(!line.empty() && printable(line, line.size() + 1) == line);
  }
  if (!diagnostics.ok()) return 0;
  config::Diagnostics none;
  auto table = routing::RouteTable::compile(config, destinations, {}, {}, none);
  fuzz::require(none.ok());
  for (auto& broker : config->brokers) (void)routing::explain(*table, broker.name, "orders.new", {});
  return 0;
}
