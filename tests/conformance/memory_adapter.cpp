#include "adapter.hpp"
#include "broker/memory/broker.hpp"
#include "broker/memory/settings.hpp"

namespace mombridge::conformance {

namespace {

class MemoryAdapter final : public Adapter {
 public:
  [[nodiscard]] Capabilities capabilities() const override {
    return {.keeps = false, .remote = false, .reject_refuses = true, .limits_body = false};
  }
  std::string new_target(int) override { return unique_name(); }
  std::string missing_target() override { return "nobody.takes.this"; }

  std::unique_ptr<Broker> make(const Wish& wish) override {
    auto settings = std::make_shared<memory::Settings>();
    settings->prefetch_count = wish.prefetch;
    settings->subscriptions = {{.source = wish.target, .targets = {wish.target}, .target_from = {}, .mark = {}}};
    sections_.push_back({.name = "local", .type = "memory", .mark = {}, .settings = settings});
    return memory::create(sections_.back());
  }

  [[nodiscard]] OwnMessage as_received(OwnMessage sent, const OwnMessage&) const override { return sent; }

 private:
  std::vector<config::BrokerSection> sections_;
};

}  // namespace

std::unique_ptr<Adapter> memory_adapter() { return std::make_unique<MemoryAdapter>(); }

}  // namespace mombridge::conformance
