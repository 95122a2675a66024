/* test.h - cmocka with the includes it wants, and checks that print what they saw. */
#ifndef FW_TEST_H
#define FW_TEST_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define CHECK(e)         assert_true(e)
#define CHECK_INT(a, b)  assert_int_equal((a), (b))
#define CHECK_TEXT(a, b) assert_string_equal((a), (b))
#endif
