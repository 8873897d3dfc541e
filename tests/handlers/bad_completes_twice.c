/* Answers twice: the first counts. Counts `second_taken` if the host took the second. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  const mombridge_host* host = self;
  (void)message;
  plain_complete(self, id, MOMBRIDGE_OK, "first");
  if (plain_complete(self, id, MOMBRIDGE_REJECT, NULL) != MOMBRIDGE_NOT_FOUND) {
    host->count(host->ctx, mombridge_text("second_taken"), 1);
  }
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_completes_twice", .handle = handle);
