#pragma once
// One message on its way to the endpoint, and the answer to it.

#include <chrono>
#include <cstddef>
#include <curl/curl.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "settings.hpp"

namespace http {

using Clock = std::chrono::steady_clock;

// Made by the thread that hands over the message, then used by the thread that transfers.
class Transfer {
 public:
  // Copies what it needs of the message. Throws Reject for a message that cannot be sent. `settings` outlives this.
  Transfer(const Settings& settings, const mombridge::sdk::MessageView& message);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Once, before it is handed over: what it answers.
  void answers(mombridge::sdk::Request request) { request_.emplace(std::move(request)); }

  // When the answer is of no use any more, or the endpoint has had its time.
  Clock::time_point expires() const { return expires_; }
  // How many headers of the message HTTP cannot carry.
  std::size_t left_out() const { return left_out_; }

  // The handle that transfers it, with what is left of its time; null where there is no memory. Belongs to this.
  CURL* begin();
  // Answers the message by what has come back. Returns how long the endpoint asks not to be asked again.
  std::chrono::seconds finish(CURLcode result);
  void give_back(std::string_view why) { request_->retry(why); }

 private:
  void add_header(std::string_view name, std::string_view value);
  void add_properties(const mombridge::sdk::MessageView& message);
  void reply();
  // Why there is no response; without the URL's query, which may hold a secret.
  std::string failure(CURLcode result) const;
  // "HTTP/1.1 404 Not Found: " and the first line of the body.
  std::string reason() const;

  std::size_t take_body(std::string_view part);
  std::size_t take_header(std::string_view line);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);

  const Settings& settings_;
  std::optional<mombridge::sdk::Request> request_;
  const std::string url_, body_;
  const Clock::time_point expires_;
  std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers_{nullptr, curl_slist_free_all};
  std::size_t header_bytes_ = 0, left_out_ = 0;
  std::unique_ptr<CURL, void (*)(CURL*)> easy_{nullptr, curl_easy_cleanup};
  mombridge::sdk::Message answer_;
  std::string status_line_;
  std::size_t answer_header_bytes_ = 0;
  bool too_large_ = false;
  char error_[CURL_ERROR_SIZE] = "";
};

}  // namespace http
