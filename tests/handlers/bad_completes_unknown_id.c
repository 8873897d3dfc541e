/* Completes an id that was never given out, then its own: reply "refused" if the host knew. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)message;
  mombridge_status stray = plain_complete(self, UINT64_MAX - id, MOMBRIDGE_OK, "stray");
  plain_complete(self, id, MOMBRIDGE_OK, stray == MOMBRIDGE_NOT_FOUND ? "refused" : "taken");
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_completes_unknown_id", .handle = handle);
