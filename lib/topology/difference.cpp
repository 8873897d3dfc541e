#include "topology/difference.hpp"

#include <algorithm>

namespace mombridge::topology {

namespace {

using Texts = config::Written::Texts;

std::map<std::string, Change> changes(const Texts& former, const Texts& present) {
  std::map<std::string, Change> all;
  for (auto& [name, text] : former) {
    auto found = present.find(name);
    all[name] = found == present.end()                    ? Change::removed
                : found->second.reveal() == text.reveal() ? Change::same
                                                          : Change::changed;
  }
  for (auto& [name, text] : present) all.emplace(name, Change::added);
  return all;
}

}  // namespace

Difference compare(const config::Written& former, const config::Written& present) {
  Difference all{changes(former.brokers, present.brokers), changes(former.handlers, present.handlers),
                 changes(former.routes, present.routes), changes(former.globals, present.globals)};
  auto subscriptions = changes(former.subscriptions, present.subscriptions);
  for (auto& [name, change] : all.brokers)
    if (change == Change::same && subscriptions[name] != Change::same) change = Change::resubscribed;
  return all;
}

Change change_of(const std::map<std::string, Change>& changes, const std::string& name) {
  auto found = changes.find(name);
  return found == changes.end() ? Change::added : found->second;
}

bool Difference::none() const {
  return std::ranges::all_of(std::initializer_list{&brokers, &handlers, &routes, &globals}, [](auto* all) {
    return std::ranges::all_of(*all, [](auto& one) { return one.second == Change::same; });
  });
}

std::vector<std::string> Difference::named(Change change) const {
  std::vector<std::string> names;
  auto add = [&](const std::string& what, const std::map<std::string, Change>& all, Change wanted) {
    for (auto& [name, happened] : all)
      if (happened == wanted) names.push_back(what + name);
  };
  add("broker ", brokers, change);
  if (change == Change::changed) add("subscriptions of broker ", brokers, Change::resubscribed);
  add("handler ", handlers, change);
  add("route ", routes, change);
  add("", globals, change);
  return names;
}

}  // namespace mombridge::topology
