/* Which addresses and URLs may be called, and how they are shown. */
#include "http/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "test.h"

static enum fw_address_class class_of(const char *text)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return fw_address_class_of((struct sockaddr *)&in, sizeof in);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return fw_address_class_of((struct sockaddr *)&in6, sizeof in6);
}

static void addresses_have_their_class(void **state)
{
    (void)state;
    static const struct { const char *text; enum fw_address_class class; } cases[] = {
        { "1.1.1.1", FW_ADDRESS_PUBLIC },
        { "9.255.255.255", FW_ADDRESS_PUBLIC },
        { "11.0.0.0", FW_ADDRESS_PUBLIC },
        { "100.63.255.255", FW_ADDRESS_PUBLIC },
        { "100.128.0.0", FW_ADDRESS_PUBLIC },
        { "126.255.255.255", FW_ADDRESS_PUBLIC },
        { "128.0.0.0", FW_ADDRESS_PUBLIC },
        { "169.253.255.255", FW_ADDRESS_PUBLIC },
        { "172.15.255.255", FW_ADDRESS_PUBLIC },
        { "172.32.0.0", FW_ADDRESS_PUBLIC },
        { "192.167.255.255", FW_ADDRESS_PUBLIC },
        { "192.169.0.0", FW_ADDRESS_PUBLIC },
        { "198.17.255.255", FW_ADDRESS_PUBLIC },
        { "198.20.0.0", FW_ADDRESS_PUBLIC },
        { "223.255.255.255", FW_ADDRESS_PUBLIC },
        { "2606:4700:4700::1111", FW_ADDRESS_PUBLIC },
        { "2a00:1450:4001:80b::200e", FW_ADDRESS_PUBLIC },
        { "::ffff:8.8.8.8", FW_ADDRESS_PUBLIC },
        { "64:ff9b::8.8.8.8", FW_ADDRESS_PUBLIC },
        { "2002:808:808::1", FW_ADDRESS_PUBLIC },
        { "127.0.0.1", FW_ADDRESS_LOOPBACK },
        { "127.255.255.254", FW_ADDRESS_LOOPBACK },
        { "::1", FW_ADDRESS_LOOPBACK },
        { "::ffff:127.0.0.1", FW_ADDRESS_LOOPBACK },
        { "64:ff9b::127.0.0.1", FW_ADDRESS_LOOPBACK },
        { "2002:7f00:1::", FW_ADDRESS_LOOPBACK },
        { "10.0.0.0", FW_ADDRESS_PRIVATE },
        { "10.255.255.255", FW_ADDRESS_PRIVATE },
        { "100.64.0.0", FW_ADDRESS_PRIVATE },
        { "100.127.255.255", FW_ADDRESS_PRIVATE },
        { "172.16.0.0", FW_ADDRESS_PRIVATE },
        { "172.31.255.255", FW_ADDRESS_PRIVATE },
        { "192.168.0.1", FW_ADDRESS_PRIVATE },
        { "fc00::1", FW_ADDRESS_PRIVATE },
        { "fdff:ffff::1", FW_ADDRESS_PRIVATE },
        { "fec0::1", FW_ADDRESS_PRIVATE },
        { "::ffff:192.168.1.1", FW_ADDRESS_PRIVATE },
        { "64:ff9b::10.0.0.1", FW_ADDRESS_PRIVATE },
        { "169.254.169.254", FW_ADDRESS_LINK_LOCAL },
        { "::ffff:169.254.169.254", FW_ADDRESS_LINK_LOCAL },
        { "fe80::1", FW_ADDRESS_LINK_LOCAL },
        { "febf::1", FW_ADDRESS_LINK_LOCAL },
        { "224.0.0.1", FW_ADDRESS_MULTICAST },
        { "239.255.255.255", FW_ADDRESS_MULTICAST },
        { "ff02::1", FW_ADDRESS_MULTICAST },
        { "0.0.0.0", FW_ADDRESS_RESERVED },
        { "0.1.2.3", FW_ADDRESS_RESERVED },
        { "192.0.0.1", FW_ADDRESS_RESERVED },
        { "192.0.2.1", FW_ADDRESS_RESERVED },
        { "198.18.0.1", FW_ADDRESS_RESERVED },
        { "198.19.255.255", FW_ADDRESS_RESERVED },
        { "240.0.0.1", FW_ADDRESS_RESERVED },
        { "255.255.255.255", FW_ADDRESS_RESERVED },
        { "::", FW_ADDRESS_RESERVED },
        { "::127.0.0.1", FW_ADDRESS_RESERVED },
        { "::ffff:0.0.0.0", FW_ADDRESS_RESERVED },
        { "64:ff9b:1::1", FW_ADDRESS_RESERVED },
        { "2001::1", FW_ADDRESS_RESERVED },
        { "2001:db8::1", FW_ADDRESS_RESERVED },
        { "4000::1", FW_ADDRESS_RESERVED },
        { "100::1", FW_ADDRESS_RESERVED },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (class_of(cases[i].text) != cases[i].class)
            fail_msg("%s is %s", cases[i].text, fw_address_class_text(class_of(cases[i].text)));
    }
    const struct sockaddr other = { .sa_family = AF_UNIX };
    CHECK_INT(fw_address_class_of(&other, sizeof other), FW_ADDRESS_RESERVED);
    const struct sockaddr_in cut = { .sin_family = AF_INET };
    CHECK_INT(fw_address_class_of((const struct sockaddr *)&cut, 4), FW_ADDRESS_RESERVED);
}

