/* libvirt_turn.c - the order in which monitors are asked. Pure; thread: the owner's. */
#include "source/libvirt_turn.h"

#include "base/clock.h"

#include <stdlib.h>

#define AGE_NS (LIBVIRT_TURN_AGE_MS * NS_PER_MS)
#define JITTER_SHARE 32 /* polls come this part of their period too early or too late */

void libvirt_turn_see(struct libvirt_turn *turn, int id, bool changed)
{
	turn->first = turn->first || changed || id != turn->id;
	turn->id = id;
}

static int by_order(const void *a, const void *b)
{
	const struct libvirt_turn *x = *(struct libvirt_turn *const *)a, *y = *(struct libvirt_turn *const *)b;

	if (x->first != y->first)
		return x->first ? -1 : 1;
	return x->asked_mono_ns < y->asked_mono_ns ? -1 : x->asked_mono_ns > y->asked_mono_ns;
}

static void swap(struct libvirt_turn **a, struct libvirt_turn **b)
{
	struct libvirt_turn *other = *a;

	*a = *b;
	*b = other;
}

/* Of n domains, those whose turn comes within the time: all of them within their age. */
static size_t share_of(size_t n, int64_t elapsed_ns)
{
	size_t share;

	if (elapsed_ns >= AGE_NS - AGE_NS / JITTER_SHARE)
		return n;
	elapsed_ns += elapsed_ns / JITTER_SHARE;
	share = (size_t)(((int64_t)n * (elapsed_ns / NS_PER_MS) + LIBVIRT_TURN_AGE_MS - 1) / LIBVIRT_TURN_AGE_MS);
	share = share > LIBVIRT_TURN_LEAST ? share : LIBVIRT_TURN_LEAST;
	return share < n ? share : n;
}

size_t libvirt_turn_pick(struct libvirt_turn **turns, size_t n, int64_t elapsed_ns, bool risk)
{
	size_t free = 0, first = 0;

	for (size_t i = 0; i < n; i++)
		if (!turns[i]->asked && (risk || !turns[i]->alone))
			swap(&turns[free++], &turns[i]);
	qsort(turns, free, sizeof(turns[0]), by_order);
	while (first < free && turns[first]->first)
		first++;
	return first + share_of(free - first, elapsed_ns);
}

size_t libvirt_turn_together(struct libvirt_turn *const *picked, size_t n, size_t most)
{
	size_t together = 0;

	while (together < n && together < most && !picked[together]->alone)
		together++;
	return together == 0 && n > 0 ? 1 : together;
}

void libvirt_turn_ask(struct libvirt_turn *turn, int64_t now_mono_ns)
{
	turn->asked = true;
	turn->first = false;
	turn->asked_mono_ns = now_mono_ns;
}

static enum libvirt_turn_news hangs(struct libvirt_turn *turn)
{
	const bool news = !turn->hangs;

	turn->first = false;
	turn->alone = turn->hangs = true;
	if (news)
		turn->hangs_mono_ns = turn->asked_mono_ns;
	return news ? TURN_HANGS : TURN_NO_NEWS;
}

enum libvirt_turn_news libvirt_turn_answered(struct libvirt_turn *turn, bool whole)
{
	const bool again = whole && turn->hangs;

	turn->asked = false;
	if (!whole && turn->alone)
		return hangs(turn);
	if (whole)
		turn->alone = turn->hangs = false;
	else
		turn->first = true; /* some other call: it ends soon */
	return again ? TURN_ANSWERS_AGAIN : TURN_NO_NEWS;
}

enum libvirt_turn_news libvirt_turn_overran(struct libvirt_turn *turn, size_t n)
{
	turn->asked = false;
	if (n == 1)
		return hangs(turn);
	turn->first = turn->alone = true;
	return TURN_NO_NEWS;
}

void libvirt_turn_refused(struct libvirt_turn *turn, bool whole)
{
	turn->asked = false;
	turn->first = true;
	turn->alone = turn->alone || !whole;
}
