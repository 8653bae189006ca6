/* The yardsticks: what the kernel alone asks for one delivery, and for one answer.
 *
 *   kernel fan-out PORT COUNT   accept COUNT sockets; then read lines of standard input, each the
 *                               first socket, how many from there on, and a text to send to them
 *                               as one WebSocket text frame, one send() after the other
 *   kernel answer PORT          read a number of replies from standard input, each as its length,
 *                               a line feed and its bytes; then answer whatever arrives on a
 *                               connection with the first, the second, ... and the last from there on
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_LINE = 65536, MOST_REPLIES = 8, MOST_FILES = 65536 };

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int listen_on(int port) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096))
        die("listen");
    return listener;
}

static int accept_one(int listener) {
    int on = 1, connection = accept(listener, NULL, NULL);
    if (connection < 0)
        die("accept");
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connection;
}

/* RFC 6455, 5.2: a final text frame, unmasked. */
static size_t make_frame(unsigned char *frame, const char *line, size_t size) {
    size_t head = size < 126 ? 2 : 4;
    frame[0] = 0x81;
    frame[1] = size < 126 ? (unsigned char)size : 126;
    if (head == 4) {
        frame[2] = (unsigned char)(size >> 8);
        frame[3] = (unsigned char)size;
    }
    memcpy(frame + head, line, size);
    return head + size;
}

static int fan_out(int listener, int count) {
    static char line[MOST_LINE];
    static unsigned char frame[MOST_LINE + 4];
    int *sockets = calloc((size_t)count, sizeof *sockets);
    int is_here = accept_one(listener); /* whoever looked whether we listen */
    close(is_here);
    for (int i = 0; i < count; i++)
        sockets[i] = accept_one(listener);
    while (fgets(line, sizeof line, stdin)) {
        char *text;
        long first = strtol(line, &text, 10), last = first + strtol(text, &text, 10);
        size_t size = make_frame(frame, text + 1, strcspn(text + 1, "\n"));
        for (long i = first; i < last && i < count; i++)
            if (send(sockets[i], frame, size, MSG_NOSIGNAL) != (ssize_t)size)
                die("send");
    }
    free(sockets);
    return 0;
}

static void answer(int listener) {
    static char replies[MOST_REPLIES][MOST_LINE], heard[MOST_LINE];
    static unsigned char step[MOST_FILES];
    size_t sizes[MOST_REPLIES];
    int count = 0, poll = epoll_create1(0);
    if (scanf("%d", &count) != 1 || count < 1 || count > MOST_REPLIES)
        die("replies");
    for (int i = 0; i < count; i++)
        if (scanf("%zu", &sizes[i]) != 1 || getchar() != '\n' || sizes[i] > MOST_LINE ||
            fread(replies[i], 1, sizes[i], stdin) != sizes[i])
            die("replies");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                event.data.fd = accept_one(listener);
                step[event.data.fd] = 0;
                epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
                continue;
            }
            if (recv(fd, heard, sizeof heard, 0) <= 0) {
                close(fd);
            } else {
                send(fd, replies[step[fd]], sizes[step[fd]], MSG_NOSIGNAL);
                step[fd] += step[fd] < count - 1;
            }
        }
    }
}

int main(int count, char **arguments) {
    if (count == 4 && !strcmp(arguments[1], "fan-out"))
        return fan_out(listen_on(atoi(arguments[2])), atoi(arguments[3]));
    if (count == 3 && !strcmp(arguments[1], "answer"))
        answer(listen_on(atoi(arguments[2])));
    fputs("usage: kernel fan-out PORT COUNT | kernel answer PORT\n", stderr);
    return 2;
}
