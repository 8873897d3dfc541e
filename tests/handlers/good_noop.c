/* Is done with each message at once, without an answer. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)message;
  plain_complete(self, id, MOMBRIDGE_OK, NULL);
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("good_noop", .handle = handle);
