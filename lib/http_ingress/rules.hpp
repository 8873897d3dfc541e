#pragma once
// What the configuration says of the ingress, and the judgement of a request by it.

#include <memory>
#include <string>

#include "admin/access.hpp"
#include "config/ingress.hpp"
#include "http_ingress/answer.hpp"
#include "http_ingress/request_reader.hpp"

namespace mombridge::http_ingress {

/// Immutable. [any thread]
class Rules {
 public:
  /// `config` has an ingress.
  explicit Rules(std::shared_ptr<const config::Config> config);

  [[nodiscard]] const config::Config& config() const { return *config_; }
  [[nodiscard]] const config::Ingress& ingress() const { return *config_->ingress; }

  /// Who asks, and for what: the address of a request that may go on.
  [[nodiscard]] tl::expected<Address, Answer> address(const RequestHead& head) const;

 private:
  [[nodiscard]] std::optional<Answer> refuse(const RequestHead& head) const;

  const std::shared_ptr<const config::Config> config_;
  const admin::Access access_;
};

}  // namespace mombridge::http_ingress
