#include "token/config.hpp"

#include <algorithm>
#include <array>

#include "config/tls.hpp"
#include "token/token_file.hpp"

namespace mombridge::token {

namespace {

using config::Section;

constexpr std::array kKeysOfUrl{"client_id", "client_secret", "scope", "params", "auth", "ca"};
constexpr const char* kExample =
    "token: {file: /run/secrets/token}, or {url: https://idp.example/token, client_id: "
    "bridge, client_secret: \"${file:/run/secrets/client}\"}";

// What the bridge writes in the form itself.
bool own_parameter(const std::string& name) {
  return name == "grant_type" || name == "scope" || name == "client_id" || name == "client_secret";
}

void read_file_form(Section& section, bool environment, Settings& into) {
  for (auto* key : kKeysOfUrl) section.refuse(key, "only with url:", "a file holds the token itself");
  if (!config::read_path(section, "file", environment, into.file)) return;
  // It may still come: a sidecar writes it, or another container.
  if (auto token = read_token_file(into.file); !token)
    section.diagnostics().warning(section.mark("file"), section.path("file"), token.error().text,
                                  "until there is one, nobody can log in");
}

void read_params(Section& section, Settings& into) {
  for (auto& [name, value] : section.pairs("params")) {
    if (own_parameter(name))
      section.diagnostics().error(value.key_mark, value.path, "the bridge writes this parameter itself",
                                  name == "grant_type" ? "leave it out" : name + ": is a key of token:");
    else
      into.params.emplace_back(name, value.value);
  }
}

void read_url_form(Section& section, bool environment, Settings& into) {
  if (auto url = section.scalar("url"); url && url->known) {
    auto parsed = parse_url(url->value);
    if (parsed)
      into.url = *parsed;
    else
      section.error("url", parsed.error().text, "https://idp.example/oauth2/token");
  }
  if (section.require("client_id", "the name under which the bridge is registered there") &&
      section.string("client_id", into.client_id) && into.client_id.empty())
    section.error("client_id", "an empty name");
  if (section.require("client_secret", "client_secret: ${file:/run/secrets/client}"))
    section.secret("client_secret", into.client_secret);
  section.string("scope", into.scope);
  section.choice("auth", into.auth, {{"basic", ClientAuth::basic}, {"post", ClientAuth::post}});
  read_params(section, into);
  bool ca = config::read_certificates(section, "ca", environment, into.ca);
  if (ca && !into.url.tls) section.error("ca", "the url is not https://", "leave it out");
}

}  // namespace

std::optional<Settings> read_settings(Section& broker, bool environment) {
  auto* node = broker.node("token");
  if (!node) return std::nullopt;
  if (node->kind == config::Node::Kind::scalar) {
    broker.error("token", "must be a map", kExample);
    return std::nullopt;
  }
  auto section = broker.section("token");
  if (!section) return std::nullopt;
  bool file = section->has("file"), url = section->has("url");
  section->elsewhere({"audience", "resource"}, "a parameter of the request: params: {audience: …}");
  section->elsewhere({"issuer", "token_url", "token_endpoint", "token_endpoint_url"}, "url: of the token endpoint");
  section->elsewhere({"scopes"}, "scope: one text, with spaces between several");
  if (file == url) {
    section->error(url ? "url" : "", url ? "beside file:" : "neither file: nor url:", kExample);
    section->ignore_rest();
    return std::nullopt;
  }
  Settings settings;
  if (file)
    read_file_form(*section, environment, settings);
  else
    read_url_form(*section, environment, settings);
  return settings;
}

}  // namespace mombridge::token
