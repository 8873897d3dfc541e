#pragma once
// A terminal that shows one text after the other in place of the last, until its user has seen enough.

#include <string>
#include <termios.h>

#include "base/clock.hpp"
#include "base/fd.hpp"

namespace mombridge {

/// Has the whole terminal, and what was on it comes back with its end. One thread; one at a time in a process, because
/// it takes the process's signals INT, TERM, HUP and WINCH.
class Screen {
 public:
  /// Standard output is a terminal. Keys are read where standard input is one, too.
  [[nodiscard]] static bool possible();

  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Lines that are too long or too many for the terminal are cut. Returns false if it cannot be written to.
  bool show(const std::string& text);
  /// Returns false if the user wants the end, by q, Ctrl-C, Ctrl-D or a signal. When the terminal changes its size
  /// meanwhile, the text is shown anew.
  bool wait(Duration time);

 private:
  bool draw();
  [[nodiscard]] bool read_keys() const;

  termios before_{};
  bool keys_;  ///< there are some to read
  Fd signals_;
  std::string text_;
};

/// The first lines of `text`, each with as much of its beginning as fits; without a line break at the end. Where lines
/// are left out, the last line says how many.
[[nodiscard]] std::string cut_to(const std::string& text, size_t columns, size_t lines);

}  // namespace mombridge
