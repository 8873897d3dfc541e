#pragma once
// What a sender or a sink has seen, one line each, in a file that the checker reads while it grows.

#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <unistd.h>

namespace faults {

/// Milliseconds of the clock that every process on the machine shares.
inline uint64_t now_ms() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

class Journal {
 public:
  explicit Journal(const std::string& path) : file_(std::fopen(path.c_str(), "ae")) {}
  ~Journal() {
    if (file_) std::fclose(file_);
  }
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  [[nodiscard]] bool ok() const { return file_ != nullptr; }

  [[gnu::format(printf, 2, 3)]] void line(const char* format, ...) {
    std::lock_guard lock(mutex_);
    va_list arguments;
    va_start(arguments, format);
    std::vfprintf(file_, format, arguments);
    va_end(arguments);
    std::fputc('\n', file_);
  }

  /// Before anything is acknowledged because of it.
  void flush() {
    std::lock_guard lock(mutex_);
    std::fflush(file_);
  }

 private:
  std::FILE* file_;
  std::mutex mutex_;
};

}  // namespace faults
