#include "broker/figure_sampler.hpp"

#include <utility>

namespace mombridge {

FigureSampler::FigureSampler(EventLoop& loop, std::function<void()> measure, Times times)
    : loop_(loop), measure_(std::move(measure)), times_(times) {}

void FigureSampler::want() {
  std::lock_guard lock(mutex_);
  until_ = Clock::now() + times_.after_last;
  if (!std::exchange(running_, true)) loop_.post([this] { next(); });
}

void FigureSampler::next() {
  timer_ = 0;
  {
    std::lock_guard lock(mutex_);
    running_ = Clock::now() <= until_;
    if (!running_) return;
  }
  measure_();
  timer_ = loop_.after(times_.every, [this] { next(); });
}

template <class Figure>
std::vector<Figure> FigureSampler::fresh(const Dated<Figure>& dated) const {
  bool old = dated.at == TimePoint{} || Clock::now() - dated.at > 3 * times_.every;
  return old ? std::vector<Figure>() : dated.figures;
}

Figures FigureSampler::read() const {
  std::lock_guard lock(mutex_);
  return {.lags = fresh(lags_), .depths = fresh(depths_), .certificates = {}};
}

}  // namespace mombridge
