/* Can be configured, but not started. */
#include <stdio.h>

#include "plain.h"

static mombridge_status start(void* self, char* err, size_t err_size) {
  (void)self;
  snprintf(err, err_size, "the device is not there");
  return MOMBRIDGE_INTERNAL;
}

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)self;
  (void)message;
  (void)id;
  return MOMBRIDGE_INTERNAL;
}

PLAIN_HANDLER("bad_start_fails", .handle = handle, .start = start);
