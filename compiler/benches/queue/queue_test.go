package main

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const mean = 10 * time.Millisecond

// responses are the response times, in mean service times, of Poisson arrivals that keep the servers busy to this share.
func responses(servers int, utilisation float64, count int) []float64 {
	queue, arrivals := newQueue(servers, mean, 1), rand.New(rand.NewPCG(2, 0))
	now, all := time.Unix(0, 0), make([]float64, count)
	for i := range all {
		now = now.Add(time.Duration(arrivals.ExpFloat64() / (utilisation * float64(servers)) * float64(mean)))
		all[i] = float64(queue.departure(now).Sub(now)) / float64(mean)
	}
	return all
}

func TestResponseTimesOfOneServerAreExponentialAtItsSpareRate(t *testing.T) {
	const utilisation, limit = 0.5, 3.0
	var sum, beyond float64
	all := responses(1, utilisation, 1_000_000)
	for _, response := range all {
		sum += response
		if response > limit {
			beyond++
		}
	}
	if found, want := sum/float64(len(all)), 1/(1-utilisation); math.Abs(found/want-1) > 0.02 {
		t.Errorf("mean %v, want %v", found, want)
	}
	if found, want := beyond/float64(len(all)), math.Exp(-limit*(1-utilisation)); math.Abs(found/want-1) > 0.02 {
		t.Errorf("beyond %v: %v, want %v", limit, found, want)
	}
}

func TestTheMeanResponseTimeOfSeveralServersIsErlangs(t *testing.T) {
	// Two servers, each busy for 4/5 of the time: C(2, 1.6) = 32/45, and the mean wait is C / (2 − 1.6).
	const want = 1 + 32.0/45/0.4
	sum := 0.0
	all := responses(2, 0.8, 1_000_000)
	for _, response := range all {
		sum += response
	}
	if found := sum / float64(len(all)); math.Abs(found/want-1) > 0.03 {
		t.Errorf("mean %v, want %v", found, want)
	}
}

func TestServiceTimesDependOnTheSeedAlone(t *testing.T) {
	now := time.Unix(0, 0)
	one, again, another := newQueue(4, mean, 7), newQueue(4, mean, 7), newQueue(4, mean, 8)
	if first := one.departure(now); first != again.departure(now) || first == another.departure(now) {
		t.Error("service times don't follow the seed")
	}
}
