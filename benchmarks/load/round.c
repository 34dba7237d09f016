/* A round: which messages are due on which connection, and how long each took to arrive.

   Message `s` is due on connection `i` if s and i are equal modulo `groups`; 1 group is a broadcast
   to all. Messages come in batches; the end of each batch is reported, so that the driver can send
   the next. */
#define _GNU_SOURCE
#include "load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
    uint64_t end; /* the first sequence number after the round */
    uint64_t groups;
    uint64_t batch_size; /* deliveries in one batch */
    uint64_t delivered;
    uint64_t expected;
    uint64_t compressed;
    uint64_t cpu_at_start;
    uint64_t *latencies; /* of the messages that were not compressed */
    size_t latency_count;
} current;

static uint64_t cpu_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void round_start(struct connection *connections, uint32_t count, const char *arguments)
{
    uint64_t first, messages, batch, groups;
    if (sscanf(arguments, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &first, &messages, &batch,
               &groups) != 4 ||
        batch == 0 || groups == 0 || messages % batch != 0 || count % groups != 0)
        fail("bad round: %s", arguments);
    free(current.latencies);
    memset(&current, 0, sizeof current);
    current.end = first + messages;
    current.groups = groups;
    current.batch_size = batch * (count / groups);
    current.expected = messages * (count / groups);
    current.latencies = malloc(current.expected * sizeof *current.latencies);
    if (current.latencies == NULL)
        fail("no memory for %" PRIu64 " latencies", current.expected);
    for (uint32_t i = 0; i < count; i++)
        connections[i].next_sequence = first + (groups + i - first % groups) % groups;
    current.cpu_at_start = cpu_ns();
    printf("{\"event\": \"armed\"}\n");
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static uint64_t percentile(unsigned percent)
{
    if (current.latency_count == 0)
        return 0;
    return current.latencies[(current.latency_count - 1) * percent / 100];
}

static void report_round(void)
{
    uint64_t cpu = cpu_ns() - current.cpu_at_start;
    qsort(current.latencies, current.latency_count, sizeof *current.latencies, compare);
    printf("{\"event\": \"done\", \"delivered\": %" PRIu64 ", \"compressed\": %" PRIu64
           ", \"p50_ns\": %" PRIu64 ", \"p99_ns\": %" PRIu64 ", \"cpu_ns\": %" PRIu64 "}\n",
           current.delivered, current.compressed, percentile(50), percentile(99), cpu);
}

static void count_delivery(struct connection *connection)
{
    connection->next_sequence += current.groups;
    current.delivered++;
    if (current.delivered % current.batch_size == 0)
        printf("{\"event\": \"batch\"}\n");
    if (current.delivered == current.expected)
        report_round();
}

static uint64_t parse_number(const struct connection *connection, const char *digits, int width)
{
    uint64_t value = 0;
    for (int i = 0; i < width; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            fail("connection %u: a number in the message is damaged", connection->index);
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    return value;
}

static bool same(const char *text, size_t from, size_t to)
{
    return memcmp(text + from, options.body + from, to - from) == 0;
}

/* Compares every byte that does not belong to one of the two numbers. */
static void check_body(const struct connection *connection, const char *text, size_t length)
{
    size_t after_sequence = options.sequence_at + SEQUENCE_WIDTH;
    size_t after_sent_at = options.sent_at_at + SENT_AT_WIDTH;
    if (length != options.body_length || !same(text, 0, options.sequence_at) ||
        !same(text, after_sequence, options.sent_at_at) ||
        !same(text, after_sent_at, options.body_length))
        fail("connection %u: not the message that was sent: %.*s", connection->index,
             (int)(length < 200 ? length : 200), text);
}

static void check_due(const struct connection *connection)
{
    if (connection->next_sequence >= current.end)
        fail("connection %u: more messages than were sent to it", connection->index);
}

void round_message(struct connection *connection, const char *text, size_t length)
{
    check_due(connection);
    check_body(connection, text, length);
    uint64_t sequence = parse_number(connection, text + options.sequence_at, SEQUENCE_WIDTH);
    if (sequence != connection->next_sequence)
        fail("connection %u: message %" PRIu64 " where %" PRIu64 " was due", connection->index,
             sequence, connection->next_sequence);
    uint64_t sent_at = parse_number(connection, text + options.sent_at_at, SENT_AT_WIDTH);
    if (sent_at > now)
        fail("connection %u: received before it was sent", connection->index);
    current.latencies[current.latency_count++] = now - sent_at;
    count_delivery(connection);
}

void round_compressed_message(struct connection *connection)
{
    check_due(connection);
    current.compressed++;
    count_delivery(connection);
}
