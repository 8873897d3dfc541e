#include "admin/connection.hpp"

#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

#include "admin/http.hpp"
#include "base/log.hpp"

namespace mombridge::admin {

namespace {

/// For the peer to read the response and to close: whoever closes on bytes that are not read makes the peer lose it.
constexpr Duration kClosing = std::chrono::seconds(1);
/// Between two looks at a stream that has nothing new.
constexpr Duration kPause = std::chrono::milliseconds(200);
constexpr std::string_view kEndOfHead = "\r\n\r\n";

}  // namespace

Connection::Connection(EventLoop& loop, Fd fd, const Limits& limits, Owner& owner)
    : loop_(loop), fd_(std::move(fd)), limits_(limits), owner_(owner) {}

Connection::~Connection() {
  loop_.cancel(timer_);
  loop_.unwatch(fd_.get());
}

void Connection::start() {
  close_after(limits_.request);
  loop_.watch(fd_.get(), EPOLLIN, [this](uint32_t) { ready(); });
}

void Connection::ready() {
  switch (state_) {
    case State::reading:
      return read();
    case State::waiting:
      return owner_.ended(*this);  // only an error or the peer's end is reported then
    case State::writing:
      return write();
    case State::between:
    case State::closing:
      return discard();
  }
}

void Connection::read() {
  std::array<char, 4096> buffer;
  auto n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return owner_.ended(*this);
  // The end may be in two parts of which the first is there already.
  auto from = request_.size() < kEndOfHead.size() ? 0 : request_.size() - kEndOfHead.size() + 1;
  request_.append(buffer.data(), static_cast<size_t>(n));
  auto end = request_.find(kEndOfHead, from);
  auto size = end == std::string::npos ? request_.size() : end + kEndOfHead.size();
  if (size > limits_.head) return respond(plain_response(431, "Request Header Fields Too Large"));
  if (end == std::string::npos) return;
  state_ = State::waiting;
  loop_.cancel(std::exchange(timer_, 0));
  loop_.modify(fd_.get(), 0);
  owner_.requested(*this, std::string_view(request_).substr(0, size));
}

void Connection::respond(Response response) {
  response_ = std::move(response.text);
  stream_ = std::move(response.stream);
  state_ = State::writing;
  close_after(limits_.response);
  loop_.modify(fd_.get(), EPOLLOUT);
  write();
}

void Connection::write() {
  while (written_ < response_.size()) {
    auto n = ::send(fd_.get(), response_.data() + written_, response_.size() - written_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) return owner_.ended(*this);
    written_ += static_cast<size_t>(n);
  }
  written();
}

void Connection::written() {
  if (!stream_) return end();
  state_ = State::between;
  loop_.cancel(timer_);
  timer_ = loop_.after(kPause, [this] { go_on(); });
  loop_.modify(fd_.get(), EPOLLIN | EPOLLRDHUP);  // the peer's end is seen, also where nothing is sent
}

void Connection::go_on() {
  timer_ = 0;
  auto more = stream_->more();
  if (!more) return end();
  if (more->empty()) return written();
  response_ = std::move(*more);
  written_ = 0;
  state_ = State::writing;
  close_after(limits_.part);
  loop_.modify(fd_.get(), EPOLLOUT);
  write();
}

void Connection::end() {
  stream_.reset();
  ::shutdown(fd_.get(), SHUT_WR);
  state_ = State::closing;
  close_after(kClosing);
  loop_.modify(fd_.get(), EPOLLIN);
}

// One read a round: a peer that sends without an end must not keep the loop.
void Connection::discard() {
  std::array<char, 16384> buffer;
  auto n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) owner_.ended(*this);
}

void Connection::close_after(Duration patience) {
  loop_.cancel(timer_);
  timer_ = loop_.after(patience, [this] { timed_out(); });
}

void Connection::timed_out() {
  timer_ = 0;
  if (stream_) log::warn("who watches messages reads nothing, and is sent away", {{"listener", loop_.name()}});
  if (state_ == State::reading && !request_.empty()) return respond(plain_response(408, "Request Timeout"));
  owner_.ended(*this);
}

}  // namespace mombridge::admin
