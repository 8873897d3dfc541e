/* Completes, and yet returns a failure: the completion counts. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)message;
  plain_complete(self, id, MOMBRIDGE_OK, "completed");
  return MOMBRIDGE_REJECT;
}

PLAIN_HANDLER("bad_returns_and_completes", .handle = handle);
