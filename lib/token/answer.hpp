#pragma once
// What a token endpoint is sent, and what its answer means.

#include <string>

#include "base/result.hpp"
#include "token/http_post.hpp"
#include "token/settings.hpp"
#include "token/token.hpp"

namespace mombridge::token {

/// The client credentials grant as a request, with the client's secret as it is now. Source: RFC 6749, sections 2.3.1
/// and 4.4.2.
HttpRequest make_request(const Settings& settings, const Secret& client_secret);

/// The token of an answer that came at `now_ms` by the wall clock. What the endpoint says of the token's life
/// (`expires_in`) counts more than the end in the token itself (`exp`), because it holds whatever this machine's clock
/// shows. Errors name the status and the endpoint's words, and no secret: one that the endpoint repeats is left out.
/// Source: RFC 6749, sections 5.1 and 5.2.
Result<Token> read_answer(const HttpAnswer& answer, const Secret& client_secret, int64_t now_ms);

}  // namespace mombridge::token
