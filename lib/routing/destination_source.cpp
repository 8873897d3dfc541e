#include "routing/destination_source.hpp"

namespace mombridge::routing {

std::optional<Refusal> SourceDestination::prepare(Outgoing& out) const {
  auto& publication = static_cast<Publication&>(out);
  auto& message = out.delivery->message;
  auto& left = *out.delivery->deliveries_left;
  publication.message = &message;
  publication.options = left.options;
  publication.target = left.back_to;
  publication.key = message.key;
  // The headers that stay on this side of the bridge, because the copy stays there, too.
  auto& headers = out.rendered.headers;
  headers.assign(message.local.begin(), message.local.end());
  headers.insert(headers.end(), left.headers.begin(), left.headers.end());
  publication.headers = headers;
  publication.partition = -1;
  return std::nullopt;
}

std::string SourceDestination::text() const { return "the source at " + endpoint().section->name; }

std::string SourceDestination::explain(const Message& message, std::string_view) const {
  return text() + ", from which '" + std::string(message.target) + "' came";
}

}  // namespace mombridge::routing
