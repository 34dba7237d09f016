/* A load generator for fan-out: many connections to one loopback port, every message checked.

   load ws|sse|socketio PORT BODY SEQUENCE_AT SENT_AT_AT [deflate]

   Commands on stdin, one per line; answers on stdout as JSON, one per line:
     open N                           open N more connections         -> opened
     stall                            open one that never reads       -> opened
     round FIRST COUNT BATCH GROUPS   expect messages (see round.c)   -> armed, batch..., done
   Anything unexpected is reported as an error event and ends the process, as the end of stdin does. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 60000
/* Below asyncio's default backlog of 100: a connection beyond it waits a second for its retry. */
#define HANDSHAKES_IN_FLIGHT 64
#define STALLED_RECEIVE_BUFFER 4096
#define EVENTS 512

struct options options;
uint64_t now;

static struct connection connections[MAX_CONNECTIONS];
static uint32_t started, opened, wanted;
static int epoll_fd;
static char buffer[4 << 20];

uint64_t monotonic_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void print_json_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar((unsigned char)*text < ' ' ? ' ' : *text);
    }
    putchar('"');
}

void fail(const char *format, ...)
{
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    printf("{\"event\": \"error\", \"reason\": ");
    print_json_string(reason);
    printf("}\n");
    exit(1);
}

static void watch(int fd, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("epoll_ctl: %s", strerror(errno));
}

static void start_handshakes(void)
{
    while (started < wanted && started - opened < HANDSHAKES_IN_FLIGHT) {
        struct connection *connection = &connections[started];
        connection->index = started;
        connection->fd = connect_to_server(started, 0);
        watch(connection->fd, connection);
        started++;
    }
}

static void finish_handshake(void)
{
    opened++;
    if (opened == wanted)
        printf("{\"event\": \"opened\"}\n");
    else
        start_handshakes();
}

static size_t parse(struct connection *connection, const char *data, size_t length)
{
    size_t consumed = 0;
    if (!connection->open) {
        consumed = parse_response(connection, data, length);
        if (!connection->open)
            return 0;
        if (options.protocol == SOCKET_IO)
            join_socket_io(connection);
        finish_handshake();
    }
    if (options.protocol == SSE)
        return consumed + parse_chunks(connection, data + consumed, length - consumed);
    return consumed + parse_frames(connection, data + consumed, length - consumed);
}

static void keep_rest(struct connection *connection, const char *data, size_t length)
{
    connection->rest_length = length;
    if (length == 0)
        return;
    connection->rest = realloc(connection->rest, length);
    if (connection->rest == NULL)
        fail("connection %u: no memory for %zu bytes", connection->index, length);
    memcpy(connection->rest, data, length);
}

static void read_connection(struct connection *connection)
{
    size_t rest = connection->rest_length;
    if (rest > 0)
        memcpy(buffer, connection->rest, rest);
    if (rest == sizeof buffer)
        fail("connection %u: a unit larger than the buffer", connection->index);
    ssize_t received = recv(connection->fd, buffer + rest, sizeof buffer - rest, MSG_DONTWAIT);
    if (received < 0 && errno == EAGAIN)
        return;
    if (received <= 0)
        fail("connection %u: the server dropped the connection", connection->index);
    now = monotonic_ns();
    size_t length = rest + (size_t)received;
    size_t consumed = parse(connection, buffer, length);
    keep_rest(connection, buffer + consumed, length - consumed);
}

static void open_connections(const char *argument)
{
    unsigned long more = strtoul(argument, NULL, 10);
    if (more == 0 || more > MAX_CONNECTIONS - wanted)
        fail("bad number of connections: %s", argument);
    wanted += (uint32_t)more;
    start_handshakes();
}

/* Its socket is not watched, so nothing but the handshake is ever read from it. */
static void open_stalled(void)
{
    struct connection stalled = {.index = MAX_CONNECTIONS};
    stalled.fd = connect_to_server(stalled.index, STALLED_RECEIVE_BUFFER);
    size_t length = 0;
    char head[2048];
    while (!stalled.open) {
        ssize_t received = recv(stalled.fd, head + length, 1, 0);
        if (received <= 0 || ++length == sizeof head)
            fail("the stalled connection was refused");
        parse_response(&stalled, head, length);
    }
    printf("{\"event\": \"opened\"}\n");
}

static void run_command(const char *line)
{
    if (strncmp(line, "open ", 5) == 0)
        open_connections(line + 5);
    else if (strcmp(line, "stall") == 0)
        open_stalled();
    else if (strncmp(line, "round ", 6) == 0)
        round_start(connections, opened, line + 6);
    else
        fail("unknown command: %s", line);
}

/* The driver waits for each answer, so a read holds whole lines. */
static void read_commands(void)
{
    char lines[1024];
    ssize_t length = read(STDIN_FILENO, lines, sizeof lines - 1);
    if (length <= 0)
        exit(0);
    lines[length] = '\0';
    char *rest;
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        run_command(line);
}

static void parse_arguments(int count, char **arguments)
{
    if (count < 6)
        fail("usage: load ws|sse|socketio PORT BODY SEQUENCE_AT SENT_AT_AT [deflate]");
    options.protocol = strcmp(arguments[1], "sse") == 0        ? SSE
                       : strcmp(arguments[1], "socketio") == 0 ? SOCKET_IO
                                                               : WEBSOCKET;
    options.port = (uint16_t)strtoul(arguments[2], NULL, 10);
    options.body = arguments[3];
    options.body_length = strlen(arguments[3]);
    options.sequence_at = strtoul(arguments[4], NULL, 10);
    options.sent_at_at = strtoul(arguments[5], NULL, 10);
    options.offer_deflate = count > 6 && strcmp(arguments[6], "deflate") == 0;
}

int main(int count, char **arguments)
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    parse_arguments(count, arguments);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch(STDIN_FILENO, NULL);
    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(epoll_fd, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == NULL)
                read_commands();
            else
                read_connection(events[i].data.ptr);
        }
    }
}
