/* world.h - what is around faxwire-line in a test: its parent, its modems, a far end.
 *
 * One program and one peer at a time. Whatever comes must be what the test names next; anything
 * else fails it.
 */
#ifndef FW_TEST_WORLD_H
#define FW_TEST_WORLD_H
#include "test.h"
#include "ipc/channel.h"
#include "ipc/spawn.h"
#include "peer.h"

extern struct fw_child line;
extern uint16_t line_port;
extern struct peer peer;
extern const char *media_host;
extern const char *advertised_host; /* of the next program; as are these: */
extern bool answer_strangers;
extern uint32_t stranger_rate, trunk_rate;

/* Descriptions of the far end: G.711 at port 30000, T.38 at 30002, nothing usable. */
extern const char audio[], image[], no_media[];

/* Set-up and tear-down of a case: a configured program with the trunk "t" to the peer. */
int start(void **state);
int stop(void **state);
void spawn_line(uint16_t port); /* configured, LINE_READY not waited for */
int exit_of_line(void);         /* waits for its end; a wait status */

/* As the parent. */
void tell(struct fw_msg m);
struct fw_msg hear(enum fw_msg_kind kind, int *ret_fd);
struct fw_msg trunk_to(const char *name, uint16_t port); /* a TRUNK_SET as config would make it */
void set_trunk(const char *name, uint16_t port, bool unpaced);
struct fw_msg placing(const char *call); /* a CALL_PLACE with everything in it, modem 2 */
const char *place(struct fw_msg m);      /* the INVITE that came of it, in peer.text */
void cancel(const char *call);
struct fw_msg ended(enum fw_call_cause cause, int sip_status);

/* As the modem. */
void tone(const char *call, enum fw_tone which);
void underway(const char *call);
void result(const char *call, int code);
void check_switch(const char *call, enum fw_call_transport transport);

/* As the far end. */
struct peer_dialog answered(struct fw_msg m, int *ret_media); /* place, 200, MEDIA_OPEN */
void byed(void);                                              /* hears BYE, answers it */
/* A re-INVITE of the peer and its ACK; returns the body of the final answer. */
const char *reinvite(struct peer_dialog *d, const char *sdp, const char *want);
void done_by_us(const char *call); /* a good result, our BYE, CALL_ENDED */
#endif
