/* options.c - reads the command line; a wrong word is an error, never a guess. */
#include "carrier/options.h"
#include "base/text.h"
#include <arpa/inet.h>
#include <string.h>

const char fw_carrier_usage[] =
    "usage: faxwire-carrier [--listen HOST:PORT] [--mailbox DIR] [--paced]\n"
    "                       [--mailbox-max-files N] [--max-calls N] [--allow-remote]\n"
    "                       [--loss PERCENT] [--duplicate PERCENT] [--delay MS] [--jitter MS]\n"
    "                       [--tls-certificate FILE] [--tls-ca FILE] [--channel FD]\n"
    "A telephone network of scripted fax machines over SIP/UDP, for development and tests.\n"
    "  --listen HOST:PORT     numeric address; port 0 picks a free one (127.0.0.1:0)\n"
    "  --mailbox DIR          where received faxes go (./mailbox)\n"
    "  --mailbox-max-files N  faxes kept a number, the oldest go first (1000)\n"
    "  --max-calls N          calls at a time, 503 beyond (256)\n"
    "  --tls-certificate FILE SIP over TLS too, at the port after that of --listen: PEM, with key\n"
    "  --tls-ca FILE          whom to trust when connecting over TLS (the system's)\n"
    "  --paced                never faster than a telephone line\n"
    "  --allow-remote         permit an address that is not loopback\n"
    "  --loss PERCENT         of the packets are lost each way; rows may ask for more\n"
    "  --duplicate PERCENT    of them come twice\n"
    "  --delay MS             they are late\n"
    "  --jitter MS            more, by chance: they overtake each other\n"
    "  --channel FD           socket to the parent process\n";

bool fw_carrier_paced(const struct fw_carrier_options *o, const struct fw_far_end *far)
{
    const struct fw_network_terms n = fw_network_worse(far->network, o->network);
    /* Unpaced machines leave out the pauses in which T.30 mends what was lost. */
    return o->paced || n.loss_percent > 0 || n.duplicate_percent > 0 || n.delay_ms > 0 || n.jitter_ms > 0;
}

/* "HOST", "HOST:PORT" or "[HOST]:PORT"; a host without brackets that has two colons is IPv6. */
static bool read_listen(const char *text, struct fw_carrier_options *o)
{
    const bool bracket = text[0] == '[';
    const char *end = bracket ? strchr(text, ']') : strrchr(text, ':');
    if (bracket && !end)
        return false;
    if (!bracket && end && strchr(text, ':') != end)
        end = NULL;
    const char *host = bracket ? text + 1 : text;
    const size_t size = end ? (size_t)(end - host) : strlen(host);
    if (!fw_text_copy(o->host, sizeof o->host, (struct fw_span){ (const uint8_t *)host, size }))
        return false;
    const char *port = bracket ? end + 1 : end;
    o->port = 0;
    if (!port || *port == '\0')
        return true;
    uint64_t value = 0;
    if (*port != ':' || !fw_text_to_u64(fw_span_of(port + 1), 65535, &value))
        return false;
    o->port = (uint16_t)value;
    return true;
}

static bool is_loopback(const char *host, bool *ret_numeric)
{
    struct in_addr v4;
    struct in6_addr v6;
    *ret_numeric = true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    *ret_numeric = false;
    return false;
}

static enum fw_err refuse(struct fw_fault *fault, const char *option, const char *wants)
{
    fw_fault_set(fault, option, "%s", wants);
    return FW_INVALID;
}

static bool read_count(const char *text, uint64_t max, uint32_t *ret)
{
    uint64_t value = 0;
    if (!fw_text_to_u64(fw_span_of(text), max, &value) || value == 0)
        return false;
    *ret = (uint32_t)value;
    return true;
}

static enum fw_err read_network(const char *option, const char *value, struct fw_network_terms *n,
                                struct fw_fault *fault)
{
    uint32_t number = 0;
    const bool percent = strcmp(option, "--loss") == 0 || strcmp(option, "--duplicate") == 0;
    const bool ms = strcmp(option, "--delay") == 0 || strcmp(option, "--jitter") == 0;
    if (!percent && !ms)
        return refuse(fault, option, "no such option");
    if (!read_count(value, percent ? 100 : FW_NETWORK_MS_MAX, &number))
        return refuse(fault, option, percent ? "wants 1 to 100" : "wants 1 to 5000");
    if (strcmp(option, "--loss") == 0)
        n->loss_percent = (uint8_t)number;
    else if (percent)
        n->duplicate_percent = (uint8_t)number;
    else if (strcmp(option, "--delay") == 0)
        n->delay_ms = (uint16_t)number;
    else
        n->jitter_ms = (uint16_t)number;
    return FW_OK;
}

/* One option that takes a value. */
static enum fw_err read_value(const char *option, const char *value, struct fw_carrier_options *o,
                              struct fw_fault *fault)
{
    uint32_t number = 0;
    if (option[0] == '-' && (!value || value[0] == '\0'))
        return refuse(fault, option, "no such option, or its value is missing");
    if (strcmp(option, "--listen") == 0)
        return read_listen(value, o) ? FW_OK : refuse(fault, option, "wants HOST:PORT");
    if (strcmp(option, "--mailbox") == 0) {
        o->mailbox = value;
        return FW_OK;
    }
    if (strcmp(option, "--tls-certificate") == 0 || strcmp(option, "--tls-ca") == 0) {
        *(option[6] == 'c' && option[7] == 'e' ? &o->tls_certificate : &o->tls_ca) = value;
        return FW_OK;
    }
    if (strcmp(option, "--channel") == 0) {
        if (!read_count(value, 1023, &number) || number < 3)
            return refuse(fault, option, "wants a descriptor, 3 or more");
        o->channel = (int)number;
        return FW_OK;
    }
    if (strcmp(option, "--mailbox-max-files") == 0)
        return read_count(value, 60000, &o->faxes_max) ? FW_OK
                                                       : refuse(fault, option, "wants 1 to 60000");
    if (strcmp(option, "--max-calls") == 0)
        return read_count(value, 4096, &o->calls_max) ? FW_OK
                                                      : refuse(fault, option, "wants 1 to 4096");
    return read_network(option, value, &o->network, fault);
}

enum fw_err fw_carrier_options_read(int argc, char **argv, struct fw_carrier_options *ret,
                                    struct fw_fault *fault)
{
    struct fw_carrier_options o = { .channel = -1,
                                    .host = "127.0.0.1",
                                    .mailbox = "mailbox",
                                    .faxes_max = 1000,
                                    .calls_max = 256 };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--paced") == 0) {
            o.paced = true;
        } else if (strcmp(argv[i], "--allow-remote") == 0) {
            o.allow_remote = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            o.help = true;
        } else {
            const enum fw_err err =
                read_value(argv[i], i + 1 < argc ? argv[i + 1] : NULL, &o, fault);
            if (err)
                return err;
            i++;
        }
    }
    bool numeric = false;
    if (!is_loopback(o.host, &numeric) && (!numeric || !o.allow_remote))
        return refuse(fault, "--listen",
                      numeric ? "wants a loopback address, or --allow-remote beside it"
                              : "wants a numeric address, such as 127.0.0.1:5070");
    *ret = o;
    return FW_OK;
}
