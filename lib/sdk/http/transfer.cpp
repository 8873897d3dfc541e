#include "transfer.hpp"

#include <algorithm>
#include <cctype>
#include <exception>
#include <new>
#include <utility>

namespace http {

using mombridge::sdk::Message;
using mombridge::sdk::MessageView;

namespace {

constexpr std::size_t kMostHeaderBytes = 60 * 1024;         // of a request: servers take 64 KiB at the most
constexpr std::size_t kMostAnswerHeaderBytes = 256 * 1024;  // of a response
constexpr std::size_t kLongestReason = 300;
constexpr std::string_view kHeaderPrefix = "Mombridge-Header-";

// The unix time is the one that deadlines are in.
Clock::time_point expiry(const MessageView& message, std::chrono::milliseconds timeout) {
  const Clock::time_point end = Clock::now() + timeout;
  if (message.deadline_ms() == 0) return end;
  const std::chrono::milliseconds now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  const std::chrono::milliseconds deadline(message.deadline_ms());
  return deadline - now < timeout ? Clock::now() + (deadline - now) : end;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

Transfer::Transfer(const Settings& settings, const MessageView& message)
    : settings_(settings),
      url_(settings.url.url(message.target())),
      body_(message.body()),
      expires_(expiry(message, settings.timeout)) {
  for (const std::string& header : settings.headers) {
    const std::size_t colon = header.find(':');
    add_header(std::string_view(header).substr(0, colon), trimmed(std::string_view(header).substr(colon + 1)));
  }
  add_properties(message);
  for (const mombridge_header& header : message.headers()) {
    add_header(std::string(kHeaderPrefix) + std::string(mombridge::sdk::view(header.name)),
               mombridge::sdk::view(header.value));
  }
}

void Transfer::add_header(std::string_view name, std::string_view value) {
  const std::size_t bytes = name.size() + value.size() + 4;
  if (!is_header_name(name) || !is_header_value(value) || header_bytes_ + bytes > kMostHeaderBytes) {
    ++left_out_;
    return;
  }
  // curl sends a header without a value only if a semicolon ends its name.
  const std::string line = std::string(name) + (value.empty() ? ";" : ": " + std::string(value));
  curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(headers_.release());
  headers_.reset(longer);
  header_bytes_ += bytes;
}

void Transfer::add_properties(const MessageView& message) {
  const std::pair<std::string_view, std::string_view> properties[] = {
      {"Content-Encoding", message.content_encoding()},
      {"Mombridge-Target", message.target()},
      {"Mombridge-Source", message.source()},
      {"Mombridge-Key", message.key().value_or("")},
      {"Mombridge-Correlation-Id", message.correlation_id()},
      {"Mombridge-Reply-To", message.reply_to()},
      {"Mombridge-Message-Id", message.message_id()},
      {"Mombridge-Type", message.type()}};
  for (const auto& [name, value] : properties) {
    if (!value.empty()) add_header(name, value);
  }
  const bool typed = !message.content_type().empty();
  add_header("Content-Type", typed ? message.content_type() : "application/octet-stream");
  if (message.timestamp_ms() != 0) add_header("Mombridge-Timestamp-Ms", std::to_string(message.timestamp_ms()));
  if (message.deadline_ms() != 0) add_header("Mombridge-Deadline-Ms", std::to_string(message.deadline_ms()));
  add_header("Mombridge-Attempt", std::to_string(message.attempt()));
  if (message.redelivered()) add_header("Mombridge-Redelivered", "true");
}

CURL* Transfer::begin() {
  easy_.reset(curl_easy_init());
  CURL* easy = easy_.get();
  if (easy == nullptr) return nullptr;
  // A header without text is one that curl shall not add itself: it would wait for the answer to it before each body.
  if (curl_slist* longer = curl_slist_append(headers_.get(), "Expect:")) {
    static_cast<void>(headers_.release());
    headers_.reset(longer);
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(expires_ - Clock::now());
  const std::chrono::milliseconds least(1);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, settings_.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body_.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, settings_.method.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "mombridge-http/1.0");
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max(left, least).count()));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_timeout.count()));
  if (!settings_.ca.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca.c_str());
  if (!settings_.certificate.empty()) curl_easy_setopt(easy, CURLOPT_SSLCERT, settings_.certificate.c_str());
  if (!settings_.key.empty()) curl_easy_setopt(easy, CURLOPT_SSLKEY, settings_.key.c_str());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  return easy;
}

