#pragma once
// The last line of the log of a process that a fault ends: which signal, in which thread, and what that thread did.

#include <array>
#include <cstddef>
#include <string_view>

#include "base/log.hpp"

namespace mombridge::crash {

/// What this thread does while the object lives: a line of the log would name it so. Cheap enough for every message.
/// Objects of one thread nest; the inner one counts. Views are kept, and read only if the process crashes meanwhile.
class Doing {
 public:
  struct Field {
    std::string_view name, value;  ///< an empty value is left out
  };
  static constexpr size_t kMostFields = 6;
  using Fields = std::array<Field, kMostFields>;

  Doing(std::string_view what, const Fields& fields) noexcept;
  ~Doing();
  Doing(const Doing&) = delete;
  Doing& operator=(const Doing&) = delete;

  [[nodiscard]] std::string_view what() const { return what_; }
  [[nodiscard]] const Fields& fields() const { return fields_; }

 private:
  const std::string_view what_;
  const Fields fields_;
  const Doing* const outer_;
};

/// Called with the signal before the line is written, if given. Only what signal-safety(7) allows.
using Hook = void (*)(int signal);

/// Once, at the start of a process, after log::init(): from then on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write
/// the line, in the log's format, to standard error, and then end the process as they would have without.
void install(Hook hook = nullptr);

/// A stack for the handlers of signals that this thread gets, without which nothing could be said of a stack that is
/// full. Every thread of base/thread.hpp has one. Does nothing where the thread has one already, as with a sanitizer.
class AlternateStack {
 public:
  AlternateStack();
  ~AlternateStack();
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  void* memory_ = nullptr;
};

}  // namespace mombridge::crash
