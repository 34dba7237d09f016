/* RFC 6455, section 5.2: frames from a server are not masked; each message here is one frame. */
#include "load.h"

#define FIN 0x80
#define RSV1 0x40
#define RSV2_RSV3 0x30
#define MASKED 0x80

enum opcode { TEXT = 0x1, CLOSE = 0x8, PING = 0x9, PONG = 0xA };

struct frame {
    unsigned char first_byte;
    bool masked;
    const unsigned char *payload;
    size_t payload_length;
    size_t total_length;
};

static uint64_t big_endian(const unsigned char *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Returns false while the frame is incomplete. */
static bool read_frame(struct frame *frame, const unsigned char *data, size_t length)
{
    if (length < 2)
        return false;
    unsigned char short_length = data[1] & 0x7F;
    int extension = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    size_t header_length = 2 + (size_t)extension;
    if (length < header_length)
        return false;
    frame->first_byte = data[0];
    frame->masked = data[1] & MASKED;
    frame->payload = data + header_length;
    frame->payload_length = extension ? big_endian(data + 2, extension) : short_length;
    frame->total_length = header_length + frame->payload_length;
    return length >= frame->total_length;
}

/* Engine.IO opens with "0{...}", and Socket.IO answers to "40" with "40{...}". */
static bool is_set_up(const struct frame *frame)
{
    const unsigned char *text = frame->payload;
    return frame->payload_length > 2 && (text[0] == '0' || (text[0] == '4' && text[1] == '0'));
}

static void handle_frame(struct connection *connection, const struct frame *frame)
{
    enum opcode opcode = frame->first_byte & 0x0F;
    if (opcode == PING || opcode == PONG)
        return;
    if (opcode == CLOSE)
        fail("connection %u: closed by the server with code %u", connection->index,
             frame->payload_length < 2 ? 1005 : (unsigned)big_endian(frame->payload, 2));
    bool compressed = frame->first_byte & RSV1;
    if (opcode != TEXT || !(frame->first_byte & FIN) || frame->first_byte & RSV2_RSV3 ||
        frame->masked || (compressed && !options.offer_deflate))
        fail("connection %u: unexpected frame 0x%02x", connection->index, frame->first_byte);
    if (options.protocol == SOCKET_IO && is_set_up(frame))
        return;
    if (compressed)
        round_compressed_message(connection);
    else
        round_message(connection, (const char *)frame->payload, frame->payload_length);
}

size_t parse_frames(struct connection *connection, const char *data, size_t length)
{
    size_t consumed = 0;
    struct frame frame;
    while (read_frame(&frame, (const unsigned char *)data + consumed, length - consumed)) {
        handle_frame(connection, &frame);
        consumed += frame.total_length;
    }
    return consumed;
}
