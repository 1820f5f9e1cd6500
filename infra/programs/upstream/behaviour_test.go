package main

import (
	"math"
	"slices"
	"testing"
	"time"
)

const draws = 100_000

func latencies(b behaviour) []time.Duration {
	all := make([]time.Duration, draws)
	for i := range all {
		all[i] = b.latency(uint64(i + 1))
	}
	return all
}

func TestAConstantLatencyIsTheSameForAll(t *testing.T) {
	b := behaviour{Seed: 1, LatencyMS: 12.5, Distribution: constant, Sigma: 0.5}
	if all := latencies(b); slices.Min(all) != 12500*time.Microsecond || slices.Max(all) != slices.Min(all) {
		t.Errorf("from %v to %v", slices.Min(all), slices.Max(all))
	}
}

func TestALognormalLatencyHasItsMeanAndShape(t *testing.T) {
	b := behaviour{Seed: 1, LatencyMS: 10, Distribution: lognormal, Sigma: 0.5}
	var sum, sumOfLogs, sumOfSquares float64
	for _, latency := range latencies(b) {
		ms := float64(latency) / float64(time.Millisecond)
		sum += ms
		sumOfLogs += math.Log(ms)
		sumOfSquares += math.Log(ms) * math.Log(ms)
	}
	mean, mu := sum/draws, sumOfLogs/draws
	sigma := math.Sqrt(sumOfSquares/draws - mu*mu)
	if math.Abs(mean-10) > 0.1 || math.Abs(sigma-0.5) > 0.01 {
		t.Errorf("mean %v, sigma %v", mean, sigma)
	}
}

func TestTheSeedDecidesEachDraw(t *testing.T) {
	b := behaviour{Seed: 1, LatencyMS: 10, Distribution: lognormal, Sigma: 0.5}
	another := b
	another.Seed = 2
	if !slices.Equal(latencies(b), latencies(b)) || slices.Equal(latencies(b), latencies(another)) {
		t.Error("latencies don't follow the seed")
	}
}

func TestFailuresHaveTheirRate(t *testing.T) {
	for _, rate := range []float64{0, 0.1, 1} {
		b := behaviour{Seed: 1, FailureRate: rate}
		failures := 0.0
		for number := range uint64(draws) {
			if b.fails(number) {
				failures++
			}
		}
		if share := failures / draws; math.Abs(share-rate) > 0.005 || (rate == 0 && share != 0) || (rate == 1 && share != 1) {
			t.Errorf("want %v, got %v", rate, share)
		}
	}
}

func TestDrawsAreUniformAndStreamsIndependent(t *testing.T) {
	b := behaviour{Seed: 7}
	var sum, products float64
	for number := range uint64(draws) {
		latency, failure := b.draw(latencyStream, number), b.draw(failureStream, number)
		if latency <= 0 || latency >= 1 {
			t.Fatalf("draw %v", latency)
		}
		sum += latency
		products += (latency - 0.5) * (failure - 0.5)
	}
	if mean, covariance := sum/draws, products/draws; math.Abs(mean-0.5) > 0.005 || math.Abs(covariance) > 0.001 {
		t.Errorf("mean %v, covariance %v", mean, covariance)
	}
}