static void only_loopback_and_private_can_be_allowed(void **state)
{
    (void)state;
    for (int class = FW_ADDRESS_PUBLIC; class <= FW_ADDRESS_RESERVED; class++) {
        const enum fw_address_class c = (enum fw_address_class)class;
        CHECK_INT(fw_address_allowed(c, false), c == FW_ADDRESS_PUBLIC);
        CHECK_INT(fw_address_allowed(c, true),
                  c == FW_ADDRESS_PUBLIC || c == FW_ADDRESS_LOOPBACK || c == FW_ADDRESS_PRIVATE);
    }
}

static void urls_are_judged(void **state)
{
    (void)state;
    static const char *const good[] = { "http://example.com/a.pdf", "https://example.com",
                                        "http://127.0.0.1:8/x?y=1",
                                        "https://[2606:4700::1]:8443/a%20b",
                                        "HTTP://EXAMPLE.com/" };
    static const char *const bad[] = { "",
                                       "example.com/a",
                                       "ftp://example.com/a",
                                       "file:///etc/passwd",
                                       "http://user@example.com/",
                                       "http://user:pass@example.com/",
                                       "http:///x",
                                       "http://exa mple.com/",
                                       "http://example.com/\r\nX: y",
                                       "data:text/plain,x",
                                       "http://:8080/",
                                       "gopher://x/",
                                       "http://example.com:99999/" };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (fw_http_url_fault(good[i]))
            fail_msg("%s: %s", good[i], fw_http_url_fault(good[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (!fw_http_url_fault(bad[i]))
            fail_msg("%s passed", bad[i]);
    }
    char url[FW_URL_MAX + 2];
    memset(url, 'a', sizeof url);
    memcpy(url, "http://x/", 9);
    url[FW_URL_MAX + 1] = '\0';
    CHECK(fw_http_url_fault(url));
    url[FW_URL_MAX] = '\0';
    CHECK(!fw_http_url_fault(url));
}

static void secrets_of_a_url_are_not_shown(void **state)
{
    (void)state;
    char shown[FW_URL_SHOWN_SIZE], host[300];
    fw_http_url_shown("https://me:secret@Example.com/a/b.pdf?token=secret#secret", shown);
    CHECK_TEXT(shown, "https://example.com:443/a/b.pdf");
    fw_http_url_shown("not a url", shown);
    CHECK_TEXT(shown, "(not a URL)");
    fw_http_url_host("http://EXAMPLE.com/x", host, sizeof host);
    CHECK_TEXT(host, "example.com:80");
    fw_http_url_host("http://example.com:8080/x", host, sizeof host);
    CHECK_TEXT(host, "example.com:8080");
    fw_http_url_host("http://example.com:8080/x", host, 5);
    CHECK_TEXT(host, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_have_their_class),
        cmocka_unit_test(only_loopback_and_private_can_be_allowed),
        cmocka_unit_test(urls_are_judged),
        cmocka_unit_test(secrets_of_a_url_are_not_shown),
    };
    return fw_http_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
