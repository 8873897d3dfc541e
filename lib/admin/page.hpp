#pragma once
// The page of the admin listener: one file (page/), filled with tables of the status for who runs no scripts.

#include "admin/http.hpp"
#include "admin/status.hpp"

namespace mombridge::admin {

/// Null: the main loop does not answer; the page says so, and goes on asking.
[[nodiscard]] HttpResponse page(const Status* status);

/// With nothing of the bridge: it asks for the token. A 401, as everything without the token is.
[[nodiscard]] HttpResponse page_for_the_token();

}  // namespace mombridge::admin
