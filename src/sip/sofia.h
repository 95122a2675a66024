/* sofia.h - the SIP stack's headers with our types put in; the only way to include them.
 *
 * The stack's tag lists are variadic and unchecked: every one of them ends in TAG_END(), and a
 * value has exactly the type its tag names.
 */
#ifndef FW_SIP_SOFIA_H
#define FW_SIP_SOFIA_H

struct fw_sip;
struct fw_sip_ref; /* never defined: a handle carries a number (edge.h), not a pointer */

#define SU_ROOT_MAGIC_T struct fw_sip
#define SU_WAKEUP_ARG_T struct fw_sip_watch
#define NUA_MAGIC_T     struct fw_sip
#define NUA_HMAGIC_T    struct fw_sip_ref

#include <sofia-sip/nua.h>
#include <sofia-sip/nua_tag.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/sresolv.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport_tag.h>
#include <sofia-sip/url.h>

#endif
