#include "config/broker_keys.hpp"

#include "config/text.hpp"

namespace mombridge::config {

void read_broker_keys(Section& section, const KindContext& context, BrokerSettings& settings) {
  settings.appname = context.bridge_name;
  section.string("appname", settings.appname);
  settings.own_names = {context.bridge_name + ".replies", context.bridge_name + ".dead"};
  for (auto& glob : section.strings("allow_reply_to")) settings.allow_reply_to.push_back(glob.value);
  auto* list = section.node("allow_reply_to");
  // Without globs any address is allowed, and whoever writes an empty list means the opposite.
  if (list && list->kind == Node::Kind::list && list->items.empty())
    section.error("allow_reply_to", "an empty list", "leave it out to allow any, or name what is allowed");
}

bool read_accept_replies(Section& section, const KindContext& context, const std::string& key,
                         BrokerSettings& settings) {
  settings.reply_address = context.bridge_name + ".replies";
  if (section.string(key, settings.reply_address)) {
    if (settings.reply_address.empty())
      section.error(key, "an empty name", "without the key it is the bridge's name and '.replies'");
    settings.own_names.push_back(settings.reply_address);
  }
  bool accept = false;
  if (!section.flag("accept_replies", accept)) return false;
  settings.accept_replies = accept;
  return accept;
}

std::string address(const std::string& host, const std::string& port) {
  std::string name;
  for (char c : host) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (name == "localhost" || name == "::1" || name == "[::1]") name = "127.0.0.1";
  return name + ":" + port;
}

void read_reconnect(Section& section, Duration& first, Duration& longest) {
  bool set = section.duration("reconnect_delay", first, 1ms);
  bool limited = section.duration("reconnect_delay_max", longest, 1ms);
  if (first <= longest) return;
  if (limited) section.error("reconnect_delay_max", "below reconnect_delay, which is " + to_text(first));
  // Only reconnect_delay was set, above the default of reconnect_delay_max: then it is the longest wait, too.
  if (set && !limited) longest = first;
}

void read_prefetch_size(Section& section, const KindContext& context, uint64_t& bytes) {
  if (!section.size("prefetch_size", bytes, 1) || bytes <= context.memory) return;
  section.diagnostics().warning(section.mark("prefetch_size"), section.path("prefetch_size"),
                                size_text(bytes) + " for one subscription, where all messages together may take " +
                                    size_text(context.memory) + ": reading stops before that",
                                "memory: at the top of the file");
}

void read_restore(Section& section, Subscription& subscription) { section.flag("restore", subscription.restore); }

void join_restore(Section& from, const std::string& key, const Subscription& entry, const Subscription& first) {
  if (from.has("restore") && entry.restore != first.restore)
    from.error(key, "subscribed to with another restore", "first at " + place(first.mark));
}

bool read_mandatory(Section& destination, Use use) {
  bool mandatory = true;
  destination.flag("mandatory", mandatory);
  if (use == Use::dead_letter && !mandatory)
    destination.error("mandatory", "a dead letter that no queue takes would be lost", "leave it out");
  return mandatory;
}

std::optional<bool> read_timestamp(Section& destination) {
  bool keep = false;
  bool chosen = destination.choice("timestamp", keep, {{"keep", true}, {"arrival", false}});
  return chosen ? std::optional(keep) : std::nullopt;
}

void refuse_exchange(Section& destination, const KindTraits& kind) {
  if (destination.scalar("exchange"))
    destination.error("exchange", "a " + std::string(kind.type) + " broker has no exchanges", "leave it out");
}

void refuse_timestamp(Section& destination, const KindTraits& kind) {
  if (read_timestamp(destination))
    destination.error("timestamp", "a broker of type " + std::string(kind.type) + " has no times of records",
                      "leave it out: the timestamp property crosses as it is");
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
