#pragma once
// Figures that are measured again and again while somebody wants them.

#include <chrono>
#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "base/event_loop.hpp"
#include "broker/figures.hpp"

namespace mombridge {

/// Begins the rounds of measuring, and keeps the last figures. Costs nothing while nobody wants any. For the loop's
/// thread, but for want() and read().
class FigureSampler {
 public:
  struct Times {
    Duration every = std::chrono::seconds(5);  ///< the figures of three such rounds ago are too old
    /// So long the rounds go on after the last want(). Prometheus is not to scrape less often than every two minutes.
    Duration after_last = std::chrono::seconds(150);
  };
  /// `measure` begins a round: it puts what is known at once, and what has to be asked for when the answer is there.
  /// The loop outlives this.
  FigureSampler(EventLoop& loop, std::function<void()> measure) : FigureSampler(loop, std::move(measure), Times()) {}
  FigureSampler(EventLoop& loop, std::function<void()> measure, Times times);
  ~FigureSampler() { loop_.cancel(timer_); }
  FigureSampler(const FigureSampler&) = delete;
  FigureSampler& operator=(const FigureSampler&) = delete;

  /// [any thread] The first call after a while begins a round, soon.
  void want();
  /// [any thread] What was put in the last rounds; certificates are not among it.
  [[nodiscard]] Figures read() const;

  /// What was measured, in place of what was measured before.
  void put(std::vector<Figures::Lag> lags) { put(lags_, std::move(lags)); }
  void put(std::vector<Figures::Depth> depths) { put(depths_, std::move(depths)); }

 private:
  template <class Figure>
  struct Dated {
    std::vector<Figure> figures;
    TimePoint at{};
  };
  template <class Figure>
  void put(Dated<Figure>& into, std::vector<Figure> figures) {
    std::lock_guard lock(mutex_);
    into = {std::move(figures), Clock::now()};
  }
  template <class Figure>
  [[nodiscard]] std::vector<Figure> fresh(const Dated<Figure>& dated) const;
  void next();

  EventLoop& loop_;
  const std::function<void()> measure_;
  const Times times_;
  EventLoop::TimerId timer_ = 0;
  mutable std::mutex mutex_;  ///< guards what follows
  TimePoint until_{};
  bool running_ = false;
  Dated<Figures::Lag> lags_;
  Dated<Figures::Depth> depths_;
};

}  // namespace mombridge
