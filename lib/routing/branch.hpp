#pragma once
// One destination of one delivery: tries it, tries it again, dead-letters it, and says when it is settled.

#include <atomic>
#include <memory>
#include <string>

#include "handler/handler.hpp"
#include "message/publication.hpp"
#include "routing/dead_letter.hpp"
#include "routing/publish.hpp"
#include "routing/reply.hpp"
#include "routing/route_table.hpp"

namespace mombridge::routing {

class Passage;

/// What a destination has to do with a request.
enum class Part : uint8_t {
  none,      ///< it is no request, or nobody can answer it: it goes on as it is
  answers,   ///< this destination, and no other
  looks_on,  ///< another answers: it goes on without its reply address
};

/// Reused with its passage. One thing at a time is under way (a publish, a call, a wait), so that its state needs no
/// lock: whoever completes the one starts the next.
class Branch final : public Publication, public handler::Call {
 public:
  explicit Branch(Passage& passage) : passage_(passage) {}

  /// Sets the branch up; nothing happens before start().
  void aim(const Route* route, const Target* to, const FailurePolicy* policy, Part part);
  /// Sets it up for what came through the bridge's own reply queue or topic.
  void carry_home();
  /// Sets it up to go straight to the dead letter.
  void condemn(const Route* route, const FailurePolicy* policy, std::string reason);
  /// Sets it up to put the message back into its source's queue. `instead`: where that is refused, the passage's other
  /// branches are started; without, the message is held.
  void put_back(bool instead);
  /// [source's thread] Begins. The branch may be settled before this returns.
  void start() noexcept;

  void completed(Outcome outcome) noexcept override;  ///< of a publish
  [[nodiscard]] bool wanted() const noexcept override;
  void finished(handler::Verdict verdict) noexcept override;  ///< of a handler
  /// [any thread] Its destination is away: not connected, or it said so the last time it was asked.
  [[nodiscard]] bool away() const noexcept;

  /// [main loop] A wait is over.
  void resume() noexcept;
  /// [any thread] Instead of resume(): what is not done will be delivered again.
  void give_back() noexcept;
  /// [any thread] What it published is held where it went.
  void held(bool yes) noexcept override;

 private:
  enum class Step : uint8_t {
    publish,
    handle,
    open,  ///< a reply's return path
    reply_to_requester,
    reply_to_route,
    dead_letter,
    put_back,
    error_reply,
  };

  [[nodiscard]] bool stale() const noexcept;
  void set_up(Step step, const Route* route, const Target* to, const FailurePolicy* policy);
  void attempt() noexcept;
  void lend_to(Broker& destination) noexcept;
  void publish();
  void dead_letter();
  void send_dead_letter();
  void handle();
  void go_back();
  void gone_back(const Outcome& outcome) noexcept;

  // Requests and replies: branch_replies.cpp
  [[nodiscard]] bool may_answer();
  [[nodiscard]] bool past_deadline() const noexcept;
  [[nodiscard]] bool expired() noexcept;
  [[nodiscard]] bool address();
  [[nodiscard]] bool address_request();
  void reply(std::unique_ptr<OwnedMessage> content);
  void open();
  void unusable(reply::Fault fault, const Route* route) noexcept;
  void replied(const Outcome& outcome) noexcept;
  [[nodiscard]] bool tell_requester() noexcept;

  void failed(std::string_view code, std::string reason) noexcept;
  void hopeless(std::string_view code, std::string reason) noexcept;
  void waits(const std::string& reason) noexcept;
  void exhausted() noexcept;
  void dead_letter_refused(const Outcome& outcome) noexcept;
  void dead_lettered() noexcept;
  void hold(const std::string& why) noexcept;
  void park(const std::string& why) noexcept;
  void later(Duration wait) noexcept;
  void done(Settlement settlement) noexcept;
  [[nodiscard]] std::string_view route_name() const;

  Passage& passage_;
  const Route* route_ = nullptr;
  const Target* to_ = nullptr;
  const FailurePolicy* policy_ = nullptr;
  Step step_ = Step::publish;
  Step before_ = Step::publish;  ///< what it did before it began to put the message back
  bool answers_ = false;
  bool looks_on_ = false;
  bool held_ = false;    ///< it was, since it was set up: an event is counted once
  bool parked_ = false;  ///< it waits now, and only for the operator
  bool instead_ = false;
  bool told_ = false;                            ///< the requester, of the failure
  const Endpoint* replies_to_ = nullptr;         ///< the broker that a reply goes to
  reply::Deadline deadline_;                     ///< of a request that this branch answers
  std::string_view code_;                        ///< of the last failure, a literal
  unsigned attempts_ = 0;                        ///< that failed
  unsigned waits_ = 0;                           ///< in a row because the destination was away
  std::atomic<bool> away_{false};                ///< waits_, for other threads
  std::atomic<const Broker*> lent_to_{nullptr};  ///< the broker that has it now
  std::string reason_;                           ///< of the last failure
  Rendered rendered_;
  // Made for the first message that needs them: most never do.
  std::unique_ptr<OutgoingReply> reply_;
  std::unique_ptr<reply::Forwarded> forwarded_;
  std::unique_ptr<reply::Returned> returned_;
  std::unique_ptr<ErrorReply> error_;
  std::unique_ptr<DeadLetter> dead_;
};

}  // namespace mombridge::routing
