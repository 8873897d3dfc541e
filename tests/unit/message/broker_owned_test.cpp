#include "message/broker_owned.hpp"

#include <string>

#include <gtest/gtest.h>

namespace mombridge {
namespace {

const char* const kOwned[] = {"CC",
                              "BCC",
                              "x-cc",
                              "x-death",
                              "x-death-count",
                              "x-first-death-queue",
                              "x-first-death-reason",
                              "x-first-death-exchange",
                              "x-last-death-queue",
                              "x-last-death-reason",
                              "x-last-death-exchange",
                              "x-opt-deaths",
                              "x-delivery-count",
                              "x-acquired-count",
                              "x-stream-offset",
                              "x-received-from",
                              "x-shovelled",
                              "x-shovelled-timestamp",
                              "x-opt-shovelled-by",
                              "x-opt-shovelled-timestamp",
                              "x-opt-shovel-name",
                              "x-opt-shovel-type",
                              "x-opt-rabbitmq-received-time",
                              "x-opt-rabbitmq-sent-time",
                              "x-opt-mqtt-client-id",
                              "x-mqtt-dup",
                              "x-mqtt-publish-qos",
                              "x-routed-by",
                              "x-exchange",
                              "x-routing-key",
                              "x-basic-type",
                              "x-basic-expiration",
                              "x-basic-priority",
                              "x-basic-delivery-mode",
                              "x-invalid-headers",
                              "x-amqp-1.0-properties",
                              "x-amqp-1.0-app-properties"};

// What applications write, and what publishers write for plugins to act on.
const char* const kOfSenders[] = {"",
                                  "x",
                                  "x-",
                                  "x-c",
                                  "cc",
                                  "Cc",
                                  "X-Death",
                                  "X-DELIVERY-COUNT",
                                  "x-delay",
                                  "x-request-id",
                                  "x-correlation-id",
                                  "x-message-id",
                                  "x-my-app",
                                  "x-retry-count",
                                  "x-original-exchange",
                                  "x-original-routing-key",
                                  "x-delivery-counter",
                                  "x-delivery-mode",
                                  "x-first",
                                  "x-last-seen",
                                  "x-stream-filter-value",
                                  "x-opt-in",
                                  "x-opt-delivery-delay",
                                  "x-basic-auth",
                                  "x-recent-history-no-store",
                                  "x-message-deduplication",
                                  "x-forwarded-for",
                                  "x-b3-traceid",
                                  "timestamp_in_ms",
                                  "CCC",
                                  "BC"};

TEST(BrokerOwned, EveryNameThatBrokersWrite) {
  for (auto* name : kOwned) EXPECT_TRUE(broker_owned(name)) << name;
}

TEST(BrokerOwned, NoNameOfAnApplication) {
  for (auto* name : kOfSenders) EXPECT_FALSE(broker_owned(name)) << name;
}

}  // namespace
}  // namespace mombridge
