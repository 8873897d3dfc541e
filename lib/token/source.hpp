#pragma once
// Where a broker's connections get their token from: one source for all of them.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/thread.hpp"
#include "token/renewal.hpp"
#include "token/settings.hpp"

namespace mombridge::token {

/// Looks once for a token as `settings` say. Blocks, at most until the deadline, or until `stopped` returns true, which
/// is asked ten times a second. Errors name the file or the endpoint, and no secret. [any thread but a loop's]
Result<Token> obtain(const Settings& settings, TimePoint deadline, const std::function<bool()>& stopped);

/// Keeps a token at hand and renews it before it ends, on a thread of its own. Where that fails the present one is used
/// as long as it lasts; that is logged once, and when it is over. Everything may be called from any thread.
class Source {
 public:
  using Obtain = std::function<Result<Token>(TimePoint deadline, const std::function<bool()>& stopped)>;
  using Now = std::function<Instant()>;
  /// Called when there is another token; when one that a broker refused was looked for, and is the newest that there
  /// is; and when a look found nothing while there is none to log in with. It runs on the source's thread: it must not
  /// block, nor end a Watch or the source.
  using Changed = std::function<void()>;

  /// Ends the calls when it is dropped: none is under way or comes afterwards. Drop it before the source.
  class Watch {
   public:
    Watch() = default;
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&& other) noexcept;
    ~Watch() { end(); }

   private:
    friend class Source;
    Watch(Source& source, uint64_t id) : source_(&source), id_(id) {}
    void end() noexcept;

    Source* source_ = nullptr;
    uint64_t id_ = 0;
  };

  /// `broker` stands in logs.
  Source(std::string broker, const Settings& settings);
  /// With another way to tokens, and another clock.
  Source(std::string broker, Renewal::Origin origin, Obtain obtain, Now now = Instant::now);
  ~Source() { stop(); }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// Begins to look. Throws std::runtime_error where no thread can be made, as EventLoop::start().
  void start();
  /// Ends within a fraction of a second; what was found stays.
  void stop();

  [[nodiscard]] Watch watch(Changed changed);

  /// As Renewal's.
  [[nodiscard]] Result<Present> present() const;
  /// A broker that refuses a token now, which is fresh until then, does not refuse it for its age.
  [[nodiscard]] bool is_fresh(TimePoint until) const { return now_().steady < until; }
  void refused(uint64_t number);

  /// How it stands, for people: `working` while there is a token to log in with. `detail`: why it is not renewed;
  /// empty: it is.
  struct Status {
    bool working = false;
    std::string detail;
  };
  [[nodiscard]] Status status() const;

 private:
  void run();
  void look(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool found(Token token, Instant now);
  [[nodiscard]] bool failed(const std::string& why, Instant now);
  void tell();
  [[nodiscard]] bool stopping() const;

  const std::string broker_;
  const Obtain obtain_;
  const Now now_;
  mutable std::mutex mutex_;  ///< guards what follows, up to the watches
  std::condition_variable changed_;
  Renewal renewal_;
  bool stopping_ = false;
  bool said_ended_ = false;   ///< that the token has ended was logged
  bool asked_ = false;        ///< a broker has refused the token since the last one was found
  std::mutex watches_mutex_;  ///< held while they are called
  std::map<uint64_t, Changed> watches_;
  uint64_t next_watch_ = 0;
  Thread thread_;
};

}  // namespace mombridge::token
