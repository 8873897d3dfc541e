#include "daemon/builtin.hpp"

#include <algorithm>

#include "broker/amqp/broker.hpp"
#include "broker/amqp/config.hpp"
#include "broker/kafka/broker.hpp"
#include "broker/kafka/config.hpp"
#include "broker/memory/broker.hpp"
#include "broker/memory/config.hpp"

namespace mombridge {

const std::vector<BrokerKind>& broker_kinds() {
  static const std::vector<BrokerKind> kKinds{
      {amqp::reader(), amqp::create, false, amqp::client_settings},
      {kafka::reader(), kafka::create, false, kafka::client_settings},
      {memory::reader(), memory::create, true},
  };
  return kKinds;
}

const BrokerKind& broker_kind(const std::string& type) {
  return *std::ranges::find(broker_kinds(), type, [](auto& kind) { return kind.reader.type; });
}

std::vector<config::KindReader> kind_readers() {
  std::vector<config::KindReader> readers;
  for (auto& kind : broker_kinds()) readers.push_back(kind.reader);
  return readers;
}

}  // namespace mombridge
