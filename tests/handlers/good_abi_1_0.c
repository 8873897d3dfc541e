/* A handler as it was compiled against version 1.0: it includes nothing of ours, and its structs are written out here
 * as they were published. They stay as they are when the header grows, because this plugin stands for every compiled
 * one. The table, the result and the reply end where readable memory ends: a bridge that reads past struct_size
 * crashes. Sends a copy of each message to "copies" of the broker "shop", and answers with its own body. One call at a
 * time. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct slice {
  const void* data;
  size_t size;
};
struct message {
  size_t struct_size;
  struct slice target, body, key, content_type, content_encoding, correlation_id, reply_to, message_id, type, source;
  const void* headers;
  size_t header_count;
  int64_t timestamp_ms, deadline_ms;
  uint32_t attempt, flags;
};
struct result {
  size_t struct_size;
  int32_t status;
  struct slice error;
  const struct message* reply;
};
struct host {
  size_t struct_size;
  void* ctx;
  struct slice name;
  void (*log)(void*, int32_t, struct slice);
  int32_t (*config_get)(void*, struct slice, struct slice*);
  int32_t (*complete)(void*, uint64_t, const struct result*);
  int32_t (*publish)(void*, struct slice, const struct message*, void (*)(void*, int32_t, struct slice), void*);
  void (*count)(void*, struct slice, uint64_t);
};
struct handler {
  size_t struct_size;
  uint32_t abi_major, abi_minor, flags, reserved;
  const char *name, *version;
  int32_t (*create)(const struct host*, void**, char*, size_t);
  int32_t (*start)(void*, char*, size_t);
  int32_t (*handle)(void*, const struct message*, uint64_t);
  void (*stop)(void*);
  void (*destroy)(void*);
};

/* `size` bytes of zeroes, followed by a page that nobody may read. Kept for the life of the process. */
static void* at_the_edge(size_t size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char* pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0) return NULL;
  return pages + page - size;
}

static const struct host* host;
static struct result* result;
static struct message* reply;

static int32_t create(const struct host* offered, void** self, char* err, size_t err_size) {
  (void)err;
  (void)err_size;
  host = offered;
  result = at_the_edge(40);
  reply = at_the_edge(208);
  *self = NULL;
  return result && reply && offered->struct_size >= 72 ? 0 : -7;
}

static int32_t handle(void* self, const struct message* message, uint64_t id) {
  (void)self;
  if (message->struct_size < 208 || message->attempt != 1) return -2;
  reply->struct_size = 208;
  reply->body = message->body;
  result->struct_size = 40;
  result->status = 0;
  result->reply = reply;
  struct message* sent = reply;
  struct slice target = {"copies", 6}, broker = {"shop", 4}, none = {NULL, 0};
  sent->target = target;
  host->publish(host->ctx, broker, sent, NULL, NULL);
  sent->target = none;
  host->complete(host->ctx, id, result);
  return 0;
}

static void destroy(void* self) { (void)self; }

/* With version 1.0 of the table in a bridge that is newer, nothing but its first 80 bytes is there. */
__attribute__((visibility("default"))) const struct handler* mombridge_handler_entry(uint32_t host_major,
                                                                                     uint32_t host_minor) {
  (void)host_minor;
  struct handler* table = at_the_edge(80);
  if (!table || host_major != 1) return NULL;
  const struct handler content = {80, 1, 0, 0, 0, "good_abi_1_0", "1.0", create, NULL, handle, NULL, destroy};
  memcpy(table, &content, sizeof content);
  return table;
}
