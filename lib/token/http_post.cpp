#include "token/http_post.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <httplib.h>
#include <memory>
#include <mutex>
#include <optional>
#include <signal.h>
#include <utility>

#include "base/thread.hpp"
#include "token/socket_watch.hpp"

namespace mombridge::token {

namespace {

/// Of a whole answer with its header. Tokens of some KiB are usual.
constexpr size_t kLargest = 256 * 1024;
constexpr auto kStep = std::chrono::milliseconds(100);
constexpr auto kConnect = std::chrono::seconds(5);   ///< to one address
constexpr auto kSilence = std::chrono::minutes(10);  ///< longer than any caller's patience, which decides

std::atomic<int> under_way{0};

std::string too_large() { return "its answer is larger than " + std::to_string(kLargest / 1024) + " KiB"; }

/// The request and its answer, shared with the thread that sends it, which may outlive the caller. httplib can bound
/// each of its waits, but not the whole, and not the size of a header; its own stop() waits for a handshake. So the
/// caller watches the socket, and shuts it down when that is enough.
class Exchange {
 public:
  explicit Exchange(HttpRequest request) : request_(std::move(request)) {}

  /// [the exchange's thread]
  void run() noexcept {
    block_sigpipe();
    auto result = contained();
    std::lock_guard lock(mutex_);
    result_ = std::move(result);
    socket_.end();
    answered_.notify_all();
  }

  /// [caller] Waits a little; empty: there is no answer yet.
  std::optional<Result<HttpAnswer>> wait() {
    std::unique_lock lock(mutex_);
    answered_.wait_for(lock, kStep, [this] { return result_.has_value(); });
    return std::exchange(result_, std::nullopt);
  }

  /// [caller] Bytes that have come so far.
  [[nodiscard]] size_t received() {
    std::lock_guard lock(mutex_);
    return socket_.received();
  }

  /// [caller] Nobody waits for the answer any more.
  void give_up() {
    std::lock_guard lock(mutex_);
    given_up_ = true;
    socket_.shut_down();
  }

 private:
  /// OpenSSL writes without MSG_NOSIGNAL, and the connection may have been shut down. Commands do not ignore SIGPIPE,
  /// because they have to end with what reads their output.
  static void block_sigpipe() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }

  Result<HttpAnswer> contained() noexcept {
    try {
      return exchange();
    } catch (const std::exception&) {
      // httplib throws where an answer makes no sense, as for a status that is no number.
      return fail("its answer is not HTTP");
    }
  }

  Result<HttpAnswer> exchange() {
    auto& url = request_.url;
    std::unique_ptr<httplib::ClientImpl> made;
    if (url.tls)
      made = std::make_unique<httplib::SSLClient>(url.host, url.port);
    else
      made = std::make_unique<httplib::ClientImpl>(url.host, url.port);
    auto& client = *made;
    if (!client.is_valid()) return fail("TLS cannot be used");
    client.set_connection_timeout(kConnect);
    client.set_read_timeout(kSilence);
    client.set_write_timeout(kSilence);
    client.set_follow_location(false);
    client.set_decompress(false);
    client.set_socket_options([this](int socket) { watch(socket); });
    if (url.tls) {
      client.enable_server_certificate_verification(true);
      if (!request_.ca.empty()) client.set_ca_cert_path(request_.ca);
    }
    return send(client);
  }

  Result<HttpAnswer> send(httplib::ClientImpl& client) {
    HttpAnswer answer;
    bool large = false;
    httplib::Request request;
    request.method = "POST";
    request.path = request_.url.path;
    request.headers = {{"Host", request_.url.authority()},
                       {"Accept", "application/json"},
                       {"Accept-Encoding", "identity"},
                       {"User-Agent", "mombridge"},
                       {"Content-Type", "application/x-www-form-urlencoded"}};
    if (!request_.authorization.empty()) request.headers.emplace("Authorization", request_.authorization.reveal());
    request.body = request_.body.reveal();
    request.content_receiver = [&](const char* data, size_t size, uint64_t, uint64_t) {
      large = answer.body.size() + size > kLargest;
      if (!large) answer.body.append(data, size);
      return !large;
    };
    httplib::Response response;
    auto error = httplib::Error::Success;
    bool sent = client.send(request, response, error);
    if (large) return fail(too_large());
    if (!sent) return fail(words(error, client));
    answer.status = response.status;
    return answer;
  }

  void watch(int socket) {
    std::lock_guard lock(mutex_);
    socket_.begin(socket);
    if (given_up_) socket_.shut_down();
  }

  std::string words(httplib::Error error, const httplib::ClientImpl& client) const {
    switch (error) {
      case httplib::Error::Connection:
        return "cannot connect: does the host exist, and does it listen on this port?";
      case httplib::Error::ConnectionTimeout:
        return "cannot connect in time";
      case httplib::Error::Read:
        return "the connection ended before its answer was whole, or it speaks no HTTP";
      case httplib::Error::Write:
        return "the connection ended before the request was sent";
      case httplib::Error::SSLConnection:
        return "no TLS connection: is it a port for https?";
      case httplib::Error::SSLLoadingCerts:
        return request_.ca.empty() ? "the system's CA certificates cannot be loaded"
                                   : "the CA certificates cannot be loaded from " + request_.ca;
      case httplib::Error::SSLServerVerification:
        return not_verified(client);
      default:
        return httplib::to_string(error);
    }
  }

  [[nodiscard]] std::string not_verified(const httplib::ClientImpl& client) const {
    auto result = static_cast<const httplib::SSLClient&>(client).get_openssl_verify_result();
    if (result == X509_V_OK) return "its certificate does not name " + request_.url.host;
    auto by = request_.ca.empty() ? "the system's CAs (ca: names others)" : "those of " + request_.ca;
    return std::string("its certificate is not accepted: ") + X509_verify_cert_error_string(result) + "; by " + by;
  }

  const HttpRequest request_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::optional<Result<HttpAnswer>> result_;
  SocketWatch socket_;  ///< of the connection at hand
  bool given_up_ = false;
};

}  // namespace

Result<HttpAnswer> http_post(const HttpRequest& request, TimePoint deadline, const std::function<bool()>& stopped) {
  auto exchange = std::make_shared<Exchange>(request);
  ++under_way;
  auto started = start_detached("token:fetch", [exchange] {
    exchange->run();
    --under_way;
  });
  if (!started) {
    --under_way;
    return fail(started.error());
  }
  for (;;) {
    if (auto answer = exchange->wait()) return std::move(*answer);
    std::string why;
    if (stopped())
      why = "stopped";
    else if (Clock::now() >= deadline)
      why = "no whole answer in time";
    else if (exchange->received() > 2 * kLargest)  // of TLS, too
      why = too_large();
    if (why.empty()) continue;
    exchange->give_up();
    return fail(why);
  }
}

bool http_left_behind() { return under_way > 0; }

}  // namespace mombridge::token
