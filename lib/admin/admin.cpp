#include "admin/admin.hpp"

#include <utility>

#include "admin/process.hpp"
#include "admin/tap_stream.hpp"
#include "base/log.hpp"
#include "config/admin.hpp"

namespace mombridge::admin {

namespace {

/// The socket that needs no key. A place that cannot be had (a root that is read-only, a replica of the same name) is
/// no reason not to carry messages.
Result<std::pair<config::Listen, ListeningSocket>> open_runtime_socket(const std::string& bridge) {
  auto listen = runtime_socket(bridge);
  if (!listen) return fail(listen.error());
  auto socket = ListeningSocket::open(*listen);
  if (!socket) return fail(socket.error());
  return std::pair(std::move(*listen), std::move(*socket));
}

}  // namespace

Result<> Admin::listen(const config::Config& config) {
  process_started();
  if (config.admin) {
    auto& listener = config.admin->listener;
    auto socket = ListeningSocket::open(listener, "admin.listen");
    if (!socket) return fail(socket.error());
    add("admin", std::move(*socket), Endpoints(Access(listener.listen, config.admin->token), actions_));
  } else if (auto own = open_runtime_socket(config.name)) {
    add("admin", std::move(own->second), Endpoints(Access(own->first, {}), actions_));
  } else {
    log::warn("no socket for 'mombridge status'", {{"reason", own.error().text}, {"mend", "admin: {listen: ...}"}});
  }
  if (!config.probes) return {};
  auto socket = ListeningSocket::open(*config.probes, "probes.listen");
  if (!socket) return fail(socket.error());
  add("probes", std::move(*socket), Endpoints());
  return {};
}

void Admin::add(const char* thread, ListeningSocket socket, Endpoints endpoints) {
  auto server = std::make_unique<Server>(thread, std::move(socket));
  auto question = std::make_unique<StatusQuestion>(main_, server->loop(), look_);
  auto actions = std::make_unique<ActionQuestion>(main_, server->loop());
  listening_.push_back(std::make_unique<Listening>(
      Listening{std::move(server), std::move(question), std::move(actions), std::move(endpoints)}));
}

Result<> Admin::start() {
  for (auto& one : listening_) {
    auto serve_here = [&one = *one](std::string_view request, const Server::Respond& respond) {
      serve(one, request, respond);
    };
    if (auto ok = one->server->start(serve_here); !ok) return ok;
  }
  return {};
}

void Admin::serve(Listening& at, std::string_view request, const Server::Respond& respond) {
  // A copy, because the connection may end before the answer is there.
  std::string text(request);
  auto asked = at.endpoints.asked(request);
  if (asked.action)
    return at.actions->ask(*asked.action, std::move(asked.request), [text, respond](const HttpResponse& response) {
      respond(answer_http(text, [&](const HttpRequest&) { return response; }));
    });
  if (asked.tap) return watch(asked.request, text, respond);
  at.question->ask(asked.figures, [&at, text, respond](const Status* status) {
    respond(at.endpoints.answer(text, status, at.question->main_stuck()));
  });
}

void Admin::watch(const HttpRequest& asked, const std::string& request, const Server::Respond& respond) {
  auto opened = TapStream::open(asked);
  if (opened) return respond({stream_head(kJsonLines) + opening_line(), std::move(*opened)});
  respond(answer_http(request, [&](const HttpRequest&) { return opened.error(); }));
}

void Admin::stop() {
  for (auto& one : listening_) one->server->stop();
  listening_.clear();
}

}  // namespace mombridge::admin
