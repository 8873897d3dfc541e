#pragma once
// A source whose tokens and clock the test decides.

#include <mutex>
#include <string>
#include <unistd.h>

#include "token/source.hpp"

namespace mombridge::token {

/// Finds what it is told, whenever it looks; both clocks can be moved forward.
class FixedSource {
 public:
  explicit FixedSource(std::string text) : text_(std::move(text)) {
    source.start();
    await(1);
  }
  /// From the next look on; empty: it finds nothing.
  void will_find(std::string text) {
    std::lock_guard lock(mutex_);
    text_ = std::move(text);
  }
  void pass(Duration time) {
    std::lock_guard lock(mutex_);
    passed_ += time;
  }
  /// Until it has found a token so often.
  void await(uint64_t number) const {
    for (auto p = source.present(); !p || p->number < number; p = source.present()) ::usleep(1000);
  }

 private:
  Result<Token> look() {
    std::lock_guard lock(mutex_);
    if (text_.empty()) return fail("it is down");
    return Token{.text = Secret(text_), .subject = {}, .ends_ms = {}};
  }
  Instant now() {
    std::lock_guard lock(mutex_);
    auto now = Instant::now();
    return {now.steady + passed_, now.unix_ms + passed_ / std::chrono::milliseconds(1)};
  }

  std::mutex mutex_;
  std::string text_;
  Duration passed_{};

 public:
  Source source{"shop", Renewal::Origin::url, [this](TimePoint, auto&) { return look(); }, [this] { return now(); }};
};

}  // namespace mombridge::token
