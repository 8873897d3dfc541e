/* Does not export the entry function: a library, but no handler. */
int mombridge_not_the_entry(void);
int mombridge_not_the_entry(void) { return 0; }
