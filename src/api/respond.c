/* Answers that are not JSON, and what a handler needs fetched before it can answer. */
#include <sys/stat.h>

#include "api/media_files.h"
#include "api/request.h"
#include "base/file.h"
#include "base/log.h"

void fw_respond_empty(struct fw_request *r)
{
    r->status = 204;
}

void fw_respond_file(struct fw_request *r, int fd, const char *type, const char *name)
{
    struct stat st;
    fw_fd_close(&r->file.fd);
    r->file.fd = fd;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        fw_api_error_store(&r->errors, FW_IO);
        return;
    }
    r->file.size = (uint64_t)st.st_size;
    r->file.type = type;
    fw_media_disposition(name, r->file.disposition, sizeof r->file.disposition);
    r->status = 200;
}

static enum fw_err download(struct fw_request *r, uint64_t size_max, const atomic_bool *stop,
                            struct fw_fault *fault)
{
    const struct fw_api_config *c = r->config;
    enum fw_err err = fw_uploads_begin(&r->uploads);
    if (err)
        return err;
    struct stat st = { 0 };
    err = c->fetch(c->arg, r->fetch_url, r->uploads.fd, size_max, stop, fault);
    if (!err && fstat(r->uploads.fd, &st) < 0)
        err = FW_IO;
    r->uploads.items[r->uploads.count - 1].size = (uint64_t)st.st_size;
    const enum fw_err kept = fw_uploads_end(&r->uploads, !err && st.st_size > 0);
    if (!err && !kept && st.st_size == 0) {
        fw_fault_set(fault, "", "is empty");
        err = FW_INVALID;
    }
    return err ? err : kept;
}

void fw_request_fetch(struct fw_request *r, const char *pointer, uint64_t size_max,
                      const atomic_bool *stop)
{
    struct fw_fault fault = { 0 };
    if (!r->config->fetch) {
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, pointer,
                        "Downloads are not possible here; upload the document.");
        return;
    }
    const enum fw_err err = download(r, size_max, stop, &fault);
    if (err == FW_INVALID)
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, pointer,
                        "The document could not be downloaded: %s.", fault.message);
    else if (err == FW_LIMIT)
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, pointer,
                        "The document may have at most %llu bytes.", (unsigned long long)size_max);
    else if (err)
        fw_api_error_store(&r->errors, err == FW_BUSY ? FW_BUSY : FW_IO);
}
