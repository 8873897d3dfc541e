/* Ends the process on the body "crash", and answers anything else with its own body: for messages beside a deadly one.
 */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  if (message->body.size == 5 && memcmp(message->body.data, "crash", 5) == 0) abort();
  const mombridge_host* host = self;
  mombridge_message reply = {.struct_size = sizeof reply, .body = message->body, .content_type = message->content_type};
  mombridge_result result = {.struct_size = sizeof result, .status = MOMBRIDGE_OK, .reply = &reply};
  host->complete(host->ctx, id, &result);
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_crashes_echo", .handle = handle);
