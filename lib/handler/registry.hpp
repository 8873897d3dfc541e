#pragma once
// The handlers of a configuration, by name.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "handler/instance.hpp"

namespace mombridge::handler {

/// One thread at a time calls everything here; handlers themselves take calls from any. A handler that no other
/// registry shares is stopped with this.
class Registry {
 public:
  /// Time-outs run on `timers`; without (check) handlers are only loaded, never started.
  /// `former`: the registry of the configuration before; what of it still works is stopped and counted with this, too.
  explicit Registry(EventLoop* timers = nullptr, const Registry* former = nullptr);

  /// Opens and configures one.
  Result<> load(const config::Handler& config);
  /// Shares the one of that name with `former`, which has it, so that it goes on running for both.
  void keep(const std::string& name, const Registry& former);
  /// Names of those whose plugin's file is no longer the one that was loaded, in their own processes or in this one.
  [[nodiscard]] std::vector<std::string> replaced_on_disk(config::Isolation isolation) const;
  /// Starts all that are not started, in the order of loading; stops at the first that fails.
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
  /// In the order of loading.
  [[nodiscard]] std::vector<const Runner*> runners() const;

 private:
  [[nodiscard]] std::vector<std::shared_ptr<Instance>> all() const;

  std::vector<std::shared_ptr<Instance>> handlers_;
  EventLoop* timers_;
  std::vector<std::weak_ptr<Instance>> former_;  ///< those of former configurations, which may have calls
};

}  // namespace mombridge::handler
