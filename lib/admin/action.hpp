#pragma once
// What people make a running bridge do: posted to a listener, done on the main loop, answered when it is done.

#include <functional>
#include <map>
#include <string>

#include "admin/http.hpp"
#include "admin/main_question.hpp"

namespace mombridge::admin {

using ActionDone = std::function<void(HttpResponse)>;

/// [main loop] Begins, and calls `done` once, on the main loop, now or later; who has asked gives up some time after
/// `patience`. `done` may be dropped where the main loop ends before.
using Action = std::function<void(const HttpRequest& request, Duration patience, ActionDone done)>;

/// By the path that is posted to.
using Actions = std::map<std::string, Action, std::less<>>;

/// Has actions done on behalf of the loop of a listener.
class ActionQuestion {
 public:
  /// As MainQuestion's.
  ActionQuestion(EventLoop& main, EventLoop& own) : question_(main, own) {}

  /// [own loop] Never blocks. `action` outlives this. `done` is called once, on the own loop: with what the action
  /// says, or with a 504 soon after the patience that `timeout` among the request's parameters says (75 s by default).
  /// The action goes on then.
  void ask(const Action& action, HttpRequest request, ActionDone done);

 private:
  MainQuestion<HttpResponse> question_;
};

/// JSON with one key, `error`.
[[nodiscard]] HttpResponse error_response(int status, const std::string& text);

/// What such a JSON, or any other body that is not what was expected, says in one line.
[[nodiscard]] std::string error_of(const std::string& body);

}  // namespace mombridge::admin
