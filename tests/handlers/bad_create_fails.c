/* Refuses its configuration, with a text. */
#include <stdio.h>

#include "plain.h"

static mombridge_status create(const mombridge_host* host, void** self, char* err, size_t err_size) {
  (void)host;
  (void)self;
  snprintf(err, err_size, "no database at 'db.path'");
  return MOMBRIDGE_INVALID;
}

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)self;
  (void)message;
  (void)id;
  return MOMBRIDGE_INTERNAL;
}

PLAIN_HANDLER("bad_create_fails", .handle = handle, .create = create);
