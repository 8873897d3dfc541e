#pragma once
// The way of one delivery through the bridge: its branches, and the settlement when the last of them is done.

#include <atomic>
#include <memory>
#include <vector>

#include "message/delivery.hpp"
#include "routing/branch.hpp"
#include "routing/route_table.hpp"

namespace mombridge::routing {

class Port;
class Router;

/// Stays attached to its Delivery and is reused with it, so that a message in steady state allocates nothing here.
class Passage final : public Delivery::Attachment {
 public:
  explicit Passage(Port& port) : port_(port) {}

  /// [source's thread] Takes the duty to settle the delivery.
  void begin(DeliveryHandle delivery, const std::shared_ptr<const RouteTable>& table);
  /// [source's thread] A further branch, to be aimed or condemned.
  Branch& add();
  /// [source's thread] Starts all branches; without any, settles. The delivery may be gone when this returns.
  void launch() noexcept;
  /// [source's thread] Starts the first branch alone. The others are started by it, before it is done, or never.
  void launch_first() noexcept;
  void start_others() noexcept;
  /// [any thread] One branch is done. The last one settles the delivery, and the passage must not be touched after.
  void branch_done(Settlement settlement) noexcept;
  /// [any thread, before branch_done()] One branch only waits for the operator now, or no longer does.
  void branch_held(bool yes) noexcept;

  [[nodiscard]] bool away() const noexcept override;

  [[nodiscard]] const Delivery& delivery() const { return *delivery_; }
  [[nodiscard]] const Endpoint& origin() const { return *origin_; }
  [[nodiscard]] const RouteTable* table() const { return table_.get(); }
  [[nodiscard]] Router& router() const;
  /// It came through the bridge's own reply queue or topic.
  [[nodiscard]] bool is_reply() const {
    auto& subscriptions = origin_->section->settings->subscriptions;
    return delivery_->subscription < subscriptions.size() && subscriptions[delivery_->subscription].replies;
  }

 private:
  /// Branches that are not done (`open`), and those of them that only wait for the operator, in one number, so that
  /// each change of the two is seen by one thread.
  static constexpr uint64_t kOpen = 1, kHeld = uint64_t{1} << 32;
  static uint32_t open(uint64_t state) { return static_cast<uint32_t>(state); }
  /// Nothing of it can be done before the operator has done something.
  static bool held(uint64_t state) { return open(state) && open(state) == state >> 32; }

  void changed(uint64_t before, uint64_t after) noexcept;
  void settle(Settlement settlement) noexcept;

  Port& port_;
  Delivery* delivery_ = nullptr;  ///< owns this; not a handle, as the source may destroy both when it ends
  std::shared_ptr<const RouteTable> table_;
  const Endpoint* origin_ = nullptr;
  std::vector<std::unique_ptr<Branch>> branches_;
  size_t used_ = 0;
  std::atomic<uint64_t> state_{0};
  std::atomic<Settlement> worst_{Settlement::accept};
};

}  // namespace mombridge::routing
