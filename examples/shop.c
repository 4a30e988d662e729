// SPDX-License-Identifier: Apache-2.0
// shop - a program with a database to look at: four workers, each with a connection, send the same queries in the same order; each
// tenth is slow. It prints how many it sent, and how many of them were slow.   usage: shop [QUERIES PER WORKER]
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORKERS 4
#define visible __attribute__((noipa)) // keeps its symbol, its frame and its arguments

long exec_query(const char *query, long connection);

static const char *const tables[] = { "customers", "orders", "items", "prices" };
static long queries = 200;

static void wait_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

// Rows found. A query with `IN (SELECT …)` asks another one on the way.
visible long exec_query(const char *query, long connection)
{
	const char *inner = strstr(query, "IN (SELECT ");

	if (strstr(query, "LIKE"))
		wait_ms(20);
	return (inner ? exec_query(inner + 4, connection) : 0) + (long)strlen(query) % 7;
}

static void *work(void *arg)
{
	long connection = (long)arg;
	char query[128];

	for (long i = 0; i < queries; i++) {
		const char *table = tables[i % 4];

		if (i % 10 == 9)
			snprintf(query, sizeof query, "SELECT * FROM %s WHERE name LIKE '%%%ld%%'", table, i);
		else
			snprintf(query, sizeof query, "SELECT * FROM %s WHERE id IN (SELECT id FROM new WHERE n = %ld)", table, i);
		exec_query(query, connection);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread[WORKERS];

	if (argc > 1)
		queries = atol(argv[1]);
	for (long i = 0; i < WORKERS; i++)
		pthread_create(&thread[i], NULL, work, (void *)(i + 1));
	for (long i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	printf("%ld queries, %ld slow\n", WORKERS * (queries + queries - queries / 10), WORKERS * (queries / 10));
	return 0;
}
