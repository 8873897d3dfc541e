#pragma once
// The listeners of a running bridge: `admin:`, or the unix socket in the runtime folder, and `probes:`.

#include <memory>
#include <vector>

#include "admin/endpoints.hpp"
#include "admin/server.hpp"
#include "admin/status_question.hpp"
#include "config/config.hpp"

namespace mombridge::admin {

/// [the thread of the bridge's loop] All of it.
class Admin {
 public:
  /// `look` and the actions run on the thread of `main`, which outlives this.
  Admin(EventLoop& main, StatusQuestion::Look look, Actions actions = {})
      : main_(main), look_(std::move(look)), actions_(std::move(actions)) {}
  ~Admin() { stop(); }
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  /// Binds the listeners of the configuration; nobody is answered yet. Fails for a listener that the configuration
  /// names, with the key that names it. Where the unix socket of the runtime folder cannot be made, that is said and
  /// the bridge goes on without.
  [[nodiscard]] Result<> listen(const config::Config& config);
  /// Answers from now on. Fails where no thread can be made.
  [[nodiscard]] Result<> start();
  /// Nobody is answered any more, and unix sockets are gone.
  void stop();

 private:
  /// A listener, and whom it asks.
  struct Listening {
    std::unique_ptr<Server> server;
    std::unique_ptr<StatusQuestion> question;
    std::unique_ptr<ActionQuestion> actions;
    Endpoints endpoints;
  };

  static void serve(Listening& at, std::string_view request, const Server::Respond& respond);
  static void watch(const HttpRequest& asked, const std::string& request, const Server::Respond& respond);
  void add(const char* thread, ListeningSocket socket, Endpoints endpoints);

  EventLoop& main_;
  const StatusQuestion::Look look_;
  const Actions actions_;
  std::vector<std::unique_ptr<Listening>> listening_;
};

}  // namespace mombridge::admin
