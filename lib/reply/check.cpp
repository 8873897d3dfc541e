#include "reply/check.hpp"

#include <algorithm>
#include <map>

#include "reply/return_path.hpp"

namespace mombridge::reply {

namespace {

template <class Id, class Named>
void tell_apart(const std::vector<Named>& all, Id (*id)(std::string_view), const std::string& section,
                config::Diagnostics& diagnostics) {
  std::map<Id, const Named*> seen;
  for (auto& one : all)
    if (auto [first, added] = seen.emplace(id(one.name), &one); !added && first->second->name != one.name)
      diagnostics.error(one.mark, section + "." + one.name,
                        "cannot be told from '" + first->second->name + "' in a return path", "give one another name");
}

/// The shortest text that the glob matches, as far as length goes: every wildcard but `*` is one character.
size_t shortest(const std::string& glob) {
  size_t size = 0;
  for (size_t i = 0; i < glob.size(); ++i) {
    size += glob[i] != '*';
    if (glob[i] == '\\') ++i;
    if (auto end = glob[i] == '[' ? glob.find(']', i + 2) : std::string::npos; end != std::string::npos) i = end;
  }
  return size;
}

/// Whether an address of `size` bytes that has no short form fits together with a UUID.
bool fits(const Sealer& sealer, size_t size, size_t limit) {
  const std::string address(std::max<size_t>(size, 1), '.');
  ReturnPath path;
  path.address = address;
  path.correlation_id = "00000000-0000-0000-0000-000000000000";
  std::string storage;
  return sealer.seal(path, limit, storage).has_value();
}

bool goes_to(const config::Config& config, const std::string& origin, const config::BrokerSection& via) {
  return std::ranges::any_of(config.routes, [&](auto& route) {
    return route.from.broker == origin &&
           std::ranges::any_of(route.to, [&](auto& to) { return to.broker == via.name; });
  });
}

}  // namespace

void check(const config::Config& config, config::Diagnostics& diagnostics) {
  tell_apart(config.routes, route_id, "routes", diagnostics);
  tell_apart(config.brokers, broker_id, "brokers", diagnostics);
  Sealer sealer(KeyRing(KeyRing::random(), config.name));
  for (auto& via : config.brokers) {
    if (!via.settings->accept_replies.value_or(false)) continue;
    for (auto& origin : config.brokers) {
      if (!goes_to(config, origin.name, via)) continue;
      for (auto& glob : origin.settings->allow_reply_to)
        if (glob.find_first_of("*?[\\") != std::string::npos &&
            !fits(sealer, shortest(glob), via.settings->kind->longest_correlation_id))
          diagnostics.error(origin.mark, "brokers." + origin.name + ".allow_reply_to",
                            "no reply address that '" + glob + "' matches can go through broker '" + via.name + "'",
                            "a return path has to fit " + std::to_string(via.settings->kind->longest_correlation_id) +
                                " bytes; name the addresses one by one, without wildcards, or use shorter ones");
    }
  }
}

}  // namespace mombridge::reply
