/* The disk whose power goes: SQLite's file methods, with the state at the last sync kept beside. */
#include "power_cut.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

enum { SECTOR = 512, SECTORS_MAX = 1 << 18, FILES_MAX = 8 };

/* What is on the platter and may not be what the file says. */
struct platter {
    char     path[512];
    int      fd; /* of our own, never closed: closing one drops the locks that SQLite has on the file */
    int64_t  size;
    uint8_t *sectors[SECTORS_MAX]; /* NULL: as the file has it */
};

struct cut_file {
    sqlite3_file    base;
    struct platter *platter; /* NULL: not one that is kept */
    sqlite3_file   *real;
};

static struct {
    pthread_mutex_t lock;
    sqlite3_vfs    *real;
    struct platter *platters[FILES_MAX];
    int             left;
    bool            lying;
    uint64_t        draw;
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t draw(void)
{
    disk.draw ^= disk.draw << 13; /* xorshift64 */
    disk.draw ^= disk.draw >> 7;
    disk.draw ^= disk.draw << 17;
    return disk.draw;
}

static int64_t size_of(const struct platter *p)
{
    struct stat st;
    fw_assert(fstat(p->fd, &st) == 0);
    return st.st_size;
}

static void keep(struct platter *p, int64_t from, int64_t to)
{
    for (int64_t i = from / SECTOR; i * SECTOR < to; i++) {
        fw_assert(i < SECTORS_MAX);
        if (p->sectors[i])
            continue;
        p->sectors[i] = calloc(1, SECTOR);
        fw_assert(p->sectors[i] && pread(p->fd, p->sectors[i], SECTOR, i * SECTOR) >= 0);
    }
}

/* Some of what was written since the last sync got there: each sector by itself, none, or all. */
static void settle(struct platter *p)
{
    const uint64_t kind = draw() % 4;
    const int64_t size = size_of(p);
    for (int64_t i = 0; i < SECTORS_MAX; i++) {
        const bool lost = kind == 0 || (kind >= 2 && draw() % 2);
        if (p->sectors[i] && lost)
            fw_assert(pwrite(p->fd, p->sectors[i], SECTOR, i * SECTOR) == SECTOR);
    }
    const int64_t cut_size = kind == 0 ? p->size : kind == 1 || draw() % 2 ? size : p->size;
    fw_assert(ftruncate(p->fd, cut_size) == 0);
}

/* With the lock held. */
static void count_down(void)
{
    if (--disk.left > 0)
        return;
    for (int i = 0; i < FILES_MAX && disk.platters[i]; i++)
        settle(disk.platters[i]);
    _exit(POWER_CUT_EXIT);
}

static struct platter *platter_of(const char *path)
{
    int i = 0;
    while (i < FILES_MAX && disk.platters[i] && strcmp(disk.platters[i]->path, path) != 0)
        i++;
    fw_assert(i < FILES_MAX);
    if (disk.platters[i])
        return disk.platters[i];
    struct platter *p = calloc(1, sizeof *p);
    fw_assert(p && strlen(path) < sizeof p->path);
    memcpy(p->path, path, strlen(path));
    p->fd = open(path, O_RDWR | O_CLOEXEC);
    fw_assert(p->fd >= 0);
    p->size = size_of(p);
    disk.platters[i] = p;
    return p;
}

static struct cut_file *of(sqlite3_file *f) { return (struct cut_file *)(void *)f; }

static int on_close(sqlite3_file *f) { return of(f)->real->pMethods->xClose(of(f)->real); }

static int on_read(sqlite3_file *f, void *to, int size, sqlite3_int64 at)
{
    return of(f)->real->pMethods->xRead(of(f)->real, to, size, at);
}

static int on_write(sqlite3_file *f, const void *from, int size, sqlite3_int64 at)
{
    pthread_mutex_lock(&disk.lock);
    if (of(f)->platter) {
        count_down();
        keep(of(f)->platter, at, at + size);
    }
    const int rc = of(f)->real->pMethods->xWrite(of(f)->real, from, size, at);
    pthread_mutex_unlock(&disk.lock);
    return rc;
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    pthread_mutex_lock(&disk.lock);
    if (of(f)->platter) {
        count_down();
        keep(of(f)->platter, size, size_of(of(f)->platter));
    }
    const int rc = of(f)->real->pMethods->xTruncate(of(f)->real, size);
    pthread_mutex_unlock(&disk.lock);
    return rc;
}

static int on_sync(sqlite3_file *f, int flags)
{
    struct platter *p = of(f)->platter;
    (void)flags;
    pthread_mutex_lock(&disk.lock);
    if (p)
        count_down();
    if (p && !disk.lying) {
        for (int i = 0; i < SECTORS_MAX; i++) {
            free(p->sectors[i]);
            p->sectors[i] = NULL;
        }
        p->size = size_of(p);
    }
    pthread_mutex_unlock(&disk.lock);
    return SQLITE_OK;
}

static int on_size(sqlite3_file *f, sqlite3_int64 *ret) { return of(f)->real->pMethods->xFileSize(of(f)->real, ret); }
static int on_lock(sqlite3_file *f, int how) { return of(f)->real->pMethods->xLock(of(f)->real, how); }
static int on_unlock(sqlite3_file *f, int how) { return of(f)->real->pMethods->xUnlock(of(f)->real, how); }
static int on_reserved(sqlite3_file *f, int *ret) { return of(f)->real->pMethods->xCheckReservedLock(of(f)->real, ret); }
static int on_control(sqlite3_file *f, int op, void *arg) { return of(f)->real->pMethods->xFileControl(of(f)->real, op, arg); }
static int on_sector(sqlite3_file *f) { (void)f; return SECTOR; }
/* No promise of the real device is passed on: a write may tear at any sector. */
static int on_device(sqlite3_file *f) { (void)f; return 0; }
static int on_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
    return of(f)->real->pMethods->xShmMap(of(f)->real, page, size, extend, ret);
}
static int on_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return of(f)->real->pMethods->xShmLock(of(f)->real, at, n, flags);
}
static void on_shm_barrier(sqlite3_file *f) { of(f)->real->pMethods->xShmBarrier(of(f)->real); }
static int on_shm_unmap(sqlite3_file *f, int drop) { return of(f)->real->pMethods->xShmUnmap(of(f)->real, drop); }

