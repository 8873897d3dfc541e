/* Dies of a signal on the body "crash" and answers anything else: for isolation in a process. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  if (message->body.size == 5 && memcmp(message->body.data, "crash", 5) == 0) abort();
  plain_complete(self, id, MOMBRIDGE_OK, "alive");
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_crashes", .handle = handle);
