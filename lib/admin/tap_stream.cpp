#include "admin/tap_stream.hpp"

#include <algorithm>

#include "admin/action.hpp"
#include "admin/json.hpp"
#include "base/text.hpp"
#include "config/diagnostics.hpp"
#include "config/text.hpp"
#include "routing/route_counts.hpp"
#include "routing/taps.hpp"

namespace mombridge::admin {

namespace {

/// Of one part of the stream, before it is JSON.
constexpr size_t kPart = 64 * 1024;

std::string parameter(const HttpRequest& request, const char* name) {
  auto found = request.parameters.find(name);
  return found == request.parameters.end() ? std::string() : found->second;
}

/// The names that a family has cells for: those of this configuration, and of the ones before.
template <class Cell>
std::vector<std::string> names_of(const Family<Cell>& family) {
  std::vector<std::string> names;
  for (auto& [labels, cell] : family.all()) names.push_back(labels.front());
  return names;
}

/// Empty: there is one of that name, or none is asked for.
std::string fault(const std::string& what, const std::string& name, const std::vector<std::string>& known) {
  if (name.empty() || std::ranges::find(known, name) != known.end()) return {};
  return "there is no " + what + " " + config::in_quotes(name) + config::or_did_you_mean(name, known);
}

/// A character that was cut into two at the end is left out.
std::string_view whole_characters(std::string_view text) {
  for (size_t cut = 0; cut < 4 && cut <= text.size(); ++cut)
    if (auto part = text.substr(0, text.size() - cut); is_utf8(part)) return part;
  return text;
}

void add_body(OrderedJson& json, const std::string& body) {
  auto text = whole_characters(body);
  bool is_text = is_utf8(text) && text.find('\0') == std::string_view::npos;
  json[is_text ? "body" : "body_hex"] = is_text ? std::string(text) : hex(body);
}

}  // namespace

tl::expected<std::shared_ptr<Stream>, HttpResponse> TapStream::open(const HttpRequest& request) {
  routing::TapFilter filter{.route = parameter(request, "route"), .broker = parameter(request, "broker")};
  for (auto& why : {fault("route", filter.route, names_of(routing::route_counts())),
                    fault("broker", filter.broker, names_of(routing::unrouted_messages()))})
    if (!why.empty()) return tl::unexpected(error_response(404, why));
  if (auto target = parameter(request, "target"); !target.empty()) filter.target = Pattern(target);
  filter.headers = parameter(request, "headers") == "1";
  filter.body = parameter(request, "body") == "1";
  auto tap = routing::taps().open(std::move(filter));
  if (!tap) return tl::unexpected(error_response(429, tap.error().text));
  return std::make_shared<TapStream>(std::move(*tap));
}

TapStream::~TapStream() { routing::taps().close(tap_); }

std::optional<std::string> TapStream::more() {
  std::string text;
  for (auto& entry : tap_->take(kPart)) text += to_json_line(entry);
  if (auto left_out = tap_->take_left_out()) text += R"({"not_shown":)" + std::to_string(left_out) + "}\n";
  return text;
}

std::string opening_line() { return R"({"tap":)" + std::to_string(routing::Tap::kPerSecond) + "}\n"; }

std::string to_json_line(const routing::TapEntry& entry) {
  OrderedJson json;
  json["message"] = entry.message;
  json["unix_ms"] = entry.unix_ms;
  json["event"] = entry.kind == routing::TapEntry::Kind::arrived ? "arrived" : printable(entry.what);
  if (entry.kind == routing::TapEntry::Kind::settled) json["end"] = true;
  for (auto& field : entry.fields) {
    if (field.number)
      json[field.name] = OrderedJson::parse(field.text, nullptr, false);
    else
      json[field.name] = printable(field.text);
  }
  if (!entry.headers.empty()) {
    auto headers = array_of(entry.headers, [](auto& header) -> OrderedJson {
      return {{"name", printable(header.name)}, {"value", printable(header.text)}};
    });
    json["headers"] = std::move(headers);
  }
  if (entry.headers_left_out) json["headers_left_out"] = entry.headers_left_out;
  if (entry.body) add_body(json, *entry.body);
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace mombridge::admin
