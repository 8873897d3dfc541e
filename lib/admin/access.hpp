#pragma once
// Who may ask a listener.

#include <optional>
#include <string>
#include <string_view>

#include "admin/http.hpp"
#include "config/listen.hpp"
#include "config/live_secret.hpp"

namespace mombridge::admin {

/// [any thread]
class Access {
 public:
  /// Of `admin:`. What only this machine reaches needs no token; but a browser on it does as strange pages say, so the
  /// API looks at who it was meant for (Host) and whose page asks (Origin), and what changes something (any method but
  /// GET and HEAD) needs there the token or a header Mombridge-Admin, which no form can send.
  Access(config::Listen listen, config::LiveSecret token) : listen_(std::move(listen)), token_(std::move(token)) {}

  /// The refusal; absent: go on. `api`: a browser could be used against it.
  [[nodiscard]] std::optional<HttpResponse> refuse(const HttpRequest& request, bool api) const;

 private:
  [[nodiscard]] bool has_token(const HttpRequest& request) const;
  [[nodiscard]] bool is_own(const std::string& host) const;

  const config::Listen listen_;
  const config::LiveSecret token_;
};

/// Takes as long for any two texts of the same lengths.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace mombridge::admin
