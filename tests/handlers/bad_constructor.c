/* Ends the process while it is loaded, before anybody asks for its table. */
#include "plain.h"

__attribute__((constructor)) static void end_the_process(void) { abort(); }

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)message;
  plain_complete(self, id, MOMBRIDGE_OK, NULL);
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_constructor", .handle = handle);
