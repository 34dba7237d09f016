/* The load generator's shared types. One process, one thread, one epoll set. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both numbers are written with leading zeros, so that every message has the same size. */
#define SEQUENCE_WIDTH 10
#define SENT_AT_WIDTH 19

enum protocol { WEBSOCKET, SSE, SOCKET_IO };

struct options {
    enum protocol protocol;
    uint16_t port;
    bool offer_deflate;
    /* The message every connection expects; the two numbers in it are skipped when comparing. */
    const char *body;
    size_t body_length;
    size_t sequence_at;
    size_t sent_at_at;
};

struct connection {
    int fd;
    uint32_t index;
    bool open;              /* the handshake is over */
    uint64_t next_sequence; /* what this connection must receive next */
    char *rest;             /* bytes of a unit that has not arrived in full */
    size_t rest_length;
};

extern struct options options;

/* The time of the latest read, in nanoseconds of CLOCK_MONOTONIC, which all processes share. */
extern uint64_t now;

uint64_t monotonic_ns(void);

/* Report the failure on stdout as JSON and end the process: a wrong message invalidates the run. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* connect.c: `receive_buffer` 0 keeps the kernel's default. */
int connect_to_server(uint32_t index, int receive_buffer);
size_t parse_response(struct connection *connection, const char *data, size_t length);
void join_socket_io(const struct connection *connection);

/* websocket.c, sse.c: consume whole units, return how many bytes they took. */
size_t parse_frames(struct connection *connection, const char *data, size_t length);
size_t parse_chunks(struct connection *connection, const char *data, size_t length);

/* round.c */
void round_start(struct connection *connections, uint32_t count, const char *arguments);
void round_message(struct connection *connection, const char *text, size_t length);
void round_compressed_message(struct connection *connection);

#endif
