/* Answers, and never comes back from stop(). */
#include <unistd.h>

#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)message;
  plain_complete(self, id, MOMBRIDGE_OK, "alive");
  return MOMBRIDGE_OK;
}

static void stop(void* self) {
  (void)self;
  for (;;) pause();
}

PLAIN_HANDLER("bad_stop_hangs", .handle = handle, .stop = stop);
