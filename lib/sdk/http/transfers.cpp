#include "transfers.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace http {

namespace {

constexpr std::chrono::milliseconds kLongestIdle(1000);
constexpr std::chrono::milliseconds kLook(50);  // between looks at what waits, some of which may expire

}  // namespace

void Transfers::start() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  multi_.reset(curl_multi_init());
  if (multi_ == nullptr) throw std::runtime_error("curl cannot be started");
  thread_ = std::thread([this] { run(); });
}

void Transfers::add(std::unique_ptr<Transfer> transfer) {
  {
    const std::lock_guard lock(mutex_);
    added_.push_back(std::move(transfer));
  }
  curl_multi_wakeup(multi_.get());
}

void Transfers::stop() {
  stopping_ = true;
  curl_multi_wakeup(multi_.get());
  if (thread_.joinable()) thread_.join();
  multi_.reset();
}

void Transfers::run() {
  while (!stopping_) {
    try {
      take_in();
      begin_waiting();
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      finish_ended();
    } catch (const std::exception& thrown) {
      host_.error(thrown.what());  // no memory: what could not be taken was dropped, and is tried again
    }
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(idle().count()), nullptr);
  }
  give_back_all();
}

std::chrono::milliseconds Transfers::idle() const { return waiting_.empty() ? kLongestIdle : kLook; }

void Transfers::take_in() {
  std::vector<std::unique_ptr<Transfer>> added;
  {
    const std::lock_guard lock(mutex_);
    added.swap(added_);
  }
  for (std::unique_ptr<Transfer>& transfer : added) waiting_.push_back(std::move(transfer));
}

void Transfers::give_back_expired(Clock::time_point now) {
  next_look_ = now + kLook;
  std::erase_if(waiting_, [&](std::unique_ptr<Transfer>& transfer) {
    if (transfer->expires() > now) return false;
    transfer->give_back(now < not_before_ ? "the endpoint asked for a pause (Retry-After) that outlasts the time-out"
                                          : "its time was over before it could be sent");
    return true;
  });
}

void Transfers::begin_waiting() {
  const Clock::time_point now = Clock::now();
  if (now >= next_look_) give_back_expired(now);
  while (now >= not_before_ && !waiting_.empty() && active_.size() < settings_.connections) {
    std::unique_ptr<Transfer> transfer = std::move(waiting_.front());
    waiting_.pop_front();
    CURL* easy = transfer->begin();
    // The transfer is dropped where this fails, which means that it is tried again.
    if (easy == nullptr) continue;
    active_.emplace(easy, std::move(transfer));
    if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) active_.erase(easy);
  }
}

void Transfers::finish_ended() {
  int left = 0;
  bool ended = false;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto found = active_.find(message->easy_handle);
    const CURLcode result = message->data.result;
    curl_multi_remove_handle(multi_.get(), message->easy_handle);
    if (found == active_.end()) continue;
    const std::chrono::milliseconds wait =
        std::min<std::chrono::milliseconds>(found->second->finish(result), settings_.max_retry_after);
    if (wait > std::chrono::milliseconds(0)) {
      not_before_ = std::max(not_before_, Clock::now() + wait);
      host_.count("pauses");
    }
    active_.erase(found);
    ended = true;
  }
  if (ended) begin_waiting();  // there is room again
}

void Transfers::give_back_all() {
  take_in();
  for (auto& [easy, transfer] : active_) curl_multi_remove_handle(multi_.get(), easy);
  active_.clear();
  for (const std::unique_ptr<Transfer>& transfer : waiting_) transfer->give_back("the handler is stopped");
  waiting_.clear();
}

}  // namespace http
