#pragma once
// Frames on their way out: their bytes, and the files that go with them.

#include <cstddef>
#include <deque>
#include <sys/types.h>
#include <utility>

#include "base/buffer.hpp"
#include "base/fd.hpp"

namespace mombridge::handler::worker {

/// [one thread at a time]
class FrameBuffer : public Buffer {
 public:
  /// The file, of so many bytes, goes with the bytes that are appended next.
  void attach(Fd file, size_t bytes) {
    files_.push_back({size(), bytes, std::move(file)});
    in_files_ += bytes;
  }
  /// Forgets what stands from `n` on, files too.
  void truncate(size_t n) {
    Buffer::truncate(n);
    for (; !files_.empty() && files_.back().at >= n; files_.pop_back()) in_files_ -= files_.back().bytes;
  }
  /// Bytes of files that are not sent yet.
  [[nodiscard]] size_t in_files() const { return in_files_; }
  /// Bytes that are not sent yet, without files.
  [[nodiscard]] size_t unsent() const { return size() - sent_; }
  /// Sends what is not sent yet, or a part of it, as ::send(): returns how many bytes, or -1 and errno. What was sent
  /// is forgotten from time to time, so that there may always be something to send.
  ssize_t send(int socket);

 private:
  struct File {
    size_t at;  ///< the place of the bytes that it goes with
    size_t bytes;
    Fd file;
  };
  void forget_sent();

  std::deque<File> files_;
  size_t sent_ = 0;  ///< so many bytes, from the first on
  size_t in_files_ = 0;
};

}  // namespace mombridge::handler::worker
