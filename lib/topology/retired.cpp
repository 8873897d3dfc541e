#include "topology/retired.hpp"

#include <utility>

namespace mombridge::topology {

std::shared_ptr<Retired> Retired::on(EventLoop& loop) {
  std::shared_ptr<Retired> retired(new Retired(loop));
  retired->self_ = retired;
  return retired;
}

void Retired::add(std::function<void()> end) {
  {
    std::lock_guard lock(mutex_);
    ends_.push_back(std::move(end));
  }
  loop_.post([weak = self_] {
    if (auto self = weak.lock()) self->end_all();
  });
}

// What ends may add others.
void Retired::end_all() {
  for (;;) {
    std::vector<std::function<void()>> ends;
    {
      std::lock_guard lock(mutex_);
      ends.swap(ends_);
    }
    if (ends.empty()) return;
    for (auto& end : ends) end();
  }
}

}  // namespace mombridge::topology
