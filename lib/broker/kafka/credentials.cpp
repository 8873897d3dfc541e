#include "broker/kafka/credentials.hpp"

#include <utility>

#include "broker/kafka/handles.hpp"

namespace mombridge::kafka {

namespace {

void give(rd_kafka_t* client, const std::string& username, const Secret& password) {
  ClientError(rd_kafka_sasl_set_credentials(client, username.c_str(), password.reveal().c_str()));
}

}  // namespace

void Credentials::use(rd_kafka_t* client, std::string username, Secret password) {
  std::lock_guard lock(mutex_);
  client_ = client;
  username_ = std::move(username);
  password_ = std::move(password);
}

void Credentials::renew() {
  if (!sasl_ || !takes_password(sasl_->mechanism)) return;
  auto now = sasl_->password.read();  // not under the lock: a file system may hang
  if (!now.warning.empty())
    log_.event(log::Level::warn, "a secret could not be read", {{"secret", "sasl.password"}, {"reason", now.warning}});
  std::lock_guard lock(mutex_);
  if (!client_ || now.value.reveal() == password_.reveal()) return;
  password_ = now.value;
  give(client_, username_, password_);
}

// No call is there to wake the client's threads, but this one does it before it returns, and asks the brokers nothing:
// the credentials are those that it has.
void Credentials::wake() {
  std::lock_guard lock(mutex_);
  if (client_) give(client_, username_, password_);
}

}  // namespace mombridge::kafka
