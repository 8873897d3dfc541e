#include "daemon/status.hpp"

#include <sstream>

#include "admin/client.hpp"
#include "admin/tables.hpp"
#include "base/log.hpp"

namespace mombridge {

Result<bool> show_status(const config::Config& config, const Options& options, std::ostream& out) {
  auto json = admin::get(config, "/api/v1/status");
  if (!json) return fail(json.error());
  bool alive = admin::says_alive(*json);
  if (options.quiet) return alive;
  if (options.json) {
    out << *json << std::flush;
    return alive;
  }
  auto tables = admin::status_tables(*json);
  if (!tables) return fail(tables.error());
  out << *tables << std::flush;
  return alive;
}

void log_status(const admin::Status& status) {
  auto tables = admin::status_tables(admin::to_json(status));
  std::istringstream lines(tables ? *tables : tables.error().text);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) log::info(line);
}

}  // namespace mombridge
