/* The commands on faxes: send and wait, show, list, events, cancel. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "cli/http.h"
#include "cli/mail.h"
#include "cli/number.h"
#include "cli/watch.h"
#include "fax/fax_json.h"
#include "cli/options.h"

struct send_form {
    const char *to, *from, *quality, *application, *document;
};

static bool is_url(const char *text)
{
    return fw_text_starts(text, "http://") || fw_text_starts(text, "https://");
}

static bool fill(curl_mime *mime, void *arg)
{
    const struct send_form *f = arg;
    bool ok = fw_cli_field(mime, "to", f->to) && fw_cli_field(mime, "from", f->from) &&
              fw_cli_field(mime, "quality", f->quality) && fw_cli_field(mime, "connection_id", f->application);
    if (is_url(f->document))
        return ok && fw_cli_field(mime, "media_url", f->document);
    curl_mimepart *part = ok ? curl_mime_addpart(mime) : NULL;
    if (!part || curl_mime_name(part, "contents") != CURLE_OK)
        return false;
    if (curl_mime_filedata(part, f->document) == CURLE_OK)
        return true;
    fprintf(stderr, "faxwire: %s: cannot be read\n", f->document);
    return false;
}

/* The newest application, for those who have one and do not want to know its id. */
static bool first_application(const struct fw_cli_api *api, char *dst, size_t dst_size)
{
    json_t *answer CLEANUP(fw_json_free) =
        fw_cli_request(api, "/v2/fax_applications?page%5Bsize%5D=1", NULL, NULL);
    const json_t *first = json_array_get(json_object_get(answer, "data"), 0);
    const char *id = json_string_value(json_object_get(first, "id"));
    if (id)
        return fw_text_copy(dst, dst_size, fw_span_of(id));
    if (answer)
        fputs("faxwire: there is no fax application; make one or give --application\n", stderr);
    return false;
}

static int send_fax(const struct fw_cli_api *api, int argc, char **argv)
{
    struct send_form form = { .from = "+12005550199" };
    const char *wait = NULL, *document = NULL;
    const struct fw_option options[] = {
        { "to", &form.to, false }, { "from", &form.from, false }, { "quality", &form.quality, false },
        { "application", &form.application, false }, { "wait", &wait, true },
    };
    struct fw_fault fault = { 0 };
    int rest = 0;
    char application[32];
    if (fw_options_read(argc, argv, options, ARRAY_LEN(options), &document, 1, &rest, &fault)) {
        fprintf(stderr, "faxwire: %s: %s\n", fault.field, fault.message);
        return 2;
    }
    if (!form.to || !document) {
        fputs("usage: faxwire send --to NUMBER [--from NUMBER] [--quality Q] [--application ID] [--wait] "
              "FILE|URL\n", stderr);
        return 2;
    }
    form.document = document;
    if (!form.application) {
        if (!first_application(api, application, sizeof application))
            return 1;
        form.application = application;
    }
    json_t *answer CLEANUP(fw_json_free) = fw_cli_request(api, "/v2/faxes", fill, &form);
    const char *id = json_string_value(json_object_get(json_object_get(answer, "data"), "id"));
    if (!id)
        return 1;
    if (!wait) {
        puts(id);
        return 0;
    }
    return fw_cli_watch(api, id);
}

static int print(const struct fw_cli_api *api, const char *path)
{
    return fw_cli_print(fw_cli_request(api, path, NULL, NULL));
}

/* What is asked for; `faxwire show` tells how it ended. */
static int cancel(const struct fw_cli_api *api, const char *path)
{
    json_t *answer CLEANUP(fw_json_free) = fw_cli_request(api, path, fw_cli_no_fields, NULL);
    return answer ? 0 : 1;
}

static int of_fax(const struct fw_cli_api *api, const char *id, const char *command)
{
    char path[128];
    const bool is_cancel = strcmp(command, "cancel") == 0;
    const char *what = is_cancel ? "/actions/cancel" : strcmp(command, "events") == 0 ? "/events" : "";
    if (!fw_uuid_valid(id)) {
        fprintf(stderr, "faxwire: '%s' is not the id of a fax\n", id);
        return 2;
    }
    snprintf(path, sizeof path, "/v2/faxes/%s%s", id, what);
    return is_cancel ? cancel(api, path) : print(api, path);
}

int fw_cli(int argc, char **argv)
{
    struct fw_cli_api api;
    const char *command = argv[0];
    const bool is_send = strcmp(command, "send") == 0, is_list = strcmp(command, "list") == 0;
    const bool is_of_fax = strcmp(command, "show") == 0 || strcmp(command, "events") == 0 ||
                           strcmp(command, "cancel") == 0;
    if (strcmp(command, "number") == 0)
        return fw_cli_number(argc - 1, argv + 1);
    if (strcmp(command, "mail") == 0)
        return fw_cli_mail(argc - 1, argv + 1);
    if (!is_send && !is_list && !is_of_fax)
        return -1;
    if ((is_list && argc != 1) || (is_of_fax && argc != 2)) {
        fprintf(stderr, "usage: faxwire %s%s\n", command, is_list ? "" : " FAX_ID");
        return 2;
    }
    if (!fw_cli_api_open(&api))
        return 2;
    if (is_send)
        return send_fax(&api, argc - 1, argv + 1);
    if (is_list)
        return print(&api, "/v2/faxes?page%5Bsize%5D=50");
    return of_fax(&api, argv[1], command);
}
