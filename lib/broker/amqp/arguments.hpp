#pragma once
// Arguments of queues, bindings and consumers, in the form that rabbitmq-c encodes.

#include <vector>

#include "broker/amqp/connection.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

/// Views into `arguments`, which must outlive them.
std::vector<amqp_table_entry_t> entries(const Arguments& arguments);

/// A view of `entries`.
inline amqp_table_t table(std::vector<amqp_table_entry_t>& entries) {
  return {static_cast<int>(entries.size()), entries.data()};
}

}  // namespace mombridge::amqp
