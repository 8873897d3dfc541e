#pragma once
// The thread that has all transfers on their way at the same time.

#include <atomic>
#include <curl/curl.h>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "transfer.hpp"

namespace http {

// Life: start, any number of add, stop.
class Transfers {
 public:
  // `settings` outlives this.
  Transfers(const Settings& settings, const mombridge::sdk::Host& host) : settings_(settings), host_(host) {}

  // Throws where it cannot.
  void start();
  // [any thread] Never blocks.
  void add(std::unique_ptr<Transfer> transfer);
  // Gives back what is not finished, and joins the thread.
  void stop();

 private:
  void run();
  void take_in();
  void begin_waiting();
  void give_back_expired(Clock::time_point now);
  void finish_ended();
  void give_back_all();
  // How long nothing happens if no socket says so.
  std::chrono::milliseconds idle() const;

  const Settings& settings_;
  const mombridge::sdk::Host host_;
  std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)> multi_{nullptr, curl_multi_cleanup};
  std::mutex mutex_;
  std::vector<std::unique_ptr<Transfer>> added_;  // under the mutex
  std::atomic<bool> stopping_{false};
  // Of the thread:
  std::deque<std::unique_ptr<Transfer>> waiting_;
  std::map<CURL*, std::unique_ptr<Transfer>> active_;
  Clock::time_point next_look_{};   // for those that have expired
  Clock::time_point not_before_{};  // the endpoint has asked to be left alone until then
  std::thread thread_;
};

}  // namespace http
