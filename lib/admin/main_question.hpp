#pragma once
// Something that the main loop does or knows, asked for on behalf of another loop that must not wait.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/event_loop.hpp"

namespace mombridge::admin {

/// What is asked for is copied where it goes.
template <class Answer>
class MainQuestion {
 public:
  using Done = std::function<void(const Answer&)>;
  /// [main loop] Calls its argument once, on the main loop, now or later; or drops it where the main loop ends before.
  using Work = std::function<void(Done)>;

  /// Both loops outlive this. It is destroyed on the thread of `main`, when `own` does not run any more.
  MainQuestion(EventLoop& main, EventLoop& own) : main_(main), state_(std::make_shared<State>(own)) {}

  /// [own loop] Never blocks. `done` is called once, on the own loop: with the answer, or after `patience` with `late`.
  /// The work goes on then. It is not begun where this is gone.
  void ask(Work work, Duration patience, Answer late, Done done) {
    auto number = ++state_->last;
    std::weak_ptr weak = state_;
    auto timer = state_->own.after(patience, [weak, number, late = std::move(late)] {
      if (auto alive = weak.lock()) alive->answer(number, late);
    });
    state_->open.emplace(number, Open{std::move(done), timer});
    main_.post([weak, number, work = std::move(work)] {
      if (weak.expired()) return;
      work([weak, number](const Answer& answer) {
        auto alive = weak.lock();
        if (!alive) return;
        alive->own.post([weak, number, answer] {
          if (auto still_alive = weak.lock()) still_alive->answer(number, answer);
        });
      });
    });
  }

 private:
  struct Open {
    Done done;
    EventLoop::TimerId timer;
  };

  /// For the own loop's thread.
  struct State {
    explicit State(EventLoop& loop) : own(loop) {}

    // An answer that comes after its time belongs to no question any more.
    void answer(uint64_t number, const Answer& answer) {
      auto found = open.find(number);
      if (found == open.end()) return;
      auto question = std::move(found->second);
      open.erase(found);
      own.cancel(question.timer);
      question.done(answer);
    }

    EventLoop& own;
    uint64_t last = 0;
    std::map<uint64_t, Open> open;
  };

  EventLoop& main_;
  std::shared_ptr<State> state_;  ///< what is posted finds by it that this is gone
};

}  // namespace mombridge::admin
