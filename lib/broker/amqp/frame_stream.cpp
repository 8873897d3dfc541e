#include "broker/amqp/frame_stream.hpp"

#include <algorithm>
#include <array>
#include <sys/epoll.h>
#include <utility>

#include "broker/amqp/wire.hpp"

namespace mombridge::amqp {

namespace {

/// What comes of a body, from this size on, is received where it stays: less is copied sooner than a call is made.
constexpr size_t kInPlace = 4096;
/// So much is read behind it at most, because the next body would come with it, and be copied.
constexpr size_t kBehindBody = 4096;
/// What is read in one round, and it may be exceeded by a read.
constexpr size_t kEnoughForRound = 192 << 10;
/// Of one write: large bodies are one or two frames each, and three parts to a frame.
constexpr size_t kParts = 64;

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
  more_ = false;
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

std::span<char> FrameStream::body_room() {
  auto size = in_.body_ahead();
  return paused_ || size < kInPlace ? std::span<char>() : user_.body_room(in_.body_channel(), size);
}

// A round reads about as much as FrameReader has room for, because the socket's event comes again: so acks, publishes
// and other connections get their turn under load. Only what the transport has taken out of the socket must be read
// now.
void FrameStream::read() {
  auto epoch = epoch_;
  size_t in_round = 0;
  do {
    auto body = body_room();
    auto room = in_.room();
    if (!body.empty()) room = room.first(std::min(room.size(), kBehindBody));
    // While reading is paused, only an error brings us here, and what lies here is not taken any more.
    if (room.empty()) return user_.lost("");
    iovec into[] = {{body.data(), body.size()}, {room.data(), room.size()}};
    auto [status, bytes] = transport_->read(std::span<const iovec>(into).subspan(body.empty() ? 1 : 0));
    more_ = false;
    if (status == Transport::Status::would_block) return;
    if (status != Transport::Status::ok) return user_.lost(transport_->error());
    last_received_ = loop_.round_began();
    in_round += bytes;
    more_ = bytes == body.size() + room.size();
    received(body.first(std::min(bytes, body.size())), bytes);
  } while (epoch == epoch_ && !paused_ && (transport_->has_pending() || (more_ && in_round < kEnoughForRound)));
}

// The beginning of what was received lies in `body`, which is empty for most, the rest in the reader's room.
void FrameStream::received(std::span<char> body, size_t bytes) {
  auto epoch = epoch_;
  in_.received(bytes - body.size());
  if (!body.empty()) {
    in_.body_received(body.size());
    user_.frame({.type = AMQP_FRAME_BODY, .channel = in_.body_channel(), .payload = {body.data(), body.size()}});
  }
  if (epoch == epoch_) take_frames();
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

void FrameStream::flush() {
  if (!transport_) return;
  while (out_.size() > 0) {
    std::array<iovec, kParts> parts;
    auto [status, bytes] = transport_->write(std::span(parts).first(out_.parts(parts)));
    if (status == Transport::Status::would_block) break;
    if (status != Transport::Status::ok) return user_.lost(transport_->error());
    out_.written(bytes);
    last_sent_ = loop_.round_began();
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
  auto wanted = transport_->events(!paused_, out_.size() > 0);
  if (wanted == events_) return;
  events_ = wanted;
  loop_.modify(transport_->fd(), wanted);
}

}  // namespace mombridge::amqp
