#pragma once
// One delivery and its attempts, one for each destination: the delivery is settled when the last of them has ended.

#include <atomic>
#include <memory>
#include <vector>

#include "message/delivery.hpp"
#include "routing/attempt.hpp"
#include "routing/table_use.hpp"

namespace mombridge::routing {

/// Stays attached to its Delivery and is reused with it, so that a message in steady state allocates nothing here.
class FanOut final : public Delivery::Attachment, private Attempt::Owner {
 public:
  /// `queue` outlives this.
  explicit FanOut(RetryQueue& queue) : queue_(queue) {}

  /// [source's thread] Takes the duty to settle the delivery, which goes by the table of `use`.
  void begin(DeliveryHandle delivery, TableUse& use);
  /// [source's thread] A further attempt, to be told what to do.
  Attempt& add();
  /// [source's thread] Starts all attempts; without any, settles. The delivery may be gone when this returns.
  void launch() noexcept;
  /// [source's thread] Starts the first attempt alone. The others are started where it cannot put the message back.
  void launch_first() noexcept;

  [[nodiscard]] bool away() const noexcept override;
  [[nodiscard]] Received received() const { return {delivery_, &use_->origin(), &use_->table()}; }
  /// The delivery came through the bridge's own reply queue or topic.
  [[nodiscard]] bool is_reply() const;

 private:
  /// Attempts that have not ended (`open`), and those of them that only wait for the operator, in one number, so that
  /// each change of the two is seen by one thread.
  static constexpr uint64_t kOpen = 1, kHeld = uint64_t{1} << 32;
  static uint32_t open(uint64_t state) { return static_cast<uint32_t>(state); }
  /// Nothing of it can end before the operator has done something.
  static bool held(uint64_t state) { return open(state) && open(state) == state >> 32; }

  void attempt_done(Settlement settlement) noexcept override;
  void attempt_held(bool yes) noexcept override;
  void put_back_refused() noexcept override;
  [[nodiscard]] bool alone() const noexcept override { return used_ == 1; }
  [[nodiscard]] std::shared_ptr<const RouteTable> newer_table() noexcept override;
  void attempt_moved() noexcept override;
  void changed(uint64_t before, uint64_t after) noexcept;
  void settle(Settlement settlement) noexcept;
  void measure() const noexcept;

  RetryQueue& queue_;
  Delivery* delivery_ = nullptr;  ///< owns this; not a handle, as the source may destroy both when it ends
  TableUse* use_ = nullptr;
  TimePoint received_at_{};  ///< zero: times are not wanted
  std::vector<std::unique_ptr<Attempt>> attempts_;
  size_t used_ = 0;
  std::atomic<uint64_t> state_{0};
  std::atomic<Settlement> worst_{Settlement::accept};
};

}  // namespace mombridge::routing
