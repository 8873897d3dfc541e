#include "base/crash.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/text.hpp"

namespace mombridge::crash {

namespace {

constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/// Enough for the handler, and for one of the plugin's that is called after it.
constexpr size_t kStackSize = 64 << 10;

thread_local const Doing* doing = nullptr;

std::array<struct sigaction, kSignals.size()> former;
Hook before_line = nullptr;
std::chrono::seconds local_offset{0};
std::atomic<bool> written{false};
thread_local bool writing = false;

/// One line of text or JSON in memory that is there already, because a signal's handler may allocate nothing.
class Line {
 public:
  explicit Line(log::Format format) : format_(format) {}

  void begin(std::string_view what) {
    auto now = std::chrono::system_clock::now();
    if (json()) {
      add("{\"time\":\"");
      add_time(now, true);
      add("Z\",\"level\":\"error\",\"msg\":\"");
      add_escaped(what);
      return add("\"");
    }
    if (format_ == log::Format::journal) {
      add("<3>");  // an error: sd-daemon(3)
    } else {
      add_time(now + local_offset, false);
      add(" error ");
    }
    add_escaped(what);
  }

  void field(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    add(json() ? ",\"" : "  ");
    add_escaped(name);
    add(json() ? "\":\"" : "=\"");
    add_escaped(value);
    add("\"");
  }

  void write() {
    add(json() ? "}\n" : "\n");
    for (std::string_view left(text_.data(), size_); !left.empty();) {
      auto n = ::write(STDERR_FILENO, left.data(), left.size());
      if (n <= 0) return;
      left.remove_prefix(static_cast<size_t>(n));
    }
  }

 private:
  [[nodiscard]] bool json() const { return format_ == log::Format::json; }

  void add(std::string_view text) {
    // Room for the end stays.
    auto n = text.copy(text_.data() + size_, text_.size() - 4 - size_);
    size_ += n;
  }

  /// What is not plain ASCII is written as a number, and a long value is cut: it may come from outside.
  void add_escaped(std::string_view text) {
    constexpr size_t kLongest = 256;
    for (char c : text.substr(0, kLongest)) {
      auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
        add({&c, 1});
        continue;
      }
      char digits[] = {kHexDigits[byte >> 4], kHexDigits[byte & 15]};
      add(json() ? "\\u00" : "\\x");
      add({digits, 2});
    }
  }

  /// With leading zeros; `digits`: four at most.
  void add_number(unsigned number, size_t digits) {
    std::array<char, 4> text;
    for (size_t i = digits; i-- > 0; number /= 10) text[i] = static_cast<char>('0' + number % 10);
    add({text.data(), digits});
  }

  // By arithmetic alone, because localtime() and gmtime() take locks.
  void add_time(std::chrono::system_clock::time_point time, bool with_date) {
    using namespace std::chrono;
    auto day = floor<days>(time);
    hh_mm_ss clock(floor<milliseconds>(time - day));
    if (with_date) {
      year_month_day date(day);
      add_number(static_cast<unsigned>(static_cast<int>(date.year())), 4);
      add("-");
      add_number(static_cast<unsigned>(date.month()), 2);
      add("-");
      add_number(static_cast<unsigned>(date.day()), 2);
      add("T");
    }
    add_number(static_cast<unsigned>(clock.hours().count()), 2);
    add(":");
    add_number(static_cast<unsigned>(clock.minutes().count()), 2);
    add(":");
    add_number(static_cast<unsigned>(clock.seconds().count()), 2);
    add(".");
    add_number(static_cast<unsigned>(clock.subseconds().count()), 3);
  }

  const log::Format format_;
  std::array<char, 4096> text_;
  size_t size_ = 0;
};

void write_line(int signal) {
  char thread[16] = "";
  ::prctl(PR_GET_NAME, thread);
  Line line(log::format());
  line.begin(doing ? doing->what() : "the process crashed");
  auto* name = ::sigabbrev_np(signal);
  char text[16] = "SIG";
  if (name) std::strncat(text, name, sizeof text - 4);
  line.field("signal", text);
  line.field("thread", thread);
  if (doing)
    for (auto& field : doing->fields()) line.field(field.name, field.value);
  line.write();
}

void on_signal(int signal, siginfo_t* info, void*) {
  auto error = errno;
  if (!written.exchange(true)) {
    writing = true;
    if (before_line) before_line(signal);
    write_line(signal);
  } else if (!writing) {
    ::sleep(1);  // another thread has crashed at the same time, and its line is not to be cut off
  }
  for (size_t i = 0; i < kSignals.size(); ++i)
    if (kSignals[i] == signal) ::sigaction(signal, &former[i], nullptr);
  errno = error;
  // A fault comes again when this returns, and abort() raises its signal again. What was sent does not.
  if (info->si_code <= 0) ::raise(signal);
}

}  // namespace

Doing::Doing(std::string_view what, const Fields& fields) noexcept : what_(what), fields_(fields), outer_(doing) {
  doing = this;
}

Doing::~Doing() { doing = outer_; }

void install(Hook hook) {
  before_line = hook;
  std::time_t now = std::time(nullptr);
  std::tm local{};
  if (::localtime_r(&now, &local)) local_offset = std::chrono::seconds(local.tm_gmtoff);
  static AlternateStack of_this_thread;
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &former[i]);
}

AlternateStack::AlternateStack() {
  stack_t present{};
  if (::sigaltstack(nullptr, &present) != 0 || !(present.ss_flags & SS_DISABLE)) return;
  auto* memory = ::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack{.ss_sp = memory, .ss_flags = 0, .ss_size = kStackSize};
  if (::sigaltstack(&stack, nullptr) == 0)
    memory_ = memory;
  else
    ::munmap(memory, kStackSize);
}

AlternateStack::~AlternateStack() {
  if (!memory_) return;
  stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  ::sigaltstack(&none, nullptr);
  ::munmap(memory_, kStackSize);
}

}  // namespace mombridge::crash
