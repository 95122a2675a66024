/* One trunk of the configuration: its schema, its defaults, its checks. */
#include "config_trunk.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { SECRET_MAX = 127, REGISTER_SECS = 3600, OPTIONS_SECS = 60, AFTER_ANSWER_MS = 4000, AFTER_CED_MS = 1000 };

#define X(name, text) { text, FW_TRUNK_TRANSPORT_##name },
static const cyaml_strval_t transports[] = { FW_TRUNK_TRANSPORTS(X) };
#undef X
#define X(name, text) { text, FW_TRUNK_CODECS_##name },
static const cyaml_strval_t codecs[] = { FW_TRUNK_CODECS(X) };
#undef X
#define X(name, text) { text, FW_TRUNK_T38_##name },
static const cyaml_strval_t t38s[] = { FW_TRUNK_T38S(X) };
#undef X
#define X(name, text) { text, FW_TRUNK_SHAPE_##name },
static const cyaml_strval_t shapes[] = { FW_TRUNK_SHAPES(X) };
#undef X
#define X(name, text) { text, FW_TRUNK_PLUS_##name },
static const cyaml_strval_t pluses[] = { FW_TRUNK_PLUSES(X) };
#undef X
#define X(name, text) { text, FW_TRUNK_CALLED_##name },
static const cyaml_strval_t calleds[] = { FW_TRUNK_CALLEDS(X) };
#undef X

#define OF          struct fw_config_trunk
#define OPTIONAL    CYAML_FLAG_OPTIONAL
#define POINTER     (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define MUST_TEXT(key, max)      CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, OF, key, 1, max)
#define TEXT(key, max)           CYAML_FIELD_STRING_PTR(#key, POINTER, OF, key, 0, max)
#define NUMBER(key)              CYAML_FIELD_UINT(#key, OPTIONAL, OF, key)
#define NUMBER_OR_DEFAULT(key)   CYAML_FIELD_UINT_PTR(#key, POINTER, OF, key)
#define SWITCH(key)              CYAML_FIELD_BOOL(#key, OPTIONAL, OF, key)
#define SWITCH_OR_DEFAULT(key)   CYAML_FIELD_BOOL_PTR(#key, POINTER, OF, key)
#define CHOICE(key, member, list) CYAML_FIELD_ENUM(key, OPTIONAL, OF, member, list, ARRAY_LEN(list))

static const cyaml_schema_field_t fields[] = {
    MUST_TEXT(name, 63),
    MUST_TEXT(host, 255),
    NUMBER(port),
    CHOICE("transport", transport, transports),
    SWITCH_OR_DEFAULT(tls_verify),
    TEXT(outbound_proxy, 255),
    TEXT(sources, 511),
    SWITCH(unpaced),
    TEXT(username, SECRET_MAX),
    TEXT(password, SECRET_MAX),
    TEXT(auth_realm, SECRET_MAX),
    CYAML_FIELD_BOOL("register", OPTIONAL, OF, registers),
    NUMBER(register_secs),
    NUMBER_OR_DEFAULT(options_secs),
    TEXT(from_user, 63),
    TEXT(from_domain, 127),
    TEXT(display_name, 131),
    SWITCH_OR_DEFAULT(send_display_name),
    TEXT(asserted_identity, 127),
    SWITCH(privacy),
    NUMBER(strip),
    TEXT(prefix, 31),
    CHOICE("plus", plus, pluses),
    CHOICE("from_plus", from_plus, pluses),
    CHOICE("called_number", called_number, calleds),
    CHOICE("codecs", codecs, codecs),
    CHOICE("t38", t38, t38s),
    CHOICE("t38_sdp", t38_sdp, shapes),
    NUMBER_OR_DEFAULT(t38_after_answer_ms),
    NUMBER_OR_DEFAULT(t38_after_ced_ms),
    NUMBER(t38_max_datagram),
    NUMBER(channels),
    NUMBER(calls_per_second),
    NUMBER(ring_timeout_secs),
    NUMBER(response_timeout_secs),
    NUMBER(session_expires_secs),
    NUMBER(priority),
    NUMBER(weight),
    SWITCH(busy_on_603),
    CYAML_FIELD_END,
};
const cyaml_schema_value_t fw_config_trunk_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, OF, fields),
};

static const size_t texts[] = {
    offsetof(OF, outbound_proxy), offsetof(OF, sources), offsetof(OF, username), offsetof(OF, password),
    offsetof(OF, auth_realm), offsetof(OF, from_user), offsetof(OF, from_domain), offsetof(OF, display_name),
    offsetof(OF, asserted_identity), offsetof(OF, prefix),
};

static enum fw_err settle_texts(struct fw_config_trunk *t)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char **at = (char **)(void *)((uint8_t *)t + texts[i]);
        if (!*at)
            *at = strdup("");
        if (!*at)
            return FW_NO_MEMORY;
    }
    return FW_OK;
}

/* FAXWIRE_TRUNK_<NAME>_PASSWORD, so that it need not stand in the file. */
static enum fw_err password_from_environment(struct fw_config_trunk *t)
{
    char name[128];
    snprintf(name, sizeof name, "FAXWIRE_TRUNK_%s_PASSWORD", t->name);
    for (char *p = name; *p; p++)
        *p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    const char *set = getenv(name);
    if (!set)
        return FW_OK;
    free(t->password);
    t->password = strdup(set);
    return t->password ? FW_OK : FW_NO_MEMORY;
}

/* These become quoted strings of a header. */
static bool quotable(const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7F || *p == '"' || *p == '\\')
            return false;
    }
    return true;
}

