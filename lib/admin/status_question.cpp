#include "admin/status_question.hpp"

#include <utility>

namespace mombridge::admin {

StatusQuestion::StatusQuestion(EventLoop& main, EventLoop& own, Look look, Duration patience)
    : main_(main), look_(std::move(look)), patience_(patience), question_(main, own) {}

void StatusQuestion::ask(Answered answered) {
  waiting_.push_back(std::move(answered));
  if (waiting_.size() > 1) return;
  question_.ask([this](const auto& done) { done(std::make_shared<const Status>(look_())); }, patience_, nullptr,
                [this](const auto& status) {
                  for (auto& one : std::exchange(waiting_, {})) one(status.get());
                });
}

}  // namespace mombridge::admin
