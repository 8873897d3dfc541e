#pragma once
// When a token is to be looked for again, and which one is good now.

#include <cstdint>
#include <optional>
#include <string>

#include "base/backoff.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "token/token.hpp"

namespace mombridge::token {

/// The token that there is. A token that was looked for and found again unchanged has a new number and time as well,
/// because then it is known to be the newest that there is.
struct Present {
  Token token;
  uint64_t number = 0;      ///< counts what was found, from 1 on
  TimePoint fresh_until{};  ///< a broker that refuses it before then does not refuse it for its age
};

/// Keeps the token that was found last, and what is known of why there is no newer one. Only the wall clock says
/// whether a token has ended; what is waited for is waited for by the steady clock. Not thread-safe.
class Renewal {
 public:
  enum class Origin {
    file,  ///< cheap to look at: every few seconds
    url,   ///< looked at before the token ends
  };
  explicit Renewal(Origin origin);

  /// How long until the next look; zero: now. Ask again after at most that time, and after each of the calls below.
  [[nodiscard]] Duration wait(Instant now) const;

  /// A look found this. Returns true if it is another token than before.
  bool found(Token token, Instant now);
  /// A look found nothing, for this reason.
  void failed(std::string why, Instant now);
  /// A broker did not take the token of that number: a newer one is to be looked for soon, unless it is there already.
  void refused(uint64_t number, Instant now);

  /// The token to log in with. Fails where there is none, or where it has ended and is not renewed, with the reason. A
  /// broker's clock may be behind this machine's: so for a while after its end the broker decides.
  [[nodiscard]] Result<Present> present(Instant now) const;
  /// As present(), whether it has ended or not; null: none was found yet.
  [[nodiscard]] const Present* last() const { return present_ ? &*present_ : nullptr; }
  /// By the wall clock, without tolerance.
  [[nodiscard]] bool has_ended(Instant now) const;
  /// Why the last look found nothing; empty: it found a token, or there was none yet.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  [[nodiscard]] bool due_by_age(Instant now) const;

  const Origin origin_;
  Backoff backoff_;
  std::optional<Present> present_;
  TimePoint found_{};  ///< when it was found last
  std::string problem_;
  TimePoint next_{};                ///< when to look
  std::optional<int64_t> next_ms_;  ///< the same by the wall clock, which may be set meanwhile
};

}  // namespace mombridge::token
