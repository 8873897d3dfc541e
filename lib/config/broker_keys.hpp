#pragma once
// Keys that every kind of broker has in its section.

#include "config/kind_reader.hpp"
#include "config/yaml_reader.hpp"

namespace mombridge::config {

/// `appname`, `allow_reply_to`, and the names of the bridge's own queues or topics.
void read_broker_keys(Section& section, const KindContext& context, BrokerSettings& settings);

/// `accept_replies` and, under `key`, the name of the bridge's own queue or topic for them. Returns whether replies are
/// accepted. To be called after read_broker_keys().
bool read_accept_replies(Section& section, const KindContext& context, const std::string& key,
                         BrokerSettings& settings);

/// One spelling of a broker's host and port, for BrokerSettings::addresses.
std::string address(const std::string& host, const std::string& port);

/// `reconnect_delay` and `reconnect_delay_max`.
void read_reconnect(Section& section, Duration& first, Duration& longest);

/// `prefetch_size`. Warns where it is more than the memory of the whole process, which is the bound then.
void read_prefetch_size(Section& section, const KindContext& context, uint64_t& bytes);

/// `restore` of a subscription, and of a route's `queue:` or `topic:`, where `first` is the subscription of that name
/// that is there already: then both must say the same.
void read_restore(Section& section, Subscription& subscription);
void join_restore(Section& from, const std::string& key, const Subscription& entry, const Subscription& first);

/// `mandatory` of a destination. A dead letter is mandatory.
bool read_mandatory(Section& destination, Use use);
/// `timestamp` of a destination: whether it says `keep`, or nothing at all where it is absent.
std::optional<bool> read_timestamp(Section& destination);
/// The keys `exchange` and `timestamp` of a destination whose kind has no use for them.
void refuse_exchange(Section& destination, const KindTraits& kind);
void refuse_timestamp(Section& destination, const KindTraits& kind);

/// `target_from: header:NAME` of a subscription; then any target can arrive.
void read_target_from(Section& section, Subscription& subscription);

}  // namespace mombridge::config
