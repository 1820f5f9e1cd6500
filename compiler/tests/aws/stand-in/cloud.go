package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// event is one line of the ledger: one change that was asked for. Error is empty if it happened.
type event struct {
	Time   string            `json:"time"`
	Action string            `json:"action"`
	Type   string            `json:"type"`
	ID     string            `json:"id"`
	Tags   map[string]string `json:"tags,omitempty"`
	// Address and PrivateAddress are what an instance took from the pool.
	Address        string `json:"address,omitempty"`
	PrivateAddress string `json:"private_address,omitempty"`
	Error          string `json:"error,omitempty"`
}

// cloud is what exists: the ledger, and nothing but it, says so. A line that a test appends counts as well.
type cloud struct {
	mutex  sync.Mutex
	ledger string
	pool   string
	faults faults
	// stopped is closed when Terraform is interrupted.
	stopped chan struct{}
	stop    func()
}

func newCloud(ledger, pool string, faults faults) *cloud {
	stopped := make(chan struct{})
	return &cloud{
		ledger: ledger, pool: pool, faults: faults,
		stopped: stopped, stop: sync.OnceFunc(func() { close(stopped) }),
	}
}

// create makes a resource, and gives an instance its addresses.
func (c *cloud) create(made event, instanceType string) (event, error) {
	return c.change(made, func(before []event) (event, string, error) {
		creations := 0
		for _, past := range before {
			if past.Action == "create" {
				creations++
			}
		}
		if reason := c.faults.onCreate(instanceType, creations); reason != "" {
			return made, reason, nil
		}
		if made.Type != "aws_instance" || c.pool == "" {
			return made, "", nil
		}
		var reason string
		var err error
		made.Address, made.PrivateAddress, reason, err = freeHost(c.pool, living(before))
		return made, reason, err
	})
}

func (c *cloud) update(changed event) (event, error) {
	return c.change(changed, func([]event) (event, string, error) { return changed, "", nil })
}

func (c *cloud) destroy(gone event) error {
	_, err := c.change(gone, func(before []event) (event, string, error) {
		failed := 0
		for _, past := range before {
			if past.Action == "destroy" && past.Error != "" {
				failed++
			}
		}
		return gone, c.faults.onDestroy(failed), nil
	})
	return err
}

// exists says whether a resource is still there; without a ledger everything is.
func (c *cloud) exists(typeName, id string) (bool, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	past, err := c.events()
	_, found := living(past)[typeName+" "+id]
	return found || c.ledger == "", err
}

// change writes what was asked for, and then takes its time: who is killed meanwhile does not know that it happened.
func (c *cloud) change(asked event, outcome func([]event) (event, string, error)) (event, error) {
	c.mutex.Lock()
	past, err := c.events()
	if err == nil {
		asked, asked.Error, err = outcome(past)
	}
	if err == nil {
		asked.Time = time.Now().UTC().Format(time.RFC3339Nano)
		err = c.write(asked)
	}
	c.mutex.Unlock()
	if err != nil {
		return asked, err
	}
	select {
	case <-time.After(c.faults.delay()):
	case <-c.stopped:
	}
	if asked.Error != "" {
		return asked, fmt.Errorf("api error %s", asked.Error)
	}
	return asked, nil
}

func (c *cloud) write(line event) error {
	if c.ledger == "" {
		return nil
	}
	file, err := os.OpenFile(c.ledger, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(file).Encode(line), file.Close())
}

func (c *cloud) events() ([]event, error) {
	if c.ledger == "" {
		return nil, nil
	}
	file, err := os.Open(c.ledger)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var found []event
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var line event
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("%s: %w", c.ledger, err)
		}
		found = append(found, line)
	}
	return found, lines.Err()
}

// living returns the creations of what is still there, by type and id.
func living(past []event) map[string]event {
	alive := map[string]event{}
	for _, line := range past {
		switch key := line.Type + " " + line.ID; {
		case line.Error != "":
		case line.Action == "create":
			alive[key] = line
		case line.Action == "destroy":
			delete(alive, key)
		}
	}
	return alive
}

// freeHost returns the public and the private address of the pool's first host that no instance has. A line of the pool holds
// both, or one that serves as both.
func freeHost(pool string, alive map[string]event) (public, private, reason string, err error) {
	text, err := os.ReadFile(pool)
	if err != nil {
		return "", "", "", err
	}
	taken := map[string]bool{}
	for _, instance := range alive {
		taken[instance.Address] = true
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 0 && !taken[words[0]] {
			return words[0], words[len(words)-1], "", nil
		}
	}
	return "", "", "InsufficientInstanceCapacity: every host of the pool has an instance.", nil
}