std::chrono::seconds Transfer::finish(CURLcode result) {
  long status = 0;
  curl_off_t wait = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &wait);
  const bool ok = status >= 200 && status < 300;
  const bool cut_off = too_large_ && result == CURLE_WRITE_ERROR;
  if (result != CURLE_OK && !cut_off) {
    request_->retry(failure(result));
    return {};
  }
  if (ok && cut_off) {
    // The endpoint has done its work, and would answer the same again.
    request_->reject("the response is larger than max_response, " + std::to_string(settings_.max_response) + " bytes");
  } else if (status == 204 || status == 205) {
    request_->done();
  } else if (ok) {
    reply();
  } else if (status >= 400 && status < 500 && status != 408 && status != 425 && status != 429) {
    request_->reject(reason());
  } else {
    request_->retry(reason() + (status >= 300 && status < 400 ? " (redirects are not followed)" : ""));
    return std::chrono::seconds(wait);
  }
  return {};
}

void Transfer::reply() {
  try {
    request_->reply(answer_);
  } catch (const std::exception& thrown) {
    request_->retry(thrown.what());
  }
}

std::string Transfer::failure(CURLcode result) const {
  const std::string what = answer_header_bytes_ > kMostAnswerHeaderBytes ? "the headers of the response are too large"
                           : error_[0] != '\0'                           ? error_
                                                                         : curl_easy_strerror(result);
  return settings_.method + " " + url_.substr(0, url_.find('?')) + ": " + what;
}

std::string Transfer::reason() const {
  const std::string_view body = answer_.body;
  const std::string_view line = trimmed(body.substr(0, body.find('\n')));
  return (status_line_ + (line.empty() ? "" : ": " + std::string(line))).substr(0, kLongestReason);
}

std::size_t Transfer::take_body(std::string_view part) {
  if (answer_.body.size() + part.size() > settings_.max_response) {
    answer_.body += part.substr(0, settings_.max_response - answer_.body.size());
    too_large_ = true;
    return 0;  // which ends the transfer
  }
  answer_.body += part;
  return part.size();
}

std::size_t Transfer::take_header(std::string_view line) {
  answer_header_bytes_ += line.size();
  if (answer_header_bytes_ > kMostAnswerHeaderBytes) return 0;
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {  // also of an interim response, such as 100: what was before does not count
    status_line_ = trimmed(line);
    answer_ = Message{};
  } else if (colon != std::string_view::npos) {
    const std::string_view name = line.substr(0, colon);
    const std::string value(trimmed(line.substr(colon + 1)));
    if (same_name(name, "Content-Type")) answer_.content_type = value;
    if (same_name(name, "Content-Encoding")) answer_.content_encoding = value;
    if (name.size() > kHeaderPrefix.size() && same_name(name.substr(0, kHeaderPrefix.size()), kHeaderPrefix)) {
      answer_.add_header(std::string(name.substr(kHeaderPrefix.size())), value);
    }
  }
  return line.size();
}

// No exception may go through curl: without memory the transfer ends.
std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  try {
    return static_cast<Transfer*>(self)->take_body({data, size * count});
  } catch (const std::exception&) {
    return 0;
  }
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  try {
    return static_cast<Transfer*>(self)->take_header({data, size * count});
  } catch (const std::exception&) {
    return 0;
  }
}

}  // namespace http
