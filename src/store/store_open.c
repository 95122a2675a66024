/* Opening and closing the store, and the folders it owns. */
#include <jansson.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store/migrate.h"
#include "store/store_internal.h"

enum {
    DATA_DIR_MAX = 400, /* bytes; SQLite takes paths up to 512, and ours end in /faxwire.db-wal */
    PATH_SIZE = DATA_DIR_MAX + 64,
    LOCK_WAIT_MS = 5000
};

static void store_close_p(struct fw_store **s)
{
    fw_store_close(*s);
}

/* Makes the folder durable: its own name and, later, the names in it. */
static enum fw_err make_folder(const char *dir, struct fw_fault *fault)
{
    char parent[PATH_SIZE];
    const bool is_new = access(dir, F_OK) != 0;
    snprintf(parent, sizeof parent, "%s/..", dir);
    errno = 0;
    if (fw_dir_make(dir) || (is_new && fw_dir_sync(parent))) {
        fw_fault_set(fault, "data_dir", "The data folder %s cannot be made: %s.", dir,
                     strerror(errno));
        return FW_IO;
    }
    return FW_OK;
}

static enum fw_err take_lock(const char *dir, int *ret, struct fw_fault *fault)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/lock", dir);
    int fd CLEANUP(fw_fd_close) = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        fw_fault_set(fault, "data_dir", "The data folder %s cannot be written: %s.", dir,
                     strerror(errno));
        return FW_IO;
    }
    const enum fw_err err = fw_file_lock(fd, LOCK_WAIT_MS, "data_folder");
    if (err == FW_IO) {
        fw_fault_set(fault, "data_dir", "%s cannot be locked: %s.", path, strerror(errno));
        return err;
    }
    if (err) {
        fw_fault_set(fault, "data_dir",
                     "Another Faxwire uses the data folder %s; stop it, or give this one a folder "
                     "of its own.",
                     dir);
        return err;
    }
    *ret = fd;
    fd = -1;
    return FW_OK;
}

/* The file is made here and not by SQLite, so that nobody else may read it. */
static enum fw_err make_file(const char *path, struct fw_fault *fault)
{
    int fd CLEANUP(fw_fd_close) = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        return FW_OK;
    fw_fault_set(fault, "data_dir", "%s cannot be opened: %s.", path, strerror(errno));
    return FW_IO;
}

static enum fw_err open_database(struct fw_store *s, struct fw_fault *fault)
{
    char path[PATH_SIZE];
    struct fw_db db CLEANUP(fw_db_close) = { 0 };
    snprintf(path, sizeof path, "%s/faxwire.db", s->data_dir);
    enum fw_err err = make_file(path, fault);
    if (!err)
        err = fw_db_open(path, true, &db, fault);
    if (!err)
        err = fw_store_migrate(&db, fw_store_migrations, fw_store_migration_count, fault);
    if (!err && fw_dir_sync(s->data_dir)) {
        fw_fault_set(fault, "data_dir", "The data folder %s cannot be synced to disk.",
                     s->data_dir);
        err = FW_IO;
    }
    if (!err)
        err = fw_readers_open(path, &s->readers, fault);
    return err ? err : fw_writer_start(&db, &s->writer);
}

enum fw_err fw_store_open(const char *data_dir, struct fw_fault *fault, struct fw_store **ret)
{
    fw_assert(data_dir && ret);
    if (!data_dir[0] || strlen(data_dir) > DATA_DIR_MAX) {
        fw_fault_set(fault, "data_dir", "The path of the data folder must have 1 to %d bytes.",
                     DATA_DIR_MAX);
        return FW_INVALID;
    }
    struct fw_store *s CLEANUP(store_close_p) = calloc(1, sizeof *s);
    if (!s)
        return FW_NO_MEMORY;
    s->lock_fd = -1;
    s->far_back.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    s->data_dir = strdup(data_dir);
    if (!s->data_dir)
        return FW_NO_MEMORY;
    enum fw_err err = make_folder(data_dir, fault);
    if (!err)
        err = take_lock(data_dir, &s->lock_fd, fault);
    if (!err)
        err = open_database(s, fault);
    if (err)
        return err;
    *ret = TAKE(s);
    return FW_OK;
}

