#include "routing/destination_broker.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "broker/broker.hpp"
#include "message/pattern.hpp"
#include "routing/arrivals.hpp"
#include "routing/events.hpp"

namespace mombridge::routing {

std::unique_ptr<const BrokerDestination> BrokerDestination::compile(const config::Destination& config,
                                                                    const Compiling& compiling) {
  return std::unique_ptr<const BrokerDestination>(new BrokerDestination(config, compiling));
}

DestinationKind broker_destination_kind() {
  return {.key = "broker",
          .compile = [](const config::Destination& config, const Compiling& compiling)
              -> std::unique_ptr<const Destination> { return BrokerDestination::compile(config, compiling); }};
}

BrokerDestination::BrokerDestination(const config::Destination& config, const Compiling& compiling)
    : config_(config),
      endpoint_(compiling.endpoint(config.broker)),
      replier_(compiling.replier),
      route_(compiling.route),
      mark_(compiling.mark) {
  auto& path = compiling.path;
  target_ = parse(config.target, path + ".target", compiling.diagnostics);
  if (config.key) key_ = parse(*config.key, path + ".key", compiling.diagnostics);
  for (auto& header : config.headers)
    headers_.push_back({header.name, parse(header.text, path + ".headers." + header.name, compiling.diagnostics),
                        header.is_text() ? std::nullopt : std::optional(config::value_of(header.value))});
  if (endpoint_) check_target(path + ".target", compiling.diagnostics);
}

Template BrokerDestination::parse(const config::Text& text, const std::string& path, config::Diagnostics& diagnostics) {
  auto parsed = Template::parse(text.value);
  if (parsed) return std::move(*parsed);
  diagnostics.error(text.mark, path, parsed.error().text);
  return {};
}

void BrokerDestination::check_target(const std::string& path, config::Diagnostics& diagnostics) const {
  // A message must not choose to write just anywhere: what it can choose stands behind a literal prefix or an allow
  // list.
  if (target_.chosen_by_message() && target_.literal_prefix().empty() && config_.allow.empty())
    diagnostics.error(config_.target.mark, path, "'" + target_.text() + "' lets a message choose any target",
                      "begin it with literal text, as in 'task.{key}', or add 'allow: [\"task.*\"]'");
  // What no broker takes is better said now than message by message, of a dead letter above all.
  auto target = sure_target();
  if (!target) return;
  auto shown = "'" + printable(*target, 256) + "'";
  if (!allowed(*target))
    diagnostics.error(config_.target.mark, path,
                      shown + (target_.constant() ? "" : ", by the defaults of the template,") + " is not in 'allow'",
                      "add it there");
  if (!endpoint_->section->settings || target->empty()) return;
  auto fault = endpoint_->section->settings->target_fault(*target);
  if (!fault.empty()) diagnostics.error(config_.target.mark, path, shown + " " + fault);
}

// The target of each message, or else of one that has neither key nor headers, as far as the file can tell.
std::optional<std::string> BrokerDestination::sure_target() const {
  if (target_.constant()) return target_.text();
  return route_ ? default_target(*route_, config_) : target_.defaults({}, {});
}

bool BrokerDestination::allowed(std::string_view target) const {
  auto& allow = config_.allow;
  return allow.empty() || std::ranges::any_of(allow, [&](auto& glob) { return glob_matches(glob, target); });
}

// A view into `storage`, `message` or the template. Fails where the message lacks what the template needs, or the
// target is not allowed.
Result<std::string_view> BrokerDestination::render_target(const Message& message, std::string_view broker,
                                                          std::string& storage) const {
  auto target = target_.render(message, broker, storage);
  if (target && !allowed(*target))
    return fail("target '" + printable(*target, 256) + "' is not in the destination's 'allow'");
  return target;
}

std::optional<Refusal> BrokerDestination::prepare(Outgoing& out) const {
  if (auto ok = render(out); !ok) return Refusal{"refused", std::move(ok.error().text)};
  return address(out);
}

Result<> BrokerDestination::render(Outgoing& out) const {
  auto& source = out.delivery->message;
  auto& broker = out.origin->section->name;
  auto target = render_target(source, broker, out.rendered.target);
  if (!target) return fail(target.error());

  auto& publication = static_cast<Publication&>(out);
  publication.message = out.content;
  publication.options = config_.options.get();
  publication.target = *target;
  publication.key = out.content->key;
  publication.partition = -1;
  if (key_) {
    auto key = key_->render(source, broker, out.rendered.key);
    if (!key) return fail(key.error());
    publication.key = *key;
  }
  return render_headers(out);
}

// The bridge's own one first, then those of the file.
Result<> BrokerDestination::render_headers(Outgoing& out) const {
  auto& source = out.delivery->message;
  auto& rendered = out.rendered;
  rendered.headers.clear();
  // The mark of a route that hands the message on as it is shows later that the message has come back.
  rendered.headers.push_back({header::kHops, Value::of(Hops(source).next(rendered.hops, mark_))});
  rendered.header_values.resize(headers_.size());  // before any view of an element is taken
  for (size_t i = 0; i < headers_.size(); ++i) {
    auto& header = headers_[i];
    if (header.typed) {
      rendered.headers.push_back({header.name, *header.typed});
      continue;
    }
    auto value = header.text.render(source, out.origin->section->name, rendered.header_values[i]);
    if (!value) return fail(value.error());
    rendered.headers.push_back({header.name, Value::of(*value)});
  }
  static_cast<Publication&>(out).headers = rendered.headers;
  return {};
}

// Of a request's destinations one is told where to reply, and no other. Where nobody can answer, the address is a
// property like others.
std::optional<Refusal> BrokerDestination::address(Outgoing& out) const {
  if (!route_ || out.part == Part::plain) return std::nullopt;
  auto& request = out.delivery->message;
  if (!out.forwarded) out.forwarded = std::make_unique<reply::Forwarded>();
  auto& forwarded = *out.forwarded;
  static_cast<Publication&>(out).message = &forwarded.message;
  if (out.part == Part::without_reply_address) {
    forwarded.message = request;
    forwarded.message.reply_to.reset();
    forwarded.message.reply_partition.reset();
    return std::nullopt;
  }
  auto ok = replier_.forward(request, {*route_, *out.origin->section, *endpoint_->section}, out.deadline, Clock::now(),
                             forwarded);
  if (!ok) {
    events::request_too_long({*out.delivery, *out.origin->section, out.route, text()}, ok.error().text);
    return Refusal{"return_path_too_long", ok.error().text};
  }
  out.rendered.headers.push_back({header::kDeadline, Value::of(forwarded.deadline)});
  static_cast<Publication&>(out).headers = out.rendered.headers;
  return std::nullopt;
}

void BrokerDestination::send(Outgoing& out) const noexcept {
  auto& broker = *endpoint_->instance;
  if (route_ && out.part == Part::answers && !broker.takes_requests())
    return out.completed(Outcome::away("not connected, or the bridge's own reply queue or topic is not there yet"));
  broker.publish(out);
}

Answers BrokerDestination::answers() const noexcept {
  return endpoint_ && endpoint_->section->settings->accept_replies.value_or(false) ? Answers::afar : Answers::no;
}

bool BrokerDestination::away() const noexcept { return routing::away(*endpoint_); }

std::string BrokerDestination::text() const {
  auto* exchange = config_.options ? config_.options->named_exchange() : nullptr;
  return config_.broker + "/" + (exchange && !exchange->empty() ? *exchange + "/" : "") + target_.text();
}

std::string BrokerDestination::explain(const Message& message, std::string_view broker) const {
  std::string text = config_.broker + " (" + endpoint_->section->type + "), ";
  auto rendered = rendered_text(message, broker);
  text += rendered ? *rendered : "refused: " + rendered.error().text;
  if (auto* exchange = config_.options ? config_.options->named_exchange() : nullptr)
    text += ", exchange '" + *exchange + "'";
  if (answers() != Answers::no)
    text += ", requests answered through '" + endpoint_->section->settings->reply_address + "'";
  return text;
}

// Target, key and headers in the order in which they are rendered: the first that fails refuses the message.
Result<std::string> BrokerDestination::rendered_text(const Message& message, std::string_view broker) const {
  auto in_quotes = [](std::string_view text) { return "'" + printable(text, 256) + "'"; };
  std::string storage;
  auto target = render_target(message, broker, storage);
  if (!target) return fail(target.error());
  auto text = "target " + in_quotes(*target);
  if (key_) {
    auto key = key_->render(message, broker, storage);
    if (!key) return fail(key.error());
    text += ", key " + in_quotes(*key);
  }
  for (auto& header : headers_) {
    auto value = header.text.render(message, broker, storage);
    if (!value) return fail(value.error());
    text += ", header " + header.name + " " + (header.typed ? *scalar_text(*header.typed) : in_quotes(*value));
  }
  return text;
}

}  // namespace mombridge::routing
