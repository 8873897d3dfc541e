#include "broker/amqp/token_login.hpp"

#include <amqp.h>
#include <amqp_framing.h>

namespace mombridge::amqp {

Result<> TokenLogin::ready() const {
  if (!source_) return {};
  auto present = source_->present();
  if (!present) return fail(present.error());
  if (present->number > refused_) return {};
  auto detail = source_->status().detail;
  return fail("the broker refuses the present token, and there is no newer one yet" +
              (detail.empty() ? "" : ": it is " + detail));
}

Result<Secret> TokenLogin::log_in() {
  if (auto ok = ready(); !ok) return fail(ok.error());
  auto present = source_->present();
  if (!present) return fail(present.error());
  given_ = std::move(*present);
  updated_ = false;
  return given_->token.text;
}

std::optional<Secret> TokenLogin::update() {
  if (!source_ || !given_) return std::nullopt;
  auto present = source_->present();
  if (!present || present->token.text.reveal() == given_->token.text.reveal()) return std::nullopt;
  given_ = std::move(*present);
  updated_ = true;
  return given_->token.text;
}

bool TokenLogin::run_out(unsigned code, std::string_view words) {
  if (code != AMQP_ACCESS_REFUSED || !source_ || !given_) return false;
  // RabbitMQ: "Provided JWT token has expired at timestamp …". Its clock may be ahead of this machine's.
  bool ended = words.find("has expired") != std::string_view::npos;
  if (!ended && !updated_ && source_->is_fresh(given_->fresh_until)) return false;
  refused_ = given_->number;
  source_->refused(refused_);
  return true;
}

}  // namespace mombridge::amqp
