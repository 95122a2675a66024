/* openapi.h - doc/api.yaml as JSON, made by scripts/embed-api when this is built. */
#ifndef FW_API_OPENAPI_H
#define FW_API_OPENAPI_H
extern const char fw_openapi_json[];
#endif
