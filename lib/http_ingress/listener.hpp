#pragma once
// The connections of the ingress.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "admin/acceptor.hpp"
#include "base/event_loop.hpp"
#include "http_ingress/connection.hpp"

namespace mombridge::http_ingress {

/// [loop] All of it, but where it says otherwise.
class Listener final : private Connection::Owner {
 public:
  /// What is done with requests.
  class User {
   public:
    /// Takes the answer to one request, now or later, once. What comes for a connection that has ended is dropped.
    using Respond = std::function<void(const Answer& answer)>;

    virtual tl::expected<Admission, Answer> judge(const RequestHead& head, std::optional<uint64_t> length) = 0;
    virtual void begin(Admission admission, RequestHead head, std::string body, Respond respond) = 0;
    /// A request that is none: counts it.
    virtual void invalid() = 0;
    /// One that came to a full house.
    virtual void busy() = 0;
    virtual void unheard() = 0;
    [[nodiscard]] virtual uint64_t most_body() const = 0;

   protected:
    ~User() = default;
  };

  /// `loop` and `user` outlive this. At most so many `connections` at a time.
  Listener(EventLoop& loop, admin::ListeningSocket socket, User& user, size_t connections, const Limits& limits = {});

  void start() { acceptor_.start(); }
  /// Connections end behind the answer that they wait for, and at once where they wait for none.
  void close_after_answers();
  /// [any thread]
  [[nodiscard]] size_t connections() const { return count_; }

  /// As many connections as the process's limit of descriptors allows, once it is raised as far as it may be, with
  /// something left for all else.
  [[nodiscard]] static size_t most_connections();

 private:
  void add(Fd fd);
  void make_room();

  tl::expected<Admission, Answer> judge(const RequestHead& head, std::optional<uint64_t> length) override;
  void received(Connection& connection, Admission admission, RequestHead head, std::string body) override;
  Answer faulty(const RequestFault& fault) override;
  void unheard() override { user_.unheard(); }
  [[nodiscard]] uint64_t most_body() const override { return user_.most_body(); }
  [[nodiscard]] bool keeps() const override { return !closing_; }
  void ended(Connection& connection) override;

  EventLoop& loop_;
  admin::Acceptor acceptor_;
  User& user_;
  const size_t most_;
  const Limits limits_;
  bool closing_ = false;
  uint64_t next_ = 0;
  std::map<uint64_t, std::unique_ptr<Connection>> connections_;  ///< by their number: the oldest first
  std::atomic<size_t> count_{0};
};

}  // namespace mombridge::http_ingress
