#include "admin/status_question.hpp"

#include <utility>

namespace mombridge::admin {

/// `look` is for the main loop's thread, all else for the own loop's.
struct StatusQuestion::State {
  State(EventLoop& loop, Look l, Duration p) : own(loop), look(std::move(l)), patience(p) {}

  // An answer that comes after its time belongs to no question any more.
  void answer(uint64_t question, const Status* status) {
    if (question != number || waiting.empty()) return;
    own.cancel(std::exchange(timer, 0));
    for (auto& answered : std::exchange(waiting, {})) answered(status);
  }

  EventLoop& own;
  const Look look;
  const Duration patience;
  uint64_t number = 0;  ///< of the question that is under way
  EventLoop::TimerId timer = 0;
  std::vector<Answered> waiting;
};

StatusQuestion::StatusQuestion(EventLoop& main, EventLoop& own, Look look, Duration patience)
    : main_(main), state_(std::make_shared<State>(own, std::move(look), patience)) {}

void StatusQuestion::ask(Answered answered) {
  auto& state = *state_;
  state.waiting.push_back(std::move(answered));
  if (state.waiting.size() > 1) return;
  auto number = ++state.number;
  std::weak_ptr weak = state_;
  state.timer = state.own.after(state.patience, [weak, number] {
    if (auto alive = weak.lock()) alive->answer(number, nullptr);
  });
  main_.post([weak, number] {
    auto alive = weak.lock();
    if (!alive) return;
    auto status = std::make_shared<const Status>(alive->look());
    alive->own.post([weak, number, status] {
      if (auto still_alive = weak.lock()) still_alive->answer(number, status.get());
    });
  });
}

}  // namespace mombridge::admin
