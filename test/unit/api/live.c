/* The helper that starts a whole API and speaks to it. */
#include "live.h"

#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "test.h"

static void accepted(void *arg, const char *fax)
{
    struct live *l = arg;
    CHECK(fw_uuid_valid(fax));
    atomic_fetch_add(&l->accepted, 1);
    if (l->on_accepted)
        l->on_accepted(l);
}

static void make_application(struct live *l)
{
    struct fw_application a = { .account = l->account, .active = true, .webhook_timeout_secs = -1 };
    fw_numeric_id_new(a.id);
    snprintf(a.name, sizeof a.name, "test");
    snprintf(a.webhook_url, sizeof a.webhook_url, "http://127.0.0.1/hook");
    a.created_at = a.updated_at = fw_wall_now();
    CHECK_INT(fw_store_application_create(l->store, &a), FW_OK);
    snprintf(l->application, sizeof l->application, "%s", a.id);
}

void live_open(struct live *l)
{
    live_open_with(l, NULL);
}

void live_open_with(struct live *l, const struct fw_api_config *limits)
{
    struct fw_fault fault = { 0 };
    char hash[FW_SHA256_HEX_SIZE];
    memset(l, 0, sizeof *l);
    fw_log_init("test", FW_LOG_WARN);
    snprintf(l->dir, sizeof l->dir, "/tmp/fw-api-XXXXXX");
    CHECK(mkdtemp(l->dir) != NULL);
    snprintf(l->uploads, sizeof l->uploads, "%s/uploads", l->dir);
    CHECK_INT(fw_store_open(l->dir, &fault, &l->store), FW_OK);
    CHECK_INT(fw_store_account_ensure(l->store, "test", &l->account), FW_OK);
    fw_secret_new(l->key);
    fw_sha256_hex(fw_span_of(l->key), hash);
    CHECK_INT(fw_store_key_ensure(l->store, l->account, hash), FW_OK);
    make_application(l);
    char key_path[96];
    snprintf(key_path, sizeof key_path, "%s/webhook-key", l->dir);
    CHECK_INT(fw_signer_open(key_path, &l->signer), FW_OK);
    const struct fw_api_config none = { 0 };
    limits = limits ? limits : &none;
    const struct fw_api_config config = { .store = l->store,
                                          .upload_dir = l->uploads,
                                          .fax_accepted = accepted,
                                          .arg = l,
                                          .threads = 4,
                                          .rate_limit_per_second = limits->rate_limit_per_second,
                                          .faxes_in_process_max = limits->faxes_in_process_max,
                                          .signer = l->signer };
    CHECK_INT(fw_api_start(&config, &fault, &l->api), FW_OK);
    l->port = fw_api_port(l->api);
    snprintf(l->url, sizeof l->url, "http://127.0.0.1:%u", l->port);
}

void live_close(struct live *l)
{
    fw_api_stop(l->api);
    fw_store_close(l->store);
    fw_signer_free(l->signer);
    fw_dir_remove(l->dir, 4);
}

void answer_done(struct answer *a)
{
    json_decref(a->json);
    memset(a, 0, sizeof *a);
}

struct text {
    char *data;
    size_t size, max;
};

static size_t keep(char *data, size_t one, size_t count, void *arg)
{
    struct text *t = arg;
    const size_t size = one * count;
    if (t->size + size >= t->max)
        return 0;
    memcpy(t->data + t->size, data, size);
    t->size += size;
    t->data[t->size] = '\0';
    return size;
}

struct answer ask(const struct live *l, const struct ask *a)
{
    enum { BODY_MAX = 1024 * 1024 };
    struct answer answer = { 0 };
    char url[2048], authorization[300], type[200];
    char *body = malloc(BODY_MAX);
    struct text body_text = { body, 0, BODY_MAX },
                headers = { answer.headers, 0, sizeof answer.headers };
    CURL *curl = curl_easy_init();
    snprintf(url, sizeof url, "%s%s", l->url, a->path);
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s",
             a->key ? a->key : l->key);
    snprintf(type, sizeof type, a->type ? "Content-Type: %s" : "Content-Type:", a->type);
    struct curl_slist *list = curl_slist_append(NULL, authorization);
    if (!a->mime)
        list = curl_slist_append(list, type);
    if (a->header)
        list = curl_slist_append(list, a->header);
    curl_mime *mime = a->mime ? a->mime(curl, a->arg) : NULL;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body_text);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (a->body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, a->body);
    if (mime)
        curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
    if (a->method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, a->method);
    body[0] = '\0';
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    answer.json = json_loads(body, 0, NULL);
    snprintf(answer.text, sizeof answer.text, "%.4000s", body);
    curl_mime_free(mime);
    curl_slist_free_all(list);
    curl_easy_cleanup(curl);
    free(body);
    return answer;
}

struct answer get(const struct live *l, const char *path)
{
    return ask(l, &(struct ask){ .path = path });
}

struct answer post(const struct live *l, const char *path, const char *type, const char *body)
{
    return ask(l, &(struct ask){ .path = path, .type = type, .body = body });
}

static const char *error_text(const struct answer *a, size_t i, const char *outer, const char *name)
{
    const json_t *error = json_array_get(json_object_get(a->json, "errors"), i);
    const char *text =
        json_string_value(json_object_get(outer ? json_object_get(error, outer) : error, name));
    return text ? text : "";
}
const char *error_code(const struct answer *a, size_t i)
{
    return error_text(a, i, NULL, "code");
}
const char *error_pointer(const struct answer *a, size_t i)
{
    return error_text(a, i, "source", "pointer");
}
const char *error_parameter(const struct answer *a, size_t i)
{
    return error_text(a, i, "source", "parameter");
}

int raw_connect(const struct live *l)
{
    const struct sockaddr_in to = { .sin_family = AF_INET,
                                    .sin_port = htons(l->port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

size_t raw(const struct live *l, const char *bytes, size_t size, int wait_ms, char *dst,
           size_t dst_size)
{
    const int fd = raw_connect(l);
    size_t used = 0;
    CHECK(send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
    struct pollfd p = { .fd = fd, .events = POLLIN };
    while (used + 1 < dst_size && poll(&p, 1, wait_ms) > 0) {
        const ssize_t got = read(fd, dst + used, dst_size - 1 - used);
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    dst[used] = '\0';
    close(fd);
    return used;
}

int files_in(const char *path)
{
    DIR *dir = opendir(path);
    int count = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char child[1024];
        struct stat st;
        snprintf(child, sizeof child, "%s/%s", path, e->d_name);
        if (e->d_name[0] == '.' || lstat(child, &st) < 0)
            continue;
        count += S_ISDIR(st.st_mode) ? files_in(child) : 1;
    }
    if (dir)
        closedir(dir);
    return count;
}

int fax_count(const struct live *l)
{
    struct fw_fax_page page = { 0 };
    CHECK_INT(fw_store_fax_list(l->store, l->account, NULL, 1, 1, &page), FW_OK);
    const int total = (int)page.total;
    fw_fax_page_done(&page);
    return total;
}
