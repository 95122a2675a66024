/* Keys: made and withdrawn beside a store that is open, and what each then is. */
#include "store_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"
#include "store/keys.h"
#include "store/migrate.h"

static struct fw_admin *admin_of(const struct kit *k)
{
    struct fw_admin *a = NULL;
    struct fw_fault fault = { 0 };
    CHECK_INT(fw_admin_open(k->dir, &fault, &a), FW_OK);
    return a;
}

static enum fw_err look(struct kit *k, const char *key, struct fw_wall now,
                        struct fw_key_holder *ret)
{
    char hash[FW_SHA256_HEX_SIZE];
    fw_sha256_hex(fw_span_of(key), hash);
    return fw_store_key_find(k->store, hash, now, ret);
}

static void made_beside_an_open_store_and_revoked_at_once(void **state)
{
    struct kit *k = *state;
    struct fw_admin *a = admin_of(k);
    char key[FW_SECRET_SIZE];
    struct fw_key made = { 0 };
    struct fw_key_holder holder = { 0 };
    CHECK_INT(fw_admin_key_create(a, "main", "a label", (struct fw_wall){ 0 }, key, &made), FW_OK);
    CHECK(strcmp(made.account, "main") == 0 && strcmp(made.label, "a label") == 0);
    CHECK(fw_uuid_valid(made.id) && made.expires_at.us == 0 && made.revoked_at.us == 0);
    CHECK_INT(look(k, key, fw_wall_now(), &holder), FW_OK);
    CHECK_INT(holder.account, k->account);
    CHECK_INT(holder.state, FW_KEY_GOOD);
    CHECK(strcmp(holder.user_id, made.user_id) == 0);
    CHECK_INT(fw_admin_key_revoke(a, made.id), FW_OK);
    CHECK_INT(look(k, key, fw_wall_now(), &holder), FW_OK);
    CHECK_INT(holder.state, FW_KEY_REVOKED);
    CHECK_INT(fw_admin_key_revoke(a, made.id), FW_OK); /* once more is fine */
    CHECK_INT(fw_admin_key_revoke(a, "0190a000-0000-7000-8000-000000000000"), FW_NOT_FOUND);
    CHECK_INT(fw_admin_key_revoke(a, "' OR 1=1"), FW_NOT_FOUND);
    fw_admin_close(a);
}

static void ends_at_its_time_to_the_microsecond(void **state)
{
    struct kit *k = *state;
    struct fw_admin *a = admin_of(k);
    char key[FW_SECRET_SIZE];
    struct fw_key made = { 0 };
    struct fw_key_holder holder = { 0 };
    const struct fw_wall end = { 2000000000000000 };
    CHECK_INT(fw_admin_key_create(a, "main", "", end, key, &made), FW_OK);
    CHECK_INT(look(k, key, (struct fw_wall){ end.us - 1 }, &holder), FW_OK);
    CHECK_INT(holder.state, FW_KEY_GOOD);
    CHECK_INT(look(k, key, end, &holder), FW_OK);
    CHECK_INT(holder.state, FW_KEY_EXPIRED);
    CHECK_INT(fw_admin_key_revoke(a, made.id), FW_OK);
    CHECK_INT(look(k, key, end, &holder), FW_OK);
    CHECK_INT(holder.state, FW_KEY_REVOKED);
    fw_admin_close(a);
}

static void another_account_is_made_with_a_uuid_of_its_own(void **state)
{
    struct kit *k = *state;
    struct fw_admin *a = admin_of(k);
    char key[FW_SECRET_SIZE];
    struct fw_key one = { 0 }, two = { 0 };
    struct fw_key_list all = { 0 };
    CHECK_INT(fw_admin_key_create(a, "others", "", (struct fw_wall){ 0 }, key, &one), FW_OK);
    CHECK_INT(fw_admin_key_create(a, "others", "", (struct fw_wall){ 0 }, key, &two), FW_OK);
    CHECK(strcmp(one.user_id, two.user_id) == 0 && strcmp(one.id, two.id) != 0);
    CHECK_INT(fw_admin_key_list(a, &all), FW_OK);
    CHECK_INT(all.count, 2);
    CHECK(strcmp(all.items[0].id, one.id) == 0 && strcmp(all.items[1].id, two.id) == 0);
    fw_key_list_done(&all);
    fw_admin_close(a);
}

static void refuses_folders_that_are_not_one(void **state)
{
    struct kit *k = *state;
    struct fw_admin *a = NULL;
    struct fw_fault fault = { 0 };
    char empty[] = "/tmp/fw_store_XXXXXX";
    CHECK(mkdtemp(empty) != NULL);
    CHECK_INT(fw_admin_open(empty, &fault, &a), FW_NOT_FOUND);
    CHECK(strstr(fault.message, empty) != NULL);
    CHECK_INT(rmdir(empty), 0); /* nothing was made in it */
    struct fw_stmt q;
    struct fw_db db = { 0 };
    char path[128];
    snprintf(path, sizeof path, "%s/faxwire.db", k->dir);
    CHECK_INT(fw_db_open(path, true, &db, &fault), FW_OK);
    q = fw_stmt_once(&db, "INSERT INTO schema_version(version, applied_us) VALUES (9999, 0)");
    CHECK_INT(fw_stmt_run(&q), FW_OK);
    fw_stmt_done(&q);
    fw_db_close(&db);
    CHECK_INT(fw_admin_open(k->dir, &fault, &a), FW_CONFLICT);
}

/* A database of the first version, as its users have it. */
static void a_database_of_version_1_gets_ids(void **state)
{
    struct kit *k = *state;
    struct fw_fault fault = { 0 };
    struct fw_db db = { 0 };
    char path[128], dir[] = "/tmp/fw_store_XXXXXX", id[FW_UUID_SIZE], uuid[FW_UUID_SIZE];
    (void)k;
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/old.db", dir);
    sqlite3 *made = NULL;
    CHECK_INT(sqlite3_open(path, &made), SQLITE_OK);
    CHECK_INT(sqlite3_close(made), SQLITE_OK);
    CHECK_INT(fw_db_open(path, true, &db, &fault), FW_OK);
    CHECK_INT(fw_store_migrate(&db, fw_store_migrations, 1, &fault), FW_OK);
    CHECK_INT(fw_db_exec(&db, "INSERT INTO account(name, created_us) VALUES ('a', 1), ('b', 1);"
                              "INSERT INTO api_key VALUES ('x', 1, 1), ('y', 2, 1)"),
              FW_OK);
    CHECK_INT(fw_store_migrate(&db, fw_store_migrations, fw_store_migration_count, &fault), FW_OK);
    struct fw_stmt q = fw_stmt_once(
        &db, "SELECT k.id, a.uuid FROM api_key k JOIN account a ON a.id = k.account");
    for (int i = 0; i < 2; i++) {
        CHECK_INT(fw_stmt_row(&q), FW_OK);
        fw_stmt_text(&q, id, sizeof id);
        fw_stmt_text(&q, uuid, sizeof uuid);
        CHECK_INT(fw_stmt_ok(&q), FW_OK);
        CHECK(fw_uuid_valid(id) && fw_uuid_valid(uuid));
    }
    CHECK_INT(fw_stmt_row(&q), FW_NOT_FOUND);
    fw_stmt_done(&q);
    fw_db_close(&db);
    fw_dir_remove(dir, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(made_beside_an_open_store_and_revoked_at_once),
        CASE(ends_at_its_time_to_the_microsecond),
        CASE(another_account_is_made_with_a_uuid_of_its_own),
        CASE(refuses_folders_that_are_not_one),
        CASE(a_database_of_version_1_gets_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
