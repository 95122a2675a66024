/* Phone numbers: added, listed, given to an application, removed. */
#include "cli/number.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/http.h"
#include "cli/options.h"
#include "fax/fax_json.h"

enum { PATH_SIZE = 128 };

static const char usage[] =
    "usage: faxwire number add NUMBER [--application ID] | list | assign NUMBER --application ID | remove NUMBER\n"
    "       --application '' takes the number away from its application\n";

struct number_form {
    const char *number, *application;
};

static bool fill(curl_mime *mime, void *arg)
{
    const struct number_form *f = arg;
    return fw_cli_field(mime, "phone_number", f->number) &&
           fw_cli_field(mime, "connection_id", f->application);
}

/* The path of the number, by looking for it: "/v2/phone_numbers/<id>". */
static bool find(const struct fw_cli_api *api, const char *number, char path[PATH_SIZE])
{
    size_t i;
    json_t *item;
    snprintf(path, PATH_SIZE, "/v2/phone_numbers?page%%5Bsize%%5D=250&filter%%5Bphone_number%%5D=%s",
             number + 1);
    json_t *answer CLEANUP(fw_json_free) = fw_cli_request(api, path, NULL, NULL);
    json_array_foreach (json_object_get(answer, "data"), i, item) {
        const char *text = json_string_value(json_object_get(item, "phone_number"));
        const char *id = json_string_value(json_object_get(item, "id"));
        if (text && id && strcmp(text, number) == 0) {
            snprintf(path, PATH_SIZE, "/v2/phone_numbers/%s", id);
            return true;
        }
    }
    if (answer)
        fprintf(stderr, "faxwire: this account has no number %s\n", number);
    return false;
}

static bool is_number(const char *text)
{
    const size_t digits = text && text[0] == '+' ? strspn(text + 1, "0123456789") : 0;
    return digits > 0 && digits < 32 && text[1 + digits] == '\0';
}

static int refuse(void)
{
    fputs(usage, stderr);
    return 2;
}

int fw_cli_number(int argc, char **argv)
{
    struct number_form form = { 0 };
    const struct fw_option options[] = { { "application", &form.application, false } };
    const char *words[2] = { NULL, NULL };
    char path[PATH_SIZE];
    struct fw_fault fault;
    struct fw_cli_api api;
    int count = 0;
    if (fw_options_read(argc, argv, options, ARRAY_LEN(options), words, 2, &count, &fault) || count == 0)
        return refuse();
    const char *command = words[0], *number = words[1];
    const bool is_list = strcmp(command, "list") == 0, is_add = strcmp(command, "add") == 0;
    const bool is_assign = strcmp(command, "assign") == 0, is_remove = strcmp(command, "remove") == 0;
    if ((!is_list && !is_add && !is_assign && !is_remove) || (is_list ? number != NULL : !is_number(number)) ||
        (is_assign && !form.application))
        return refuse();
    if (!fw_cli_api_open(&api))
        return 2;
    if (is_list)
        return fw_cli_print(fw_cli_request(&api, "/v2/phone_numbers?page%5Bsize%5D=250", NULL, NULL));
    if (is_add) {
        form.number = number;
        return fw_cli_print(fw_cli_request(&api, "/v2/phone_numbers", fill, &form));
    }
    if (!find(&api, number, path))
        return 1;
    if (is_remove)
        return fw_cli_print(fw_cli_request_by(&api, "DELETE", path, NULL, NULL));
    return fw_cli_print(fw_cli_request_by(&api, "PATCH", path, fill, &form));
}
