/* Bodies of every form: how they are cut into pieces on the way changes nothing of what is read. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/faxwire-fuzz-XXXXXX";

static void remove_folder(void)
{
    (void)rmdir(folder);
}

/* What a body is read as: its fields and faults as one text, and how many documents it had. */
static char *reading(const char *type, struct fw_span body, size_t piece, int *ret_documents)
{
    static const char *made;
    if (!made) {
        made = mkdtemp(folder);
        fw_assert(made && atexit(remove_folder) == 0);
    }
    struct fw_api_errors errors = { 0 };
    struct fw_uploads uploads;
    struct fw_body b = { 0 };
    fw_uploads_init(&uploads, made);
    fw_body_begin(&b, type, &uploads, &errors);
    for (size_t at = 0; at < body.size; at += piece) {
        const size_t left = body.size - at;
        fw_body_read(&b, (struct fw_span){ body.data + at, left < piece ? left : piece });
    }
    fw_body_finish(&b);
    fw_assert(errors.status != 0 || json_is_object(b.fields));
    json_t *all = json_pack("{sO? sO? si sb}", "fields", errors.status ? NULL : b.fields, "errors",
                            errors.list, "status", errors.status, "form", b.is_form);
    char *text = json_dumps(all, JSON_SORT_KEYS);
    fw_assert(text);
    *ret_documents = errors.status ? 0 : uploads.count;
    json_decref(all);
    fw_body_done(&b);
    fw_uploads_done(&uploads);
    fw_api_errors_done(&errors);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = { "application/json", "multipart/form-data; boundary=b",
                                         "application/x-www-form-urlencoded", NULL };
    if (size < 2)
        return 0;
    const struct fw_span body = { data + 2, size - 2 };
    int whole_documents = 0, cut_documents = 0;
    const char *type = types[data[0] % 4];
    char *whole = reading(type, body, body.size + 1, &whole_documents);
    char *cut = reading(type, body, 1 + data[1] % 64, &cut_documents);
    fw_assert(strcmp(whole, cut) == 0 && whole_documents == cut_documents);
    free(whole);
    free(cut);
    return 0;
}
