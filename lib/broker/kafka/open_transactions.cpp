#include "broker/kafka/open_transactions.hpp"

#include <utility>

namespace mombridge::kafka {

namespace {

constexpr Duration kEvery = std::chrono::seconds(5);
constexpr const char* kMend =
    "kafka-transactions.sh find-hanging shows one whose producer is gone, abort ends it; others end by their producer, "
    "or by its transaction.timeout.ms";

}  // namespace

OpenTransactions::OpenTransactions(EventLoop& loop, std::string broker, const Assignment& assignment,
                                   std::function<bool(const PartitionReader&)> waits, std::function<void()> changed)
    : loop_(loop),
      broker_(std::move(broker)),
      assignment_(assignment),
      waits_(std::move(waits)),
      changed_(std::move(changed)) {}

void OpenTransactions::watch(rd_kafka_t* client) {
  client_ = client;
  if (!timer_) timer_ = loop_.after(kEvery, [this] { look(); });
}

std::string OpenTransactions::note(const PartitionReader& p) {
  if (!p.transaction().hangs()) return {};
  return p.topic() + " partition " + std::to_string(p.number()) + " stands at offset " +
         std::to_string(p.transaction().offset()) + ", where a transaction stays open: " + kMend;
}

void OpenTransactions::look() {
  timer_ = 0;
  if (assignment_.empty()) return;
  bool changed = false;
  for (auto& [key, partition] : assignment_) changed |= look(*partition);
  if (changed) changed_();
  watch(client_);
}

// The client learns where the log ends from every fetch, also from those that bring nothing.
bool OpenTransactions::look(PartitionReader& p) {
  int64_t low = 0, high = 0;
  if (rd_kafka_get_watermark_offsets(client_, p.topic().c_str(), p.number(), &low, &high)) return false;
  auto change = p.transaction().look(p.in_flight().last_offset(), high, waits_(p), Clock::now());
  if (change == TransactionWatch::Change::none) return false;
  auto offset = p.transaction().offset();
  if (change == TransactionWatch::Change::ended)
    log::info("the transaction has ended",
              {{"broker", broker_}, {"topic", p.topic()}, {"partition", p.number()}, {"offset", offset}});
  else
    log_.event(log::Level::warn, "a transaction stays open: nothing that was produced after it is delivered",
               {{"broker", broker_},
                {"topic", p.topic()},
                {"partition", p.number()},
                {"offset", offset},
                {"end", high},
                {"reason", kMend}});
  return true;
}

}  // namespace mombridge::kafka
