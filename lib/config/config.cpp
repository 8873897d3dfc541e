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

}  // namespace mombridge::config
