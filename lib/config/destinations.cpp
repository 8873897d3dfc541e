// Where messages go: a route's `to:`, a handler's `reply_to:`, a dead letter; and what is done when they cannot.

#include "config/broker_keys.hpp"
#include "config/sections.hpp"
#include "config/text.hpp"

namespace mombridge::config {

namespace {

bool is_whole_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void read_templates(Section& section, Destination& to) {
  section.text("target", to.target);
  if (Text key; section.text("key", key)) to.key = key;
  for (auto& [name, value] : section.pairs("headers")) {
    if (is_whole_number(value.value) && !value.quoted && std::holds_alternative<double>(value.typed()))
      section.diagnostics().error(value.mark, value.path, in_quotes(value.shown) + " is out of range",
                                  "a whole number has up to 64 bits; in quotes it is text");
    to.headers.push_back({name, value.text(), value.typed()});
  }
  for (auto& glob : section.strings("allow")) to.allow.push_back(glob.value);
}

// `declare:` of a dead letter. The bridge can declare it only where the target is the name of one queue or topic.
void read_own_declaration(Section& section, const Loading& loading, Destination& to) {
  if (!section.has("declare")) return;
  auto* broker = loading.config.broker(to.broker);
  auto* kind = loading.kind_of(to.broker);
  if (!broker || !kind) return;
  if (!kind->read_own_declaration)
    return section.error("declare", "a " + std::string(kind->traits->type) + " broker declares nothing",
                         "leave it out");
  if (!names_target(to))
    return section.error("declare", "only where the target names one queue or topic", "without exchange: and {...}");
  kind->read_own_declaration(section, to.target.value, *broker->settings);
  to.declare = true;
}

// The broker is not known, or its kind is not: so nobody knows which of the keys belong here.
void read_options_of_no_kind(Section& section, Use use) {
  section.has("exchange");
  read_mandatory(section, use);
  read_timestamp(section);
}

void read_broker_destination(Section& section, Use use, Loading& loading, Destination& to) {
  reference(section, "broker", "broker", broker_names(loading.config), to.broker);
  // A reply has no target to take over, and a dead letter under its old target would go round in circles.
  if (use != Use::route) section.require("target");
  read_templates(section, to);
  for (auto* key : {"topic", "queue"}) section.refuse(key, "a destination has a target", "did you mean 'target'?");
  if (auto* kind = loading.kind_of(to.broker))
    to.options = kind->read_options(section, use, *loading.config.broker(to.broker)->settings);
  else
    read_options_of_no_kind(section, use);
  if (use == Use::dead_letter)
    read_own_declaration(section, loading, to);
  else
    section.refuse("declare", "what others own is not declared here", "declare: belongs to an entry of subscribe:");
  section.refuse("reply_to", "only a handler's replies go elsewhere", "with handler: instead of broker:");
}

void read_handler_destination(Section& section, Loading& loading, Destination& to) {
  std::vector<std::string> names;
  for (auto& handler : loading.config.handlers) names.push_back(handler.name);
  reference(section, "handler", "handler", names, to.handler);
  if (auto reply = section.section("reply_to"))
    to.reply_to = std::make_shared<Destination>(read_destination(*reply, Use::reply, loading));
  for (auto* key : {"target", "key", "exchange", "headers", "allow", "mandatory", "timestamp", "declare"})
    section.refuse(key, "only with broker:", "a handler takes every message of the route");
}

void read_backoff(Section& section, Failures& into) {
  auto backoff = section.scalar("backoff");
  if (!backoff || !backoff->known) return;
  auto dots = backoff->value.find("..");
  auto first = parse_duration(backoff->value.substr(0, dots));
  auto longest = dots == std::string::npos ? first : parse_duration(backoff->value.substr(dots + 2));
  if (!first || !longest || *first <= Duration(0))
    return section.error("backoff", in_quotes(backoff->shown) + " is not a range of durations", "like 200ms..30s");
  if (*longest < *first || *longest > std::chrono::hours(24))
    return section.error("backoff", in_quotes(backoff->shown) + " is out of range",
                         "the first wait before the longest, up to 24h");
  into.backoff_first = *first;
  into.backoff_longest = *longest;
}

}  // namespace

bool names_target(const Destination& to) {
  auto* exchange = to.options ? to.options->named_exchange() : nullptr;
  return (!exchange || exchange->empty()) && to.target.value.find('{') == std::string::npos;
}

Destination read_destination(Section& section, Use use, Loading& loading) {
  Destination to;
  to.mark = section.mark();
  to.target.mark = section.mark();
  bool broker = section.has("broker"), handler = section.has("handler");
  if (use != Use::route)
    handler = handler && section.refuse("handler", "must be a broker", "broker: NAME, target: ...");
  if (broker && handler && use == Use::route) {
    section.error("handler", "both broker: and handler:", "one of them; for both write a list");
    section.ignore_rest();
  } else if (broker) {
    read_broker_destination(section, use, loading, to);
  } else if (handler && use == Use::route) {
    read_handler_destination(section, loading, to);
  } else {
    if (!handler)
      section.diagnostics().error(section.mark(), section.path(),
                                  use == Use::route ? "neither broker: nor handler:" : "missing key 'broker'",
                                  nearest_hint("", broker_names(loading.config)));
    for (auto* key : {"target", "key", "exchange", "headers", "allow", "mandatory", "timestamp", "declare", "reply_to"})
      section.has(key);
  }
  return to;
}

void read_failures_into(Section& section, Failures& into, Loading& loading) {
  section.integer("attempts", into.attempts, 1, 1'000'000);
  read_backoff(section, into);
  bool reject = into.reject_when_exhausted;
  bool chosen = section.choice("on_exhausted", reject, {{"reject", true}, {"hold", false}});
  if (section.has("dead_letter")) {
    if (auto dead = section.section("dead_letter")) {
      into.dead_letter = read_destination(*dead, Use::dead_letter, loading);
      // A dead letter that is named here overrides an `on_exhausted` that is inherited.
      if (!chosen) reject = false;
    }
    if (chosen && reject)
      section.error("on_exhausted", "'reject' beside a dead_letter",
                    "one of them: the queue's own dead-letter exchange, or ours");
  } else if (chosen) {
    into.dead_letter.reset();
  }
  into.reject_when_exhausted = reject;
}

void read_failures(Section& top, Loading& loading) {
  auto& config = loading.config;
  if (auto failures = top.section("failures")) read_failures_into(*failures, config.failures, loading);
  if (config.replies.unusable == Unusable::dead_letter && !config.failures.dead_letter)
    top.error("replies", "'unusable: dead_letter' without a dead_letter",
              "failures: {dead_letter: {broker: ..., target: ...}}");
  top.choice("unrouted", config.unrouted, {{"discard", Unrouted::discard}, {"dead_letter", Unrouted::dead_letter}});
  if (config.unrouted == Unrouted::dead_letter && !config.failures.dead_letter)
    top.error("unrouted", "there is no dead_letter", "failures: {dead_letter: {broker: ..., target: ...}}");
}

}  // namespace mombridge::config
