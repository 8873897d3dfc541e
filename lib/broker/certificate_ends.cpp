#include "broker/certificate_ends.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "base/thread.hpp"
#include "tls/certificates.hpp"

namespace mombridge {

namespace {

using Ends = std::optional<tls::WallTime>;

std::vector<tls::WallTime> ends_in(const std::string& file) {
  std::vector<tls::WallTime> ends;
  if (file.empty()) return ends;
  if (auto read = tls::read_certificates(file))
    for (auto& certificate : *read) ends.push_back(certificate.ends);
  return ends;
}

}  // namespace

struct CertificateEnds::State {
  State(const config::TlsSettings* tls, Duration how_often)
      : client_file(tls ? tls->certificate : ""), ca_file(tls ? tls->ca : ""), every(how_often) {}

  const std::string client_file, ca_file;  ///< empty: there is none
  const Duration every;
  std::mutex mutex;      ///< guards what follows
  bool reading = false;  ///< a thread is at it
  TimePoint read_at{};   ///< the last time; zero: never
  Ends client, ca;
};

CertificateEnds::CertificateEnds(const config::TlsSettings* tls, Duration every)
    : state_(std::make_shared<State>(tls, every)) {}

void CertificateEnds::want() {
  if (state_->client_file.empty() && state_->ca_file.empty()) return;
  std::lock_guard lock(state_->mutex);
  bool fresh = state_->read_at != TimePoint{} && Clock::now() - state_->read_at < state_->every;
  if (fresh || state_->reading) return;
  // Where no thread can be made, the next one who wants to know tries again.
  state_->reading = start_detached("certificates", [state = state_] { read_files(*state); }).has_value();
}

// A client shows the whole of its file, so the first end counts. Of several CAs one may replace another: the last.
void CertificateEnds::read_files(State& state) {
  auto client = ends_in(state.client_file), ca = ends_in(state.ca_file);
  std::lock_guard lock(state.mutex);
  state.client = client.empty() ? Ends() : *std::ranges::min_element(client);
  state.ca = ca.empty() ? Ends() : *std::ranges::max_element(ca);
  state.read_at = Clock::now();
  state.reading = false;
}

std::vector<Figures::Certificate> CertificateEnds::read() const {
  std::lock_guard lock(state_->mutex);
  std::vector<Figures::Certificate> all;
  auto add = [&](const char* whose, const Ends& ends) {
    if (ends)
      all.push_back({whose, std::chrono::duration_cast<std::chrono::seconds>(ends->time_since_epoch()).count()});
  };
  add("client", state_->client);
  add("ca", state_->ca);
  return all;
}

}  // namespace mombridge