/* These become part of a URI. */
static bool only_of(const char *text, const char *extra)
{
    for (const char *p = text; *p; p++) {
        if (!isalnum((unsigned char)*p) && !strchr(extra, *p))
            return false;
    }
    return true;
}

static const char *fault_of(const struct fw_config_trunk *t)
{
    const bool user = t->username[0] != '\0';
    if (!only_of(t->host, ".:-_[]") || !only_of(t->from_domain, ".:-_[]"))
        return "host and from_domain must be a name or an address";
    if (!only_of(t->outbound_proxy, ".:-_[]"))
        return "outbound_proxy must be HOST or HOST:PORT";
    if (!only_of(t->sources, ".:/ "))
        return "sources must be addresses or prefixes with spaces between, e.g. 198.51.100.7 203.0.113.0/28";
    if (!quotable(t->username) || !quotable(t->auth_realm) || !quotable(t->display_name))
        return "username, auth_realm and display_name must not have quotes, backslashes or control characters";
    if (strlen(t->password) > SECRET_MAX)
        return "the password has more than 127 bytes";
    if (user != (t->password[0] != '\0'))
        return "there must be both username and password, or neither";
    if (t->registers && !user && t->from_user[0] == '\0')
        return "register needs a username or a from_user to be registered";
    if (!only_of(t->from_user, "+*#-_.!~'()&=$,;?/") || !only_of(t->asserted_identity, "+*#-_.!~'()&=$,;?/:@"))
        return "from_user and asserted_identity must be a number, a user, or a SIP URI";
    if (!only_of(t->prefix, "+*#"))
        return "prefix must be digits";
    if (t->registers && (t->register_secs < 30 || t->register_secs > 86400))
        return "register_secs must be from 30 to 86400";
    if (*t->options_secs != 0 && (*t->options_secs < 5 || *t->options_secs > 3600))
        return "options_secs must be 0 or from 5 to 3600";
    if (*t->t38_after_answer_ms > 60000 || *t->t38_after_ced_ms > 60000)
        return "t38_after_answer_ms and t38_after_ced_ms must be from 0 to 60000";
    if (t->t38_max_datagram != 0 && (t->t38_max_datagram < 72 || t->t38_max_datagram > 1400))
        return "t38_max_datagram must be 0 or from 72 to 1400";
    if (t->ring_timeout_secs > 600 || t->response_timeout_secs > 32)
        return "ring_timeout_secs must be at most 600, response_timeout_secs at most 32";
    if (t->session_expires_secs != 0 && (t->session_expires_secs < 90 || t->session_expires_secs > 86400))
        return "session_expires_secs must be 0 or from 90 to 86400";
    if (t->transport != FW_TRUNK_TRANSPORT_TLS && !*t->tls_verify)
        return "tls_verify is of transport tls";
    return NULL;
}

static enum fw_err number_or(uint32_t **at, uint32_t value)
{
    if (!*at && (*at = malloc(sizeof **at)))
        **at = value;
    return *at ? FW_OK : FW_NO_MEMORY;
}

static enum fw_err switch_or(bool **at, bool value)
{
    if (!*at && (*at = malloc(sizeof **at)))
        **at = value;
    return *at ? FW_OK : FW_NO_MEMORY;
}

enum fw_err fw_config_trunk_settle(struct fw_config_trunk *t, struct fw_fault *fault)
{
    if (settle_texts(t) || password_from_environment(t) || switch_or(&t->tls_verify, true) ||
        switch_or(&t->send_display_name, true) || number_or(&t->options_secs, OPTIONS_SECS) ||
        number_or(&t->t38_after_answer_ms, AFTER_ANSWER_MS) || number_or(&t->t38_after_ced_ms, AFTER_CED_MS))
        return FW_NO_MEMORY;
    if (t->register_secs == 0)
        t->register_secs = REGISTER_SECS;
    if (t->weight == 0)
        t->weight = 1;
    const char *what = fault_of(t);
    if (what)
        fw_fault_set(fault, "trunks", "\"%s\": %s", t->name, what);
    return what ? FW_INVALID : FW_OK;
}

void fw_config_trunk_message(const struct fw_config_trunk *t, struct fw_msg_trunk_set *ret)
{
    *ret = (struct fw_msg_trunk_set){
        .port = t->port, .transport = (uint8_t)t->transport, .tls_insecure = !*t->tls_verify,
        .unpaced = t->unpaced, .register_s = t->registers ? t->register_secs : 0,
        .options_s = *t->options_secs, .no_display_name = !*t->send_display_name, .privacy = t->privacy,
        .strip = t->strip, .plus = (uint8_t)t->plus, .from_plus = (uint8_t)t->from_plus,
        .called = (uint8_t)t->called_number,
        .codecs = (uint8_t)t->codecs, .t38 = (uint8_t)t->t38, .shape = (uint8_t)t->t38_sdp,
        .t38_after_answer_ms = *t->t38_after_answer_ms, .t38_after_ced_ms = *t->t38_after_ced_ms,
        .t38_max_datagram = t->t38_max_datagram, .channels = t->channels,
        .calls_per_second = t->calls_per_second, .ring_timeout_ms = t->ring_timeout_secs * 1000,
        .response_timeout_ms = t->response_timeout_secs * 1000, .session_expires_s = t->session_expires_secs,
        .priority = t->priority, .weight = t->weight,
        .busy_on_603 = t->busy_on_603,
    };
#define COPY(member) fw_text_clip(ret->member, sizeof ret->member, t->member)
    COPY(name);
    COPY(host);
    COPY(outbound_proxy);
    COPY(sources);
    COPY(username);
    COPY(password);
    COPY(auth_realm);
    COPY(from_user);
    COPY(from_domain);
    COPY(display_name);
    COPY(asserted_identity);
    COPY(prefix);
#undef COPY
}
