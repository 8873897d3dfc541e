#include "config/config.hpp"

#include <algorithm>

namespace mombridge::config {

namespace {

template <class T>
const T* find(const std::vector<T>& all, const std::string& name) {
  auto at = std::ranges::find(all, name, &T::name);
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

const BrokerSection* Config::broker(const std::string& broker_name) const { return find(brokers, broker_name); }
const Handler* Config::handler(const std::string& handler_name) const { return find(handlers, handler_name); }

bool same_broker(const BrokerSection& a, const BrokerSection& b) {
  if (&a == &b) return true;
  auto& known = b.settings->addresses;
  return a.type == b.type && std::ranges::any_of(a.settings->addresses, [&](auto& address) {
           return std::ranges::find(known, address) != known.end();
         });
}

}  // namespace mombridge::config
