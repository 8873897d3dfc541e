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
  void clear(size_t keep) {
    Buffer::clear(keep);
    files_.clear();
    in_files_ = 0;
  }
  /// Bytes of files that are not sent yet.
  [[nodiscard]] size_t in_files() const { return in_files_; }
  /// Sends what stands from `from` on, or a part of it, as ::send(): returns how many bytes, or -1 and errno. To be
  /// called with `from` where the last one ended.
  ssize_t send(int socket, size_t from);

 private:
  struct File {
    size_t at;  ///< the place of the bytes that it goes with
    size_t bytes;
    Fd file;
  };
  std::deque<File> files_;
  size_t in_files_ = 0;
};

}  // namespace mombridge::handler::worker
