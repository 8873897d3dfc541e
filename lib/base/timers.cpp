#include "base/timers.hpp"

namespace mombridge {

Timers::Id Timers::add(TimePoint at, Task task) {
  Id id = next_++;
  tasks_.emplace(std::pair{at, id}, std::move(task));
  times_.emplace(id, at);
  return id;
}

void Timers::cancel(Id id) {
  auto found = times_.find(id);
  if (found == times_.end()) return;
  tasks_.erase({found->second, id});
  times_.erase(found);
}

void Timers::run(TimePoint now) {
  Id newest = next_;
  for (auto first = tasks_.begin(); first != tasks_.end() && first->first.first <= now; first = tasks_.begin()) {
    if (first->first.second >= newest) break;
    Task task = std::move(first->second);
    times_.erase(first->first.second);
    tasks_.erase(first);
    task();
  }
}

Duration Timers::until_next(TimePoint now) const {
  return tasks_.empty() ? Duration::max() : tasks_.begin()->first.first - now;
}

}  // namespace mombridge
