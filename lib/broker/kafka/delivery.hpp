#pragma once
// A record in the sink's hands.

#include "broker/kafka/partition_reader.hpp"
#include "broker/kafka/record.hpp"
#include "broker/source/byte_budget.hpp"
#include "message/delivery.hpp"

namespace mombridge::kafka {

class Deliveries;

/// Made and reused by its Deliveries; the fields are theirs.
class KafkaDelivery final : public Delivery {
 public:
  explicit KafkaDelivery(Deliveries& owner) : owner_(owner) {}
  void settle(Settlement s) noexcept override;
  [[nodiscard]] bool stale() const noexcept override { return !from->current(); }

  Event event;  ///< keeps a record that was not copied
  PartitionReader* from = nullptr;
  uint64_t number = 0;                   ///< in the reader's order of delivery
  size_t size = 0;                       ///< bytes that it counts against prefetch_size, decoded headers among them
  source::ByteBudget* budget = nullptr;  ///< where they count
  unsigned tries = 0;
  Settlement settlement = Settlement::accept;
  RecordStorage storage;

 private:
  Deliveries& owner_;
};

}  // namespace mombridge::kafka
