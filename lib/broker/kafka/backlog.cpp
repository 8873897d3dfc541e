#include "broker/kafka/backlog.hpp"

namespace mombridge::kafka {

Backlog::Added Backlog::add(Publication& publication) noexcept {
  std::lock_guard lock(mutex_);
  if (closed_) return Added::closed;
  publications_.push_back(&publication);
  waiting_.fetch_add(1, std::memory_order_release);
  return publications_.size() == 1 ? Added::first : Added::behind;
}

Publication* Backlog::take() {
  std::lock_guard lock(mutex_);
  if (publications_.empty()) return nullptr;
  auto* oldest = publications_.front();
  publications_.pop_front();
  return oldest;
}

void Backlog::put_back(Publication& publication) {
  std::lock_guard lock(mutex_);
  publications_.push_front(&publication);
}

void Backlog::put_first(const std::vector<Publication*>& publications) {
  std::lock_guard lock(mutex_);
  publications_.insert(publications_.begin(), publications.begin(), publications.end());
  waiting_.fetch_add(publications.size(), std::memory_order_release);
}

void Backlog::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
}

std::vector<Publication*> Backlog::take_all() {
  std::lock_guard lock(mutex_);
  std::vector<Publication*> all(publications_.begin(), publications_.end());
  publications_.clear();
  waiting_ = 0;
  return all;
}

}  // namespace mombridge::kafka
