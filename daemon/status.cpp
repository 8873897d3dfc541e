#include "daemon/status.hpp"

#include "admin/client.hpp"
#include "admin/tables.hpp"

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

}  // namespace mombridge
