// `admin:` and `probes:`.

#include "config/admin.hpp"

#include "config/sections.hpp"
#include "config/text.hpp"

namespace mombridge::config {

namespace {

void read_admin(Section& section, Config& config) {
  Admin admin;
  bool has_token = read_token(section, admin.token);
  auto listener = read_listen(section, "127.0.0.1:8420");
  if (!listener) return;
  if (!has_token) check_no_token(section, listener->listen);
  admin.listener = std::move(*listener);
  config.admin = std::make_shared<const Admin>(std::move(admin));
}

}  // namespace

bool read_token(Section& section, LiveSecret& into) {
  if (!section.secret("token", into)) return false;
  if (into.empty() && section.scalar("token")->known)
    section.error("token", "an empty token", "as from: head -c 32 /dev/urandom | base64");
  return true;
}

void check_no_token(Section& section, const Listen& listen) {
  if (listen.text.empty() || listen.local()) return;
  section.error("listen", in_quotes(listen.text) + " can be reached from other machines, and there is no token",
                "token: \"${file:/run/secrets/" + section.path() + "}\", or listen on 127.0.0.1");
}

std::optional<Listener> read_listen(Section& section, const char* example) {
  if (!section.require("listen", std::string("listen: ") + example)) return std::nullopt;
  auto written = section.scalar("listen");
  if (!written) return std::nullopt;
  if (!written->known) return Listener{{}, written->mark};
  auto listen = parse_listen(written->value);
  if (listen) return Listener{std::move(*listen), written->mark};
  section.error("listen", in_quotes(written->shown) + " " + listen.error().text,
                "HOST:PORT or unix:/PATH, as in 127.0.0.1:8420");
  return std::nullopt;
}

void read_listeners(Section& top, Config& config) {
  if (auto section = top.section("admin")) read_admin(*section, config);
  auto section = top.section("probes");
  if (!section) return;
  config.probes = read_listen(*section, "0.0.0.0:8421");
  if (config.admin && config.probes && same_place(config.admin->listener.listen, config.probes->listen))
    section->error("listen", "admin listens there already", "each has an address of its own");
}

}  // namespace mombridge::config
