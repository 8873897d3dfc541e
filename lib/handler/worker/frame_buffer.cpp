#include "handler/worker/frame_buffer.hpp"

#include <cstring>
#include <sys/socket.h>

namespace mombridge::handler::worker {

namespace {
constexpr size_t kKeep = 256 << 10;
}

ssize_t FrameBuffer::send(int socket) {
  // One file at a time, because a receiver takes no more: the bytes of the next one wait for the next call.
  bool with_file = !files_.empty() && files_.front().at == sent_;
  auto next = files_.begin() + (with_file ? 1 : 0);
  auto end = next == files_.end() ? size() : next->at;
  iovec bytes{.iov_base = data() + sent_, .iov_len = end - sent_};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (with_file) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    auto file = files_.front().file.get();
    std::memcpy(CMSG_DATA(header), &file, sizeof file);
  }
  auto sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  if (sent > 0 && with_file) {
    in_files_ -= files_.front().bytes;
    files_.pop_front();
  }
  if (sent > 0) sent_ += static_cast<size_t>(sent);
  forget_sent();
  return sent;
}

void FrameBuffer::forget_sent() {
  if (unsent() == 0) {
    sent_ = 0;
    return clear(kKeep);
  }
  // Half of the buffer at least, so that a byte is moved once on average.
  if (sent_ < kKeep || sent_ < unsent()) return;
  erase_front(sent_);
  for (auto& file : files_) file.at -= sent_;
  sent_ = 0;
}

}  // namespace mombridge::handler::worker
