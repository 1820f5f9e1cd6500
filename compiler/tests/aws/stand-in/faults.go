package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// faults is what goes wrong on purpose. What has happened is counted in the ledger, so that counts hold over several commands.
type faults struct {
	// Capacity is an instance type of which there are none.
	Capacity string `json:"capacity"`
	// Throttle is how many creations, the first ones, are turned away for their rate.
	Throttle int `json:"throttle"`
	// FailCreate is the number of the one creation that fails, counted from 1.
	FailCreate int `json:"fail_create"`
	// FailDestroys is how many destructions fail before one succeeds.
	FailDestroys int `json:"fail_destroys"`
	// DelayMS is how long each change takes to be answered, after it has happened.
	DelayMS int `json:"delay_ms"`
}

// readFaults refuses what it does not know: a fault that never happens would make a test pass that proves nothing.
func readFaults(text string) (faults, error) {
	var asked faults
	if text == "" {
		return asked, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return asked, fmt.Errorf("STAND_IN_FAULTS: %w", err)
	}
	return asked, nil
}

func (f faults) delay() time.Duration {
	return time.Duration(f.DelayMS) * time.Millisecond
}

// onCreate returns the API's error for the next creation, or nothing.
func (f faults) onCreate(instanceType string, before int) string {
	switch {
	case f.Capacity != "" && instanceType == f.Capacity:
		return fmt.Sprintf("InsufficientInstanceCapacity: We currently do not have sufficient %s capacity in the Availability Zone you requested.", instanceType)
	case before < f.Throttle:
		return "RequestLimitExceeded: Request limit exceeded."
	case before+1 == f.FailCreate:
		return "InternalError: An internal error has occurred"
	}
	return ""
}

// onDestroy returns the API's error for the next destruction, or nothing.
func (f faults) onDestroy(failed int) string {
	if failed < f.FailDestroys {
		return "DependencyViolation: The resource has dependencies and cannot be deleted."
	}
	return ""
}
