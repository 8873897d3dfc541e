#include "routing/letter_way.hpp"

#include <limits>

#include "base/text.hpp"

namespace mombridge::routing {

namespace {

constexpr size_t kShown = 256;

const config::Subscription* subscription_to(const config::BrokerSettings& settings, std::string_view source) {
  for (size_t i = 0; i < settings.subscription_count(); ++i)
    if (settings.subscription(i).source == source) return &settings.subscription(i);
  return nullptr;
}

int32_t partition_of(const LetterNotes& notes) {
  auto n = notes.partition.value_or(-1);
  return n >= 0 && n <= std::numeric_limits<int32_t>::max() ? static_cast<int32_t>(n) : -1;
}

}  // namespace

Result<LetterWay> letter_way(const config::Config& config, const LetterNotes& notes,
                             const std::optional<LetterTarget>& to, const FindWayBack& way_back) {
  if (to) {
    auto target = to->target.empty() ? std::string(notes.target) : to->target;
    if (target.empty()) return fail("it does not say which target it had: --to " + to->broker + "/TARGET");
    return LetterWay{to->broker, {.target = std::move(target), .options = {}, .headers = {}}};
  }
  if (notes.broker.empty() || notes.source.empty())
    return fail("it does not say where it came from: --to BROKER/TARGET");
  auto* section = config.broker(std::string(notes.broker));
  if (!section)
    return fail("it came from broker '" + printable(notes.broker, kShown) +
                "', which the configuration does not have: --to BROKER/TARGET");
  auto* subscription = subscription_to(*section->settings, notes.source);
  if (!subscription)
    return fail("it came from '" + printable(notes.source, kShown) + "' at " + section->name +
                ", which the configuration does not read: --to BROKER/TARGET");
  auto way = way_back(*section, *subscription, std::string(notes.target));
  if (!way) return fail(way.error().text + ": --to BROKER/TARGET");
  return LetterWay{section->name, std::move(*way), partition_of(notes)};
}

}  // namespace mombridge::routing
