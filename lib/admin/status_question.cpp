#include "admin/status_question.hpp"

#include <utility>

namespace mombridge::admin {

StatusQuestion::StatusQuestion(EventLoop& main, EventLoop& own, Look look, Duration patience)
    : main_(main), look_(std::move(look)), patience_(patience), question_(main, own) {}

void StatusQuestion::ask(bool wants_figures, Answered answered) {
  if (wants_figures) wants_figures_ = true;
  waiting_.push_back(std::move(answered));
  if (waiting_.size() > 1) return;
  question_.ask(
      [this](const auto& done) { done(std::make_shared<const Status>(look_(wants_figures_.exchange(false)))); },
      patience_, nullptr,
      [this](const auto& status) {
        for (auto& one : std::exchange(waiting_, {})) one(status.get());
      });
}

}  // namespace mombridge::admin
