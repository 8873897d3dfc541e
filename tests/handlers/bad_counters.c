/* Names a counter after each message: without a bound, that would grow for ever. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  const mombridge_host* host = self;
  host->count(host->ctx, message->body, 1);
  plain_complete(self, id, MOMBRIDGE_OK, NULL);
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_counters", .handle = handle);
