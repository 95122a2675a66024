/* One line a happening, in one write. */
#include "base/log.h"
#include "base/clock.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = { "error", "warn", "info", "debug" };
static const char        *program_name = "faxwire";
static enum fw_log_level  level_max = FW_LOG_INFO;

void fw_log_init(const char *program, enum fw_log_level level)
{
    program_name = program;
    level_max = level;
}

bool fw_log_level_parse(const char *text, enum fw_log_level *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++)
        if (strcmp(text, level_names[i]) == 0) {
            *ret = (enum fw_log_level)i;
            return true;
        }
    return false;
}

void fw_log(enum fw_log_level level, const char *event, const char *fmt, ...)
{
    if (level > level_max)
        return;
    char line[2048], at[FW_TIME_TEXT_SIZE];
    fw_wall_text(fw_wall_now(), at);
    int used = snprintf(line, sizeof line, "time=%s level=%s prog=%s event=%s ", at,
                        level_names[level], program_name, event);
    fw_assert(used > 0 && (size_t)used < sizeof line);
    va_list args;
    va_start(args, fmt);
    const int more = vsnprintf(line + used, sizeof line - (size_t)used - 1, fmt, args);
    va_end(args);
    size_t size = strnlen(line, sizeof line - 1);
    if (more < 0)
        size = (size_t)used;
    line[size++] = '\n';
    (void)!write(STDERR_FILENO, line, size);
}

struct fw_log_text fw_log_quoted(const char *text)
{
    struct fw_log_text ret;
    size_t used = 0;
    ret.text[used++] = '"';
    for (; *text && used < sizeof ret.text - 3; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            ret.text[used++] = '\\';
        ret.text[used++] = c < 0x20 || c == 0x7F ? '?' : (char)c;
    }
    ret.text[used++] = '"';
    ret.text[used] = '\0';
    return ret;
}
