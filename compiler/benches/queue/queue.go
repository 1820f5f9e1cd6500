package main

import (
	"math/rand/v2"
	"sync"
	"time"
)

// queue serves in the order of arrival, at exponential service times. It is reckoned, not carried out: a departure follows from the
// arrivals and service times before it, so that a request that is woken late is late alone, and keeps no server from the next.
type queue struct {
	mutex sync.Mutex
	// free is when each server has served all that it was given.
	free   []time.Time
	mean   time.Duration
	random *rand.Rand
}

func newQueue(servers int, mean time.Duration, seed uint64) *queue {
	return &queue{free: make([]time.Time, servers), mean: mean, random: rand.New(rand.NewPCG(seed, 0))}
}

// departure is when a request that arrives now has been served, by the server that is free first.
func (q *queue) departure(now time.Time) time.Time {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	first := 0
	for server, free := range q.free {
		if free.Before(q.free[first]) {
			first = server
		}
	}
	begin := now
	if q.free[first].After(begin) {
		begin = q.free[first]
	}
	q.free[first] = begin.Add(time.Duration(q.random.ExpFloat64() * float64(q.mean)))
	return q.free[first]
}
