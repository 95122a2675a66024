/* socket.h - the socket that LibreOffice insists on in /tmp, and may not remove from its cage. */
#ifndef FW_OFFICE_SOCKET_H
#define FW_OFFICE_SOCKET_H

/* Removes those of this user at which nobody listens any more. Harmless for a living one. */
void fw_office_sockets_remove(void);
#endif
