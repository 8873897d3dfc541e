#include "config/broker_keys.hpp"

#include "config/text.hpp"

namespace mombridge::config {

void read_broker_keys(Section& section, const KindContext& context, BrokerSettings& settings) {
  settings.appname = context.bridge_name;
  section.string("appname", settings.appname);
  settings.own_names = {context.bridge_name + ".replies", context.bridge_name + ".dead"};
  for (auto& glob : section.strings("allow_reply_to")) settings.allow_reply_to.push_back(glob.value);
  auto* list = section.node("allow_reply_to");
  // No globs mean "any": what the list looks like it says is the opposite.
  if (list && list->kind == Node::Kind::list && list->items.empty())
    section.error("allow_reply_to", "an empty list", "leave it out to allow any, or name what is allowed");
}

void read_reconnect(Section& section, Duration& first, Duration& longest) {
  bool set = section.duration("reconnect_delay", first, 1ms);
  bool limited = section.duration("reconnect_delay_max", longest, 1ms);
  if (first <= longest) return;
  if (limited) section.error("reconnect_delay_max", "below reconnect_delay, which is " + to_text(first));
  // Only the first wait was set, above the default of the other: then it is the longest as well.
  if (set && !limited) longest = first;
}

void read_target_from(Section& section, Subscription& subscription) {
  constexpr std::string_view kHeader = "header:";
  auto from = section.scalar("target_from");
  if (!from) return;
  subscription.targets = {"#"};
  if (!from->known) return;
  if (!from->value.starts_with(kHeader) || from->value.size() == kHeader.size())
    return section.error("target_from", "unknown value " + in_quotes(from->shown), "header:NAME");
  subscription.target_from = from->value.substr(kHeader.size());
}

}  // namespace mombridge::config
