/* Server-Sent Events in HTTP/1.1 chunks. An event must not be split over chunks. */
#define _GNU_SOURCE
#include "load.h"

#include <string.h>

struct line {
    const char *text;
    size_t length;
    size_t total_length; /* with its line end */
};

/* Lines end with LF or CRLF; a lone CR, which the specification also allows, is not used here. */
static bool read_line(struct line *line, const char *data, size_t length)
{
    const char *end = memchr(data, '\n', length);
    if (end == NULL)
        return false;
    line->text = data;
    line->total_length = (size_t)(end - data) + 1;
    line->length = (size_t)(end - data);
    if (line->length > 0 && end[-1] == '\r')
        line->length--;
    return true;
}

static bool is_data_line(const struct line *line)
{
    return line->length >= 6 && memcmp(line->text, "data: ", 6) == 0;
}

/* A blank line dispatches the event; other fields and comments are skipped. */
static void handle_events(struct connection *connection, const char *data, size_t length)
{
    struct line line, event = {0};
    size_t consumed = 0;
    while (read_line(&line, data + consumed, length - consumed)) {
        consumed += line.total_length;
        if (is_data_line(&line)) {
            event = line;
        } else if (line.length == 0 && event.text != NULL) {
            round_message(connection, event.text + 6, event.length - 6);
            event.text = NULL;
        }
    }
    if (consumed != length || event.text != NULL)
        fail("connection %u: an event is split over two chunks", connection->index);
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = digit | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static size_t parse_chunk_size(const struct connection *connection, const struct line *line)
{
    size_t size = 0;
    for (size_t i = 0; i < line->length; i++) {
        int digit = hex_digit(line->text[i]);
        if (digit < 0)
            fail("connection %u: bad chunk size", connection->index);
        size = size * 16 + (size_t)digit;
    }
    return size;
}

size_t parse_chunks(struct connection *connection, const char *data, size_t length)
{
    size_t consumed = 0;
    struct line line;
    while (read_line(&line, data + consumed, length - consumed)) {
        size_t size = parse_chunk_size(connection, &line);
        if (size == 0)
            fail("connection %u: the server ended the stream", connection->index);
        size_t total = line.total_length + size + 2;
        if (length - consumed < total)
            break;
        handle_events(connection, line.text + line.total_length, size);
        consumed += total;
    }
    return consumed;
}
