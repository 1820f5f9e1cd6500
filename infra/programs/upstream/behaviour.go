package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"time"
)

const (
	constant  = "constant"
	lognormal = "lognormal"
)

// Independent streams of draws from one seed.
const (
	latencyStream = iota + 1
	failureStream
	valueStream
)

// behaviour is how the API answers. All of it is a function of the seed and a request's number or key.
type behaviour struct {
	Seed         uint64  `json:"seed"`
	LatencyMS    float64 `json:"latency_ms"`
	Distribution string  `json:"distribution"`
	Sigma        float64 `json:"sigma"`
	FailureRate  float64 `json:"failure_rate"`
}

func (b behaviour) validate() error {
	var invalid []error
	if b.Distribution != constant && b.Distribution != lognormal {
		invalid = append(invalid, fmt.Errorf("distribution must be constant or lognormal, not %q", b.Distribution))
	}
	for _, setting := range []struct {
		name        string
		value, high float64
	}{
		{"latency_ms", b.LatencyMS, float64(time.Hour.Milliseconds())},
		{"sigma", b.Sigma, 5},
		{"failure_rate", b.FailureRate, 1},
	} {
		if !(setting.value >= 0 && setting.value <= setting.high) { // catches NaN too
			invalid = append(invalid, fmt.Errorf("%s must be from 0 to %v, not %v", setting.name, setting.high, setting.value))
		}
	}
	return errors.Join(invalid...)
}

// latency is the delay of the request with this number. A lognormal one has the mean LatencyMS:
// exp(μ + σz) with μ = ln(mean) − σ²/2.
func (b behaviour) latency(number uint64) time.Duration {
	factor := 1.0
	if b.Distribution == lognormal {
		normal := math.Sqrt2 * math.Erfinv(2*b.draw(latencyStream, number)-1)
		factor = math.Exp(b.Sigma*normal - b.Sigma*b.Sigma/2)
	}
	return time.Duration(b.LatencyMS * factor * float64(time.Millisecond))
}

func (b behaviour) fails(number uint64) bool {
	return b.draw(failureStream, number) < b.FailureRate
}

// value is what the API answers for a key: 16 hexadecimal digits.
func (b behaviour) value(key string) string {
	digest := fnv.New64a()
	digest.Write([]byte(key))
	return fmt.Sprintf("%016x", mix(mix(b.Seed+valueStream)^digest.Sum64()))
}

// draw is the number-th element of a stream, uniform in the open interval (0, 1).
func (b behaviour) draw(stream, number uint64) float64 {
	return (float64(mix(mix(b.Seed+stream)+number)>>11) + 0.5) / (1 << 53)
}

// mix is the step of SplitMix64 (Steele, Lea and Flood, 2014), with Stafford's thirteenth mixing function.
func mix(state uint64) uint64 {
	state += 0x9e3779b97f4a7c15
	state = (state ^ state>>30) * 0xbf58476d1ce4e5b9
	state = (state ^ state>>27) * 0x94d049bb133111eb
	return state ^ state>>31
}
