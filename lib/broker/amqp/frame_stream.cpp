#include "broker/amqp/frame_stream.hpp"

#include <sys/epoll.h>
#include <utility>

namespace mombridge::amqp {

namespace {

constexpr size_t kKeepOut = 1 << 20;  ///< a write buffer that grew beyond this is given back when it is empty

}  // namespace

void FrameStream::open(std::unique_ptr<Transport> transport) {
  close();
  ++epoch_;
  transport_ = std::move(transport);
  in_.reset();
  paused_ = false;
  last_received_ = last_sent_ = Clock::now();
  events_ = transport_->events(true, false);
  loop_.watch(transport_->fd(), events_, [this](uint32_t events) { event(events); });
  // What the handshake has read beyond its own end is announced by no event.
  if (transport_->has_pending()) go_on_ = loop_.after(Duration::zero(), [this] { go_on(); });
}

void FrameStream::close() {
  if (!transport_) return;
  ++epoch_;
  loop_.cancel(std::exchange(go_on_, 0));
  loop_.unwatch(transport_->fd());
  transport_->close();
  transport_.reset();
  out_.clear();
  out_at_ = 0;
}

void FrameStream::event(uint32_t events) {
  if (paused_ && events & EPOLLRDHUP) return user_.lost("");  // nothing else would say so
  auto epoch = epoch_;
  // After any event, because a transport may have to write before it can read.
  if (!paused_ || events & (EPOLLHUP | EPOLLERR)) read();
  if (epoch == epoch_ && events & EPOLLOUT) flush();
  if (epoch == epoch_) update_events();
}

void FrameStream::go_on() {
  go_on_ = 0;
  auto epoch = epoch_;
  take_frames();
  if (epoch == epoch_ && !paused_ && transport_->has_pending()) read();
  if (epoch == epoch_) update_events();
}

// One read a round, because the socket's event comes again: so acks and publishes get their turn under load. Only what
// the transport has taken out of the socket must be read now.
void FrameStream::read() {
  auto epoch = epoch_;
  do {
    auto room = in_.room();
    // While reading is paused, only an error brings us here, and what lies here is not taken any more.
    if (room.empty()) return user_.lost("");
    auto [status, bytes] = transport_->read(room);
    if (status == Transport::Status::would_block) return;
    if (status != Transport::Status::ok) return user_.lost(transport_->error());
    last_received_ = loop_.round_began();
    in_.received(bytes);
    take_frames();
  } while (epoch == epoch_ && !paused_ && transport_->has_pending());
}

void FrameStream::take_frames() {
  Frame frame;
  auto epoch = epoch_;
  while (!paused_) {
    auto got = in_.next(frame);
    if (got == FrameReader::Got::nothing) return;
    if (got == FrameReader::Got::broken) return user_.garbled(in_.error());
    user_.frame(frame);
    if (epoch != epoch_) return;
  }
}

void FrameStream::send(Buffer& frames) {
  if (pending()) return out_.append(frames.view());
  std::swap(out_, frames);
  out_at_ = 0;
}

void FrameStream::flush() {
  if (!transport_) return;
  while (pending()) {
    iovec rest{out_.data() + out_at_, pending()};
    auto [status, bytes] = transport_->write({&rest, 1});
    if (status == Transport::Status::would_block) break;
    if (status != Transport::Status::ok) return user_.lost(transport_->error());
    out_at_ += bytes;
    last_sent_ = loop_.round_began();
  }
  if (!pending()) {
    out_at_ = 0;
    out_.clear(kKeepOut);
  } else if (out_at_ > kKeepOut) {
    out_.erase_front(std::exchange(out_at_, 0));
  }
  update_events();
}

void FrameStream::pause_reading(bool pause) {
  if (paused_ == pause || !transport_) return;
  paused_ = pause;
  loop_.cancel(std::exchange(go_on_, 0));
  if (!pause) {
    last_received_ = Clock::now();  // the silence was ours
    // Not at once: the caller may be in the middle of one of these frames.
    if (!in_.rest().empty() || transport_->has_pending()) go_on_ = loop_.after(Duration::zero(), [this] { go_on(); });
  }
  update_events();
}

void FrameStream::update_events() {
  auto wanted = transport_->events(!paused_, pending() > 0);
  if (wanted == events_) return;
  events_ = wanted;
  loop_.modify(transport_->fd(), wanted);
}

}  // namespace mombridge::amqp
