/* The floor: the least that can do what is measured, without any service management.
 *
 *   floor connection PORT COUNT   listens on COUNT ports from PORT on; each connection gets a
 *                                 service, as with Accept=yes
 *   floor listener PORT COUNT     the service gets the listener and one connection is waiting
 *                                 in it, as with Accept=no
 *   floor beat                    starts the service again whenever it dies
 */

#include <asm-generic/socket.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/in.h>
#include <linux/net.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "sys.h"

#define AF_INET 2
#define SOCK_STREAM 1
#define SOCK_NONBLOCK 04000
#define SOCK_CLOEXEC 02000000
#define BACKLOG 4096
#define BATCH 16

static char what;
static char *environment[] = { "LISTEN_FDS=1", 0 };

static void start(int fd)
{
	static char *connection[] = { "service", "connection", 0 };
	static char *listener[] = { "service", "listener", "3", 0 };
	static char *beat[] = { "service", "beat", 0 };
	unsigned long none = 0;

	if (CALL(__NR_vfork) != 0)
		return;
	CALL(__NR_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
	if (what == 'c') {
		CALL(__NR_dup2, fd, 0);
		CALL(__NR_dup2, fd, 1);
		CALL(__NR_execve, "/service", connection, environment);
	} else if (what == 'l') {
		/* Not fd itself: a duplicate is without close-on-exec. */
		CALL(__NR_dup3, fd, 3, 0);
		CALL(__NR_execve, "/service", listener, environment);
	} else {
		CALL(__NR_execve, "/service", beat, environment);
	}
	leave(127);
}

static void watch(int epoll, int how, int fd, unsigned events)
{
	struct epoll_event event = { .events = events, .data = fd };

	if (CALL(__NR_epoll_ctl, epoll, how, fd, &event) != 0)
		leave(2);
}

static unsigned number(const char *text)
{
	unsigned value = 0;

	for (; *text; text++)
		value = value * 10 + (unsigned)(*text - '0');
	return value;
}

static void listen_on(int epoll, unsigned port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = __builtin_bswap16((unsigned short)port),
		.sin_addr.s_addr = __builtin_bswap32(INADDR_LOOPBACK),
	};
	int on = 1;
	int fd = CALL(__NR_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC);

	CALL(__NR_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (CALL(__NR_bind, fd, &address, sizeof address) != 0 || CALL(__NR_listen, fd, BACKLOG) != 0)
		leave(2);
	watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
}

/* Takes every child that has ended. */
static void reap(int epoll, int signals, int listener)
{
	char information[128];

	CALL(__NR_read, signals, information, sizeof information);
	while (CALL(__NR_wait4, -1, 0, WNOHANG, 0) > 0) {
		if (what == 'l')
			watch(epoll, EPOLL_CTL_MOD, listener, EPOLLIN);
		else if (what == 'b')
			start(-1);
	}
}

void begin(long *stack)
{
	char **argv = (char **)(stack + 1);
	struct epoll_event events[BATCH];
	unsigned long child = 1ul << (SIGCHLD - 1);
	int epoll = CALL(__NR_epoll_create1, O_CLOEXEC);
	int signals, listener = -1;

	what = argv[1][0];
	CALL(__NR_rt_sigprocmask, SIG_SETMASK, &child, 0, sizeof child);
	signals = CALL(__NR_signalfd4, -1, &child, sizeof child, SOCK_NONBLOCK | SOCK_CLOEXEC);
	watch(epoll, EPOLL_CTL_ADD, signals, EPOLLIN);
	if (what == 'b')
		start(-1);
	else
		for (unsigned i = 0; i < number(argv[3]); i++)
			listen_on(epoll, number(argv[2]) + i);
	for (;;) {
		long count = CALL(__NR_epoll_pwait, epoll, events, BATCH, -1, 0);
		for (long i = 0; i < count; i++) {
			int fd = events[i].data;
			if (fd == signals) {
				reap(epoll, signals, listener);
			} else if (what == 'c') {
				int connection = CALL(__NR_accept4, fd, 0, 0, SOCK_CLOEXEC);
				start(connection);
				CALL(__NR_close, connection);
			} else {
				listener = fd;
				watch(epoll, EPOLL_CTL_MOD, listener, 0);
				start(listener);
			}
		}
	}
}
