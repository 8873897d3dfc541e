/* The handler ABI as it was published, in numbers that stand here and not in the header: every size, offset, type,
 * value and flag of version 1.0 on a 64-bit target. If this file does not compile, compiled handlers break. Within
 * major version 1 only this may change: a struct with struct_size gets fields at its end. Then its SIZE below grows,
 * its new fields get lines of their own, MOMBRIDGE_ABI_MINOR is raised, and no other line changes. */
#include "mombridge/handler.h"

_Static_assert(sizeof(void*) == 8, "the numbers are those of a 64-bit target");

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "the size of " #type " has changed")
#define VALUE(name, number) _Static_assert((name) == (number), #name " has changed")
#define TYPE(expression, ...) \
  _Static_assert(_Generic((expression), __VA_ARGS__ : 1, default : 0), "the type of " #expression " has changed")
/* `type` stands in the place of the field: at `offset`, and of this very type. */
#define FIELD(struct_type, field, offset, ...)                                                               \
  _Static_assert(offsetof(struct_type, field) == (offset), #struct_type "." #field " is at another offset"); \
  TYPE(((struct_type*)0)->field, __VA_ARGS__)

/* Major version 1: what a handler that was compiled against 1.0 relies on. */
VALUE(MOMBRIDGE_ABI_MAJOR, 1);
VALUE(MOMBRIDGE_ABI_MINOR, 0);
_Static_assert(sizeof(MOMBRIDGE_ENTRY_SYMBOL) == sizeof("mombridge_handler_entry"), "the symbol has changed");

/* Statuses, severities, flags. */
TYPE((mombridge_status)0, int32_t);
VALUE(MOMBRIDGE_OK, 0);
VALUE(MOMBRIDGE_RETRY, -1);
VALUE(MOMBRIDGE_REJECT, -2);
VALUE(MOMBRIDGE_INVALID, -3);
VALUE(MOMBRIDGE_NOT_FOUND, -4);
VALUE(MOMBRIDGE_BUSY, -5);
VALUE(MOMBRIDGE_CLOSED, -6);
VALUE(MOMBRIDGE_INTERNAL, -7);
VALUE(MOMBRIDGE_LOG_DEBUG, 0);
VALUE(MOMBRIDGE_LOG_INFO, 1);
VALUE(MOMBRIDGE_LOG_WARN, 2);
VALUE(MOMBRIDGE_LOG_ERROR, 3);
VALUE(MOMBRIDGE_MESSAGE_REDELIVERED, 1);
VALUE(MOMBRIDGE_HANDLER_SERIAL, 1);

/* Frozen, because they stand in arrays. */
SIZE(mombridge_slice, 16);
FIELD(mombridge_slice, data, 0, const void*);
FIELD(mombridge_slice, size, 8, size_t);
SIZE(mombridge_header, 32);
FIELD(mombridge_header, name, 0, mombridge_slice);
FIELD(mombridge_header, value, 16, mombridge_slice);
TYPE((mombridge_request_id)0, uint64_t);

SIZE(mombridge_message, 208);
VALUE(MOMBRIDGE_MESSAGE_SIZE_1_0, 208);
FIELD(mombridge_message, struct_size, 0, size_t);
FIELD(mombridge_message, target, 8, mombridge_slice);
FIELD(mombridge_message, body, 24, mombridge_slice);
FIELD(mombridge_message, key, 40, mombridge_slice);
FIELD(mombridge_message, content_type, 56, mombridge_slice);
FIELD(mombridge_message, content_encoding, 72, mombridge_slice);
FIELD(mombridge_message, correlation_id, 88, mombridge_slice);
FIELD(mombridge_message, reply_to, 104, mombridge_slice);
FIELD(mombridge_message, message_id, 120, mombridge_slice);
FIELD(mombridge_message, type, 136, mombridge_slice);
FIELD(mombridge_message, source, 152, mombridge_slice);
FIELD(mombridge_message, headers, 168, const mombridge_header*);
FIELD(mombridge_message, header_count, 176, size_t);
FIELD(mombridge_message, timestamp_ms, 184, int64_t);
FIELD(mombridge_message, deadline_ms, 192, int64_t);
FIELD(mombridge_message, attempt, 200, uint32_t);
FIELD(mombridge_message, flags, 204, uint32_t);

SIZE(mombridge_result, 40);
VALUE(MOMBRIDGE_RESULT_SIZE_1_0, 40);
FIELD(mombridge_result, struct_size, 0, size_t);
FIELD(mombridge_result, status, 8, mombridge_status);
FIELD(mombridge_result, error, 16, mombridge_slice);
FIELD(mombridge_result, reply, 32, const mombridge_message*);

TYPE((mombridge_publish_done)0, void (*)(void*, mombridge_status, mombridge_slice));

SIZE(mombridge_host, 72);
VALUE(MOMBRIDGE_HOST_SIZE_1_0, 72);
FIELD(mombridge_host, struct_size, 0, size_t);
FIELD(mombridge_host, ctx, 8, void*);
FIELD(mombridge_host, name, 16, mombridge_slice);
FIELD(mombridge_host, log, 32, void (*)(void*, int32_t, mombridge_slice));
FIELD(mombridge_host, config_get, 40, mombridge_status (*)(void*, mombridge_slice, mombridge_slice*));
FIELD(mombridge_host, complete, 48, mombridge_status (*)(void*, mombridge_request_id, const mombridge_result*));
FIELD(mombridge_host, publish, 56,
      mombridge_status (*)(void*, mombridge_slice, const mombridge_message*, mombridge_publish_done, void*));
FIELD(mombridge_host, count, 64, void (*)(void*, mombridge_slice, uint64_t));

SIZE(mombridge_handler, 80);
VALUE(MOMBRIDGE_HANDLER_SIZE_1_0, 80);
FIELD(mombridge_handler, struct_size, 0, size_t);
FIELD(mombridge_handler, abi_major, 8, uint32_t);
FIELD(mombridge_handler, abi_minor, 12, uint32_t);
FIELD(mombridge_handler, flags, 16, uint32_t);
FIELD(mombridge_handler, reserved, 20, uint32_t);
FIELD(mombridge_handler, name, 24, const char*);
FIELD(mombridge_handler, version, 32, const char*);
FIELD(mombridge_handler, create, 40, mombridge_status (*)(const mombridge_host*, void**, char*, size_t));
FIELD(mombridge_handler, start, 48, mombridge_status (*)(void*, char*, size_t));
FIELD(mombridge_handler, handle, 56, mombridge_status (*)(void*, const mombridge_message*, mombridge_request_id));
FIELD(mombridge_handler, stop, 64, void (*)(void*));
FIELD(mombridge_handler, destroy, 72, void (*)(void*));

TYPE(&mombridge_handler_entry, const mombridge_handler* (*)(uint32_t, uint32_t));

/* Used by abi_test.cpp. */
int c11_has_flags(const mombridge_message* message);
int c11_has_flags(const mombridge_message* message) { return MOMBRIDGE_HAS(mombridge_message, message, flags); }
