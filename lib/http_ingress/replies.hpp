#pragma once
// Who waits for which reply, and the connections by which replies come.

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/counters.hpp"
#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/thread.hpp"
#include "http_ingress/reply_client.hpp"
#include "topology/difference.hpp"

namespace mombridge::http_ingress {

/// [loop] All of it. Nothing of it outlives the process: a reply that comes after the process has ended finds nobody.
class Replies {
 public:
  /// A request that waits.
  class Waiter {
   public:
    /// Its client is connected: it is to be published there, once.
    virtual void send(ReplyClient& client) = 0;
    /// Once at most. Valid during the call. Nothing is called for it any more.
    virtual void replied(const Message& reply) = 0;

   protected:
    ~Waiter() = default;
  };

  /// `loop` and `late` (replies that nobody waits for) outlive this.
  Replies(EventLoop& loop, MakeClient make, Counter& late);
  ~Replies() { stop(); }
  Replies(const Replies&) = delete;
  Replies& operator=(const Replies&) = delete;

  /// Sends `waiter` as soon as there is a connection to the broker, which is made for the first. It is not sent before
  /// this has returned. Returns its correlation id, by which it is forgotten. `config` has the broker. Fails where
  /// nobody can connect to that kind from outside.
  Result<std::string> expect(const config::Config& config, const std::string& broker, Waiter& waiter);
  /// Nobody waits for it any more.
  void forget(const std::string& id);
  /// Why a waiter is not sent yet.
  [[nodiscard]] std::string why_not(const std::string& broker) const;

  /// The connections to brokers whose sections have changed are made anew; requests on their way through the former
  /// ones still get their replies, for as long as any waits.
  void change(const topology::Difference& difference);
  /// All connections end; what was published through them and is not confirmed is completed.
  void stop();

 private:
  struct Waiting {
    Waiter* waiter = nullptr;
    std::shared_ptr<ReplyClient> client;
    bool sent = false;
  };

  ReplyClient* client_of(const config::Config& config, const std::string& broker);
  void look();
  void came(const Message& reply);
  void end_unused();

  EventLoop& loop_;
  const MakeClient make_;
  Counter& late_;
  log::Repeated late_log_;
  const std::string instance_;  ///< tells the ids of this process from those of its replicas
  std::map<std::string, std::shared_ptr<ReplyClient>> clients_;
  std::vector<std::shared_ptr<ReplyClient>> former_;
  std::vector<Thread> stopping_;
  std::unordered_map<std::string, Waiting, TextHash, std::equal_to<>> waiting_;  ///< by id
  EventLoop::TimerId timer_ = 0;
};

}  // namespace mombridge::http_ingress
