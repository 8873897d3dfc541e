#include "routing/publish.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace mombridge::routing {

namespace {

Result<> render_headers(Rendered& rendered, const Target& to, const Message& message, std::string_view broker) {
  rendered.header_values.resize(to.headers.size());  // before any view of an element is taken
  for (size_t i = 0; i < to.headers.size(); ++i) {
    auto& header = to.headers[i];
    if (header.typed) {
      rendered.headers.push_back({header.name, *header.typed});
      continue;
    }
    auto value = header.text.render(message, broker, rendered.header_values[i]);
    if (!value) return fail(value.error());
    rendered.headers.push_back({header.name, Value::of(*value)});
  }
  return {};
}

}  // namespace

Result<std::string_view> render_target(const Target& to, const Message& message, std::string_view broker,
                                       std::string& storage) {
  auto target = to.target.render(message, broker, storage);
  auto& allow = to.config->allow;
  if (target && !allow.empty() && std::ranges::none_of(allow, [&](auto& glob) { return glob_matches(glob, *target); }))
    return fail("target '" + printable(*target, 256) + "' is not in the destination's 'allow'");
  return target;
}

Result<> prepare(Publication& publication, Rendered& rendered, const Target& to, const Message& message,
                 std::string_view broker, const RouteMark* mark) {
  auto& config = *to.config;
  auto target = render_target(to, message, broker, rendered.target);
  if (!target) return fail(target.error());

  publication.message = &message;
  publication.exchange = config.exchange ? *config.exchange : to.broker->section->settings->exchange;
  publication.target = *target;
  publication.key = message.key;
  publication.partition = -1;
  publication.mandatory = config.mandatory;
  publication.keep_timestamp = config.keep_timestamp;
  publication.literal_id = false;
  if (to.key) {
    auto key = to.key->render(message, broker, rendered.key);
    if (!key) return fail(key.error());
    publication.key = *key;
  }
  rendered.headers.clear();
  rendered.headers.push_back({header::kHops, Value::of(Hops(message).next(rendered.hops, mark))});
  if (auto ok = render_headers(rendered, to, message, broker); !ok) return ok;
  publication.headers = rendered.headers;
  return {};
}

}  // namespace mombridge::routing
