#pragma once
// The handlers of a configuration, by name.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "handler/runner.hpp"

namespace mombridge::handler {

/// One thread calls everything here; handlers themselves take calls from any.
class Registry {
 public:
  /// Time-outs run on `timers`; without (check) handlers are only loaded, never started.
  explicit Registry(EventLoop* timers = nullptr) : timers_(timers) {}
  ~Registry() {
    stop();
    close();
  }

  /// Opens and configures one.
  Result<> load(const config::Handler& config);
  /// Starts all, in the order of loading; stops at the first that fails.
  Result<> start(const FindBroker& find_broker);
  /// In reverse order. Calls that wait or are open are given back. Takes about `patience` at the longest, however many
  /// handlers do not come back; they are left behind.
  void stop(Duration patience = std::chrono::seconds(3));
  /// After the brokers have completed what the plugins published: the plugins hear of it before this returns, or are
  /// left behind after `patience`. Once is enough.
  void close(Duration patience = std::chrono::seconds(1));
  [[nodiscard]] bool left_behind() const;
  /// What plugins published and nobody has confirmed yet.
  [[nodiscard]] uint64_t unconfirmed() const;

  [[nodiscard]] std::unordered_map<std::string, Handler*> by_name() const;

 private:
  EventLoop* timers_;
  bool closed_ = false;
  std::vector<std::shared_ptr<Runner>> runners_;
};

}  // namespace mombridge::handler
