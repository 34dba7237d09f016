/* Opening a connection: TCP connect, the request, and the check of the response. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The key and its answer are the example of RFC 6455, section 1.3. */
#define WEBSOCKET_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define WEBSOCKET_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static int format_request(char *request, size_t size, uint32_t index)
{
    if (options.protocol == SSE)
        return snprintf(request, size,
                        "GET /?connection=%u HTTP/1.1\r\n"
                        "Host: 127.0.0.1:%u\r\n"
                        "Accept: text/event-stream\r\n\r\n",
                        index, options.port);
    return snprintf(request, size,
                    "GET %sconnection=%u HTTP/1.1\r\n"
                    "Host: 127.0.0.1:%u\r\n"
                    "Upgrade: websocket\r\n"
                    "Connection: Upgrade\r\n"
                    "Sec-WebSocket-Key: " WEBSOCKET_KEY "\r\n"
                    "Sec-WebSocket-Version: 13\r\n%s\r\n",
                    options.protocol == SOCKET_IO ? "/socket.io/?EIO=4&transport=websocket&" : "/?",
                    index, options.port,
                    options.offer_deflate
                        ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
                        : "");
}

int connect_to_server(uint32_t index, int receive_buffer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("connection %u: socket: %s", index, strerror(errno));
    if (receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connection %u: connect: %s", index, strerror(errno));
    char request[512];
    int length = format_request(request, sizeof request, index);
    if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
        fail("connection %u: the request could not be sent", index);
    return fd;
}

static bool header_contains(const char *head, size_t length, const char *text)
{
    return memmem(head, length, text, strlen(text)) != NULL;
}

static void check_head(const struct connection *connection, const char *head, size_t length)
{
    if (options.protocol != SSE) {
        if (!header_contains(head, length, "HTTP/1.1 101 ") ||
            !header_contains(head, length, WEBSOCKET_ACCEPT))
            fail("connection %u: the upgrade was refused: %.12s", connection->index, head);
    } else if (!header_contains(head, length, "HTTP/1.1 200 ") ||
               !header_contains(head, length, "text/event-stream") ||
               !header_contains(head, length, "chunked")) {
        fail("connection %u: not a chunked event stream: %.12s", connection->index, head);
    }
}

/* Returns the length of the response's head, or 0 while it is incomplete. */
size_t parse_response(struct connection *connection, const char *data, size_t length)
{
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t head_length = (size_t)(end - data) + 4;
    check_head(connection, data, head_length);
    connection->open = true;
    return head_length;
}

/* Joins the default namespace, which gets the messages: a text frame "40", masked with zeros. */
void join_socket_io(const struct connection *connection)
{
    static const char frame[] = "\x81\x82\0\0\0\0" "40";
    if (send(connection->fd, frame, sizeof frame - 1, MSG_NOSIGNAL) != sizeof frame - 1)
        fail("connection %u: the namespace could not be joined", connection->index);
}
