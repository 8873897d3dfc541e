/* Ends the process by a signal when the process runs its exit handlers. */
#include "plain.h"

__attribute__((constructor)) static void at_exit(void) { atexit(abort); }

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)message;
  plain_complete(self, id, MOMBRIDGE_OK, NULL);
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_at_exit", .handle = handle);
