#include "admin/action.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "config/text.hpp"

namespace mombridge::admin {

namespace {

/// Reading the files of a reload may take 60 s.
constexpr Duration kPatience = std::chrono::seconds(75);
constexpr Duration kLongest = std::chrono::hours(1);
/// For an action that answers when its patience is over.
constexpr Duration kMargin = std::chrono::milliseconds(500);

/// Absent: it is no duration.
std::optional<Duration> patience_of(const HttpRequest& request) {
  auto found = request.parameters.find("timeout");
  if (found == request.parameters.end()) return kPatience;
  auto patience = config::parse_duration(found->second);
  if (!patience || *patience <= Duration::zero()) return std::nullopt;
  return std::min(*patience, kLongest);
}

}  // namespace

/// For the own loop's thread.
struct ActionQuestion::State {
  struct Pending {
    ActionDone done;
    EventLoop::TimerId timer;
  };

  explicit State(EventLoop& loop) : own(loop) {}

  // What an action says after its time belongs to nobody any more.
  void answer(uint64_t question, HttpResponse response) {
    auto found = pending.find(question);
    if (found == pending.end()) return;
    auto entry = std::move(found->second);
    pending.erase(found);
    own.cancel(entry.timer);
    entry.done(std::move(response));
  }

  EventLoop& own;
  uint64_t last = 0;
  std::map<uint64_t, Pending> pending;
};

ActionQuestion::ActionQuestion(EventLoop& main, EventLoop& own) : main_(main), state_(std::make_shared<State>(own)) {}

void ActionQuestion::ask(const Action& action, HttpRequest request, ActionDone done) {
  auto patience = patience_of(request);
  if (!patience) return done(error_response(400, "'timeout' takes a duration like 10s"));
  auto number = ++state_->last;
  std::weak_ptr weak = state_;
  auto timer = state_->own.after(*patience + kMargin, [weak, number] {
    if (auto alive = weak.lock()) alive->answer(number, error_response(504, "it is not done yet, and goes on"));
  });
  state_->pending.emplace(number, State::Pending{std::move(done), timer});
  main_.post([weak, number, &action, patience, request = std::move(request)] {
    if (weak.expired()) return;  // and with it, perhaps, the action
    action(request, *patience, [weak, number](HttpResponse response) {
      auto alive = weak.lock();
      if (!alive) return;
      alive->own.post([weak, number, response = std::move(response)] {
        if (auto still_alive = weak.lock()) still_alive->answer(number, response);
      });
    });
  });
}

HttpResponse error_response(int status, const std::string& text) {
  nlohmann::json json{{"error", printable(text)}};
  return {.status = status, .body = json.dump() + "\n", .type = kJson};
}

std::string error_of(const std::string& body) {
  auto json = nlohmann::json::parse(body, nullptr, false);
  if (json.is_object() && json.contains("error") && json["error"].is_string())
    return printable(json["error"].get<std::string>());
  return printable(body.substr(0, body.find('\n')));
}

}  // namespace mombridge::admin
