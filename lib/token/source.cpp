#include "token/source.hpp"

#include <stdexcept>
#include <utility>

#include "base/log.hpp"
#include "token/answer.hpp"
#include "token/http_post.hpp"
#include "token/token_file.hpp"

namespace mombridge::token {

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

}  // namespace

Result<Token> obtain(const Settings& settings, TimePoint deadline, const std::function<bool()>& stopped) {
  if (!settings.file.empty()) return read_token_file(settings.file);
  auto secret = settings.client_secret.read();
  if (!secret.warning.empty()) log::warn(secret.warning);
  auto answer = http_post(make_request(settings, secret.value), deadline, stopped);
  auto token = answer ? read_answer(*answer, secret.value, unix_ms()) : Result<Token>(fail(answer.error()));
  if (!token) return fail(token.error().in("no token from " + settings.url.text()));
  return token;
}

Source::Watch::Watch(Watch&& other) noexcept : source_(std::exchange(other.source_, nullptr)), id_(other.id_) {}

Source::Watch& Source::Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    end();
    source_ = std::exchange(other.source_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

void Source::Watch::end() noexcept {
  if (!source_) return;
  std::lock_guard lock(source_->watches_mutex_);
  source_->watches_.erase(id_);
  source_ = nullptr;
}

Source::Source(std::string broker, const Settings& settings)
    : Source(std::move(broker), settings.file.empty() ? Renewal::Origin::url : Renewal::Origin::file,
             [settings](TimePoint deadline, auto& stopped) { return token::obtain(settings, deadline, stopped); }) {}

Source::Source(std::string broker, Renewal::Origin origin, Obtain obtain, Now now)
    : broker_(std::move(broker)), obtain_(std::move(obtain)), now_(std::move(now)), renewal_(origin) {}

void Source::start() {
  auto thread = Thread::start(broker_ + ":token", [this] { run(); });
  if (!thread) throw std::runtime_error(thread.error().text);
  thread_ = std::move(*thread);
}

void Source::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

Source::Watch Source::watch(Changed changed) {
  std::lock_guard lock(watches_mutex_);
  watches_.emplace(++next_watch_, std::move(changed));
  return {*this, next_watch_};
}

Result<Present> Source::present() const {
  std::lock_guard lock(mutex_);
  return renewal_.present(now_());
}

void Source::refused(uint64_t number) {
  std::lock_guard lock(mutex_);
  renewal_.refused(number, now_());
  asked_ = true;
  changed_.notify_all();
}

Source::Status Source::status() const {
  std::lock_guard lock(mutex_);
  auto now = now_();
  auto present = renewal_.present(now);
  if (!present) return {false, present.error().text};
  if (renewal_.problem().empty()) return {true, {}};
  auto& ends = present->token.ends_ms;
  return {true, "not renewed: " + renewal_.problem() + (ends ? "; the present one ends at " + time_text(*ends) : "")};
}

bool Source::stopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void Source::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    auto wait = renewal_.wait(now_());
    if (wait == Duration::zero())
      look(lock);
    else if (wait == Duration::max())
      changed_.wait(lock);
    else
      changed_.wait_for(lock, wait);
  }
}

void Source::look(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  auto token = obtain_(Clock::now() + kPatience, [this] { return stopping(); });
  lock.lock();
  if (stopping_) return;
  auto now = now_();
  bool tells = token ? found(std::move(*token), now) : failed(token.error().text, now);
  lock.unlock();
  if (tells) tell();
  lock.lock();
}

bool Source::found(Token token, Instant now) {
  bool again = !renewal_.problem().empty();
  bool other = renewal_.found(std::move(token), now);
  auto& ends = renewal_.last()->token.ends_ms;
  if (again || other)
    log::event(again ? log::Level::info : log::Level::debug, again ? "token renewed again" : "token renewed",
               {{"broker", broker_}, {"ends", ends ? time_text(*ends) : "not said"}});
  said_ended_ = false;
  return std::exchange(asked_, false) || other;
}

// Once when it begins, and once more when the token has ended.
bool Source::failed(const std::string& why, Instant now) {
  bool first = renewal_.problem().empty();
  renewal_.failed(why, now);
  auto* last = renewal_.last();
  bool ended = !last || renewal_.has_ended(now);
  if (ended && !said_ended_)
    log::error(last ? "the token has ended and is not renewed" : "there is no token",
               {{"broker", broker_}, {"reason", why}});
  else if (first)
    log::warn("the token is not renewed, and used as long as it lasts",
              {{"broker", broker_},
               {"reason", why},
               {"ends", last->token.ends_ms ? time_text(*last->token.ends_ms) : "not said"}});
  said_ended_ |= ended;
  return !renewal_.present(now);
}

void Source::tell() {
  std::lock_guard lock(watches_mutex_);
  for (auto& [_, changed] : watches_) changed();
}

}  // namespace mombridge::token
