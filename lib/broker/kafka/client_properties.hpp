#pragma once
// What the driver sets of librdkafka's configuration, for each of its clients. What is fixed here a user's
// `librdkafka:` may not set; what is a default it may.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/kafka/settings.hpp"
#include "broker/kafka/topic_match.hpp"
#include "broker/source/memory_reserve.hpp"

namespace mombridge::kafka {

struct Property {
  const char* name;
  std::string value;
};

/// In the order in which they are set: the user's own come between them.
struct ClientProperties {
  std::vector<Property> defaults, fixed;
};

/// `settings` have the subscriptions of this client alone, which `match` was made from. `queue_bytes`: what may wait in
/// its queue.
ClientProperties consumer_properties(const Settings& settings, const TopicMatch& match,
                                     uint64_t queue_bytes = source::MemoryReserve::kLargestQueue);
ClientProperties producer_properties(const Settings& settings);

/// Why the bridge itself sets a property, with the key that stands for it where there is one; null: it does not, or a
/// user may set it as well.
const char* why_fixed(std::string_view name);

}  // namespace mombridge::kafka
