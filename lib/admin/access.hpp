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
  /// API looks at who it was meant for (Host) and whose page asks (Origin).
  /// `always`: even so, what only this machine reaches needs the token, too.
  Access(config::Listen listen, config::LiveSecret token, bool always = false)
      : listen_(std::move(listen)), token_(std::move(token)), always_(always) {}

  /// The refusal; absent: go on. `api`: a browser could be used against it.
  [[nodiscard]] std::optional<HttpResponse> refuse(const HttpRequest& request, bool api) const;
  /// After refuse(): what changes the bridge (any method but GET and HEAD) needs the token, or a header
  /// Mombridge-Admin, which no form can send; but through a unix socket nothing more.
  [[nodiscard]] std::optional<HttpResponse> refuse_change(const HttpRequest& request) const;
  /// After refuse(): who sees messages, and with them what is nobody else's business, needs the token on this machine,
  /// too, where each of its users could ask; but through a unix socket, which is for one user, nothing more.
  [[nodiscard]] std::optional<HttpResponse> refuse_messages(const HttpRequest& request) const;

 private:
  [[nodiscard]] bool has_token(const HttpRequest& request) const;
  [[nodiscard]] bool is_own(const std::string& host) const;

  const config::Listen listen_;
  const config::LiveSecret token_;
  const bool always_;
};

/// Takes as long for any two texts of the same lengths.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace mombridge::admin
