#include "daemon/screen.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <signal.h>
#include <sstream>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <vector>

#include "base/table.hpp"

namespace mombridge {

namespace {

// What every terminal understands (ECMA-48; the other screen is xterm's).
constexpr std::string_view kBegin = "\x1b[?1049h\x1b[?25l";  ///< the other screen, without a cursor
constexpr std::string_view kEnd = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kClearLine = "\x1b[K";
constexpr std::string_view kClearBelow = "\x1b[J";

bool write_all(std::string_view text) {
  while (!text.empty()) {
    auto n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

sigset_t taken() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&set, s);
  return set;
}

std::string cut_line(const std::string& line, size_t columns) {
  if (text_width(line) <= columns) return line;
  size_t end = 0;
  for (size_t shown = 0; end < line.size(); ++end)
    if ((line[end] & 0xC0) != 0x80 && ++shown > columns) break;
  return line.substr(0, end);
}

}  // namespace

std::string cut_to(const std::string& text, size_t columns, size_t lines) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(cut_line(line, columns));
  if (all.size() > lines && lines > 0) {
    auto left_out = all.size() - lines + 1;
    all.resize(lines);
    all.back() = cut_line("... " + std::to_string(left_out) + " more lines", columns);
  }
  std::string result;
  for (auto& line : all) result += (&line == &all.front() ? "" : "\n") + line;
  return result;
}

bool Screen::possible() { return ::isatty(STDOUT_FILENO) == 1; }

Screen::Screen() : keys_(::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
  auto set = taken();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (keys_) {
    auto raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  write_all(kBegin);
}

Screen::~Screen() {
  write_all(kEnd);
  if (keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  signals_ = Fd();
  auto set = taken();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

bool Screen::show(const std::string& text) {
  text_ = text;
  return draw();
}

bool Screen::draw() {
  winsize size{};
  bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;
  std::istringstream lines(cut_to(text_, known ? size.ws_col : 80, known ? size.ws_row : 24));
  std::string drawn(kHome);
  for (std::string line; std::getline(lines, line);) {
    if (drawn.size() > kHome.size()) drawn += "\r\n";
    drawn.append(line).append(kClearLine);
  }
  return write_all(drawn.append(kClearBelow));
}

bool Screen::wait(Duration time) {
  auto end = Clock::now() + time;
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return true;
    std::array<pollfd, 2> ready{{{signals_.get(), POLLIN, 0}, {keys_ ? STDIN_FILENO : -1, POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), static_cast<int>(std::min<int64_t>(left, 60'000))) < 0 && errno != EINTR)
      return false;
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      if (info.ssi_signo != SIGWINCH) return false;
      if (!draw()) return false;
    }
    if (ready[1].revents && !read_keys()) return false;
  }
}

bool Screen::read_keys() const {
  constexpr std::string_view kQuit = "qQ\x03\x04";  // Ctrl-C and Ctrl-D
  std::array<char, 64> keys{};
  auto n = ::read(STDIN_FILENO, keys.data(), keys.size());
  return n > 0 && std::string_view(keys.data(), static_cast<size_t>(n)).find_first_of(kQuit) == std::string_view::npos;
}

}  // namespace mombridge
