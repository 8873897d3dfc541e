#include "http_ingress/connection.hpp"

#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

namespace mombridge::http_ingress {

namespace {

/// For the client to read the last answer and to close: whoever closes on bytes that are not read makes the client lose
/// the answer.
constexpr Duration kClosing = std::chrono::seconds(1);
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

ssize_t send_some(const Fd& fd, std::string_view text) {
  return ::send(fd.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool try_again() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

Connection::Connection(EventLoop& loop, Fd fd, uint64_t number, const Limits& limits, Owner& owner)
    : loop_(loop),
      fd_(std::move(fd)),
      number_(number),
      limits_(limits),
      owner_(owner),
      reader_(limits.head, owner.most_body()) {}

Connection::~Connection() {
  loop_.cancel(timer_);
  loop_.unwatch(fd_.get());
}

void Connection::start() {
  within(limits_.head_time);
  loop_.watch(fd_.get(), EPOLLIN, [this](uint32_t events) { ready(events); });
}

void Connection::turn_away(const Answer& turned) {
  loop_.watch(fd_.get(), 0, [this](uint32_t events) { ready(events); });
  refuse(turned);
}

void Connection::ready(uint32_t events) {
  switch (state_) {
    case State::reading:
      if (!(events & EPOLLOUT)) return read();
      loop_.modify(fd_.get(), EPOLLIN);
      return go_on();
    case State::waiting:  // only an error, or that both directions are closed, is reported then
      lose();
      return owner_.ended(*this);
    case State::writing:
      return write();
    case State::closing:
      return discard();
  }
}

void Connection::read() {
  std::array<char, 16384> buffer;
  auto n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n < 0 && try_again()) return;
  if (n <= 0) return owner_.ended(*this);
  if (reader_.untouched()) within(limits_.head_time);
  in_.append(buffer.data(), static_cast<size_t>(n));
  go_on();
}

// Reads as much of the present request as has come. The connection may be gone when this returns.
void Connection::go_on() {
  while (!in_.empty()) {
    auto before = reader_.state();
    in_.erase(0, reader_.take(in_));
    auto now = reader_.state();
    if (now == RequestReader::State::faulty) return refuse(owner_.faulty(reader_.fault()));
    if (before == RequestReader::State::head && now != RequestReader::State::head && !judge()) return;
    if (now == RequestReader::State::whole) return hand_over();
  }
}

void Connection::hand_over() {
  state_ = State::waiting;
  loop_.cancel(std::exchange(timer_, 0));
  loop_.modify(fd_.get(), 0);
  auto [head, body] = reader_.release();
  owner_.received(*this, std::move(admission_), std::move(head), std::move(body));
}

// Returns false where the request goes no further; the connection may be gone then.
bool Connection::judge() {
  auto& head = reader_.head();
  to_head_ = head.method == "HEAD";
  keep_ &= head.keep_alive && owner_.keeps();
  bool all_there = reader_.state() == RequestReader::State::whole;
  auto admitted = owner_.judge(head, reader_.length());
  if (!admitted) {
    // A body that nobody wants is not read, and without it the next request cannot be found.
    keep_ &= all_there;
    answer(admitted.error());
    return false;
  }
  admission_ = std::move(*admitted);
  if (all_there) return true;
  within(limits_.body_time);
  // The socket's buffer is empty, because the former answer was written whole.
  if (head.wants_continue) send_some(fd_, kContinue);
  return true;
}

void Connection::refuse(const Answer& refusal) {
  keep_ = false;
  answer(refusal);
}

void Connection::answer(const Answer& answer) {
  if (state_ == State::waiting && closed_by_client()) lose();
  out_ = http_text(answer, keep_, to_head_);
  state_ = State::writing;
  within(limits_.answer);
  loop_.modify(fd_.get(), EPOLLOUT);
  write();
}

void Connection::write() {
  while (sent_ < out_.size()) {
    auto n = send_some(fd_, std::string_view(out_).substr(sent_));
    if (n < 0 && try_again()) return;
    if (n < 0) {
      lose();
      return owner_.ended(*this);
    }
    sent_ += static_cast<size_t>(n);
  }
  written();
}

void Connection::written() {
  out_ = {};
  sent_ = 0;
  loop_.modify(fd_.get(), EPOLLIN);
  if (!keep_) {
    ::shutdown(fd_.get(), SHUT_WR);
    state_ = State::closing;
    return within(kClosing);
  }
  state_ = State::reading;
  to_head_ = false;
  reader_.next(owner_.most_body());
  within(in_.empty() ? limits_.idle : limits_.head_time);
  if (in_.empty()) return in_.shrink_to_fit();
  // What was sent behind the request is read in the next round, so that a client with many does not keep the loop.
  loop_.modify(fd_.get(), EPOLLIN | EPOLLOUT);
}

void Connection::close_after_answer() {
  keep_ = false;
  if (state_ == State::reading && reader_.untouched() && in_.empty()) owner_.ended(*this);
}

// A client that only ends what it sends, and still reads, cannot be told from one that has gone.
bool Connection::closed_by_client() const {
  char next = 0;
  auto n = ::recv(fd_.get(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && !try_again());
}

void Connection::lose() {
  if (std::exchange(lost_, true)) return;
  keep_ = false;
  owner_.unheard();
}

// One read a round: a client that sends without an end must not keep the loop.
void Connection::discard() {
  std::array<char, 16384> buffer;
  auto n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n == 0 || (n < 0 && !try_again())) owner_.ended(*this);
}

void Connection::within(Duration time) {
  loop_.cancel(timer_);
  timer_ = loop_.after(time, [this] { timed_out(); });
}

void Connection::timed_out() {
  timer_ = 0;
  bool begun = state_ == State::reading && !reader_.untouched();
  if (begun) return refuse(owner_.faulty({408, "the request was not sent in time"}));
  if (state_ == State::writing) lose();
  owner_.ended(*this);
}

}  // namespace mombridge::http_ingress
