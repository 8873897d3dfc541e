#include "routing/lane.hpp"

namespace mombridge::routing {

namespace {

/// A scan over so few costs less than the words of a target.
constexpr size_t kFew = 4;

}  // namespace

void Lane::add(const Route& route) {
  if (route.pattern.exact()) {
    exact_[route.pattern.text()].push_back(&route);
    return;
  }
  patterns_.add(route.pattern, static_cast<uint32_t>(by_number_.size()));
  by_number_.push_back(&route);
}

void Lane::match(const Message& message, RouteMatches& matches) const {
  auto take = [&](const Route& route) {
    if (route.accepts(message)) matches.routes.push_back(&route);
  };
  if (auto found = exact_.find(message.target); found != exact_.end())
    for (auto* route : found->second) take(*route);
  if (by_number_.size() <= kFew) {
    for (auto* route : by_number_)
      if (route->pattern.matches(message.target)) take(*route);
    return;
  }
  patterns_.match(message.target, matches.search);
  for (auto number : matches.search.found()) take(*by_number_[number]);
}

}  // namespace mombridge::routing