static const sqlite3_io_methods methods = {
    .iVersion = 2, .xClose = on_close, .xRead = on_read, .xWrite = on_write, .xTruncate = on_truncate,
    .xSync = on_sync, .xFileSize = on_size, .xLock = on_lock, .xUnlock = on_unlock,
    .xCheckReservedLock = on_reserved, .xFileControl = on_control, .xSectorSize = on_sector,
    .xDeviceCharacteristics = on_device, .xShmMap = on_shm_map, .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier, .xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags, int *ret_flags)
{
    struct cut_file *file = of(f);
    (void)vfs;
    *file = (struct cut_file){ .real = (sqlite3_file *)(void *)(file + 1) };
    const int rc = disk.real->xOpen(disk.real, path, file->real, flags, ret_flags);
    if (rc != SQLITE_OK)
        return rc;
    pthread_mutex_lock(&disk.lock);
    if (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL))
        file->platter = platter_of(path);
    pthread_mutex_unlock(&disk.lock);
    file->base.pMethods = &methods;
    return SQLITE_OK;
}

void power_cut_install(uint64_t seed, int operations, bool lying)
{
    static sqlite3_vfs vfs;
    disk.real = sqlite3_vfs_find(NULL);
    fw_assert(disk.real && operations > 0);
    disk.draw = seed * 2654435769u + 1;
    disk.left = operations;
    disk.lying = lying;
    vfs = *disk.real; /* the rest of its methods take any vfs of the same application data */
    vfs.szOsFile = (int)sizeof(struct cut_file) + disk.real->szOsFile;
    vfs.zName = "power-cut";
    vfs.xOpen = on_open;
    vfs.pNext = NULL;
    fw_assert(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}
