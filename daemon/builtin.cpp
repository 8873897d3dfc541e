#include "daemon/builtin.hpp"

#include <algorithm>

#include "broker/amqp/access_check.hpp"
#include "broker/amqp/broker.hpp"
#include "broker/amqp/browser.hpp"
#include "broker/amqp/config.hpp"
#include "broker/amqp/way_back.hpp"
#include "broker/kafka/access_check.hpp"
#include "broker/kafka/broker.hpp"
#include "broker/kafka/browser.hpp"
#include "broker/kafka/config.hpp"
#include "broker/kafka/try_out.hpp"
#include "broker/kafka/way_back.hpp"
#include "broker/memory/broker.hpp"
#include "broker/memory/config.hpp"
#include "routing/destination_broker.hpp"
#include "routing/destination_handler.hpp"

namespace mombridge {

const std::vector<BrokerKind>& broker_kinds() {
  static const std::vector<BrokerKind> kKinds{
      {.reader = amqp::reader(),
       .create = amqp::create,
       .check_access = amqp::check_access,
       .needs = amqp::needs,
       .client_settings = amqp::client_settings,
       .browse = amqp::browse,
       .way_back = amqp::way_back},
      {.reader = kafka::reader(),
       .create = kafka::create,
       .one_at_a_time = true,
       .try_out = kafka::try_out,
       .check_access = kafka::check_access,
       .needs = kafka::needs,
       .client_settings = kafka::client_settings,
       .browse = kafka::browse,
       .way_back = kafka::way_back},
      {.reader = memory::reader(), .create = memory::create},
  };
  return kKinds;
}

const BrokerKind& broker_kind(const std::string& type) {
  return *std::ranges::find(broker_kinds(), type, [](auto& kind) { return kind.reader.traits->type; });
}

const routing::DestinationKinds& destination_kinds() {
  static const routing::DestinationKinds kKinds{
      routing::broker_destination_kind(),
      routing::handler_destination_kind(),
  };
  return kKinds;
}

std::vector<config::KindReader> kind_readers() {
  std::vector<config::KindReader> readers;
  for (auto& kind : broker_kinds()) readers.push_back(kind.reader);
  return readers;
}

}  // namespace mombridge
