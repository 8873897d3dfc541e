#pragma once
// Publications that were written on a channel and have no confirm yet.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/pace.hpp"
#include "broker/amqp/return_reader.hpp"
#include "message/publication.hpp"

namespace mombridge::amqp {

/// A publication whose frames are written. The size of its body stands beside it, so that its message need not be
/// looked at again by another thread than the one that has it at hand.
struct WrittenPublication {
  Publication* publication;
  size_t size;
};

/// The broker numbers the publications of a channel from 1 on and confirms them by number, in any order. Belongs to the
/// loop's thread.
class ConfirmWindow {
 public:
  /// A channel begins: the next publication has the number 1. The window must be empty.
  void begin_channel();
  void add(const WrittenPublication& written, TimePoint now);

  [[nodiscard]] bool empty() const { return slots_.empty(); }
  [[nodiscard]] size_t size() const { return slots_.size(); }
  /// How many were ever added, on all channels.
  [[nodiscard]] uint64_t written() const { return settled() + slots_.size(); }
  /// Of all that were ever added, so many of the first ones are not here any more.
  [[nodiscard]] uint64_t settled() const { return before_ + first_ - 1; }
  /// Of the bodies.
  [[nodiscard]] size_t bytes() const { return bytes_; }
  /// As Pace::rest().
  [[nodiscard]] Duration rest() const { return pace_.rest(slots_.size()); }

  /// The number of a publication that is in the window; among the last ones it is found soonest.
  [[nodiscard]] uint64_t number(const Publication& publication) const;

  /// A confirm of `tag`, or with `multiple` of all up to it; 0 stands for all that were written. Calls
  /// `resolved(publication, returned)` for each that was open; `returned`: null, or why the broker sent it back. What
  /// was never published is ignored.
  template <class Resolved>
  void confirm(uint64_t tag, bool multiple, TimePoint now, Resolved&& resolved) {
    if (tag == 0) tag = first_ + slots_.size() - 1;
    if (tag < first_ || tag >= first_ + slots_.size()) return;
    for (uint64_t t = multiple ? first_ : tag; t <= tag; ++t) {
      auto& slot = slots_[t - first_];
      auto* publication = std::exchange(slot.publication, nullptr);
      if (!publication) continue;
      bytes_ -= slot.size;
      pace_.took(now - slot.written);
      if (!slot.returned) {
        resolved(*publication, nullptr);
      } else {
        auto reason = return_reasons_.extract(t);
        resolved(*publication, &reason.mapped());
      }
    }
    while (!slots_.empty() && !slots_.front().publication) {
      slots_.pop_front();
      ++first_;
    }
  }

  /// Finds the publication that was returned; its confirm, which follows, refuses it then. Returns false if nothing
  /// that was published is like it.
  [[nodiscard]] bool match(const Returned& returned);

  /// Empties the window: those without a confirm, in the order of publishing.
  [[nodiscard]] std::vector<Publication*> take_back();

 private:
  struct Slot {
    Publication* publication;  ///< null: resolved
    size_t size;
    TimePoint written;
    bool returned = false;
  };

  void mark_returned(uint64_t tag, const Returned& returned);

  std::deque<Slot> slots_;
  uint64_t first_ = 1;   ///< the number of the first of slots_
  uint64_t before_ = 0;  ///< how many were written on earlier channels
  size_t bytes_ = 0;
  Pace pace_;
  std::map<uint64_t, std::string> return_reasons_;  ///< by number
  uint64_t return_cursor_ = 0;  ///< behind the last one that was returned: returns come in the order of publishing
};

}  // namespace mombridge::amqp