void fw_store_close(struct fw_store *s)
{
    if (!s)
        return;
    /* Readers first: the last connection to close merges the WAL, which takes one that may write.
     */
    fw_readers_close(s->readers);
    fw_writer_stop(s->writer);
    fw_fd_close(&s->lock_fd);
    free(s->documents_dir);
    free(s->data_dir);
    free(s);
}

void fw_store_on_delivery(struct fw_store *s, void (*fn)(void *arg), void *arg)
{
    fw_writer_on_delivery(s->writer, fn, arg);
}

void fw_store_fax_home(const struct fw_store *s, const struct fw_fax *f, char *dst, size_t dst_size)
{
    fw_store_fax_dir(s, f->batch[0] ? f->batch : f->id, dst, dst_size);
}

const char *fw_store_data_dir(const struct fw_store *s)
{
    return s->data_dir;
}

void fw_store_fax_dir(const struct fw_store *s, const char *fax, char *dst, size_t dst_size)
{
    fw_assert(fw_uuid_valid(fax)); /* what comes from outside is looked up before it is a path */
    const int size =
        snprintf(dst, dst_size, "%s/faxes/%s/%s", fw_store_documents_dir(s), fax + FW_UUID_SIZE - 3, fax);
    fw_assert(size > 0 && (size_t)size < dst_size);
}

void fw_store_spool_path(const struct fw_store *s, int modem, const char *call, const char *suffix, char *dst,
                         size_t dst_size)
{
    const int size = snprintf(dst, dst_size, "%s/spool/modem-%d/%s%s", fw_store_documents_dir(s), modem, call,
                              suffix);
    fw_assert(size > 0 && (size_t)size < dst_size);
}

enum fw_err fw_store_fax_dir_make(struct fw_store *s, const char *fax, char *dst, size_t dst_size)
{
    fw_store_fax_dir(s, fax, dst, dst_size);
    enum fw_err err = fw_dir_make(dst);
    /* Each folder on the way may be new. */
    char path[PATH_SIZE + FW_UUID_SIZE];
    snprintf(path, sizeof path, "%s", dst);
    for (int level = 0; level < 3 && !err; level++) {
        *strrchr(path, '/') = '\0';
        err = fw_dir_sync(path);
    }
    return err;
}

bool fw_rows_grow(void **items, int count, size_t item_size)
{
    /* Sizes are powers of two, so it is full exactly when count is one (or nothing). */
    if (count != 0 && (count & (count - 1)) != 0)
        return true;
    const size_t capacity = count == 0 ? 1 : (size_t)count * 2;
    void *grown = reallocarray(*items, capacity, item_size);
    if (!grown)
        return false;
    *items = grown;
    return true;
}

enum fw_err fw_rows_read(struct fw_stmt *q, fw_row_reader *read, size_t item_size, void *items_at, int *count)
{
    enum fw_err err;
    while ((err = fw_stmt_row(q)) == FW_OK) {
        void *items;
        memcpy(&items, items_at, sizeof items);
        if (!fw_rows_grow(&items, *count, item_size))
            return FW_NO_MEMORY;
        memcpy(items_at, &items, sizeof items);
        err = read(q, (char *)items + (size_t)*count * item_size);
        if (err)
            return err;
        ++*count;
    }
    return err == FW_NOT_FOUND ? FW_OK : err;
}

char *fw_texts_json(const char *const *texts, int count)
{
    json_t *list = json_array();
    int bad = !list;
    for (int i = 0; i < count && !bad; i++)
        bad = json_array_append_new(list, json_string(texts[i]));
    char *text = bad ? NULL : json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return text;
}

void fw_texts_free(char **text)
{
    free(*text);
}
