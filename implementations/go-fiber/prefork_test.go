package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childFolder is where the supervised children of a test leave their traces: NAME.started and NAME.ended.
const childFolder = "TEST_CHILD_FOLDER"

// beSupervised is what this test program does as a child: it ends in its own time after SIGTERM.
func beSupervised() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	trace := filepath.Join(os.Getenv(childFolder), strconv.Itoa(os.Getpid()))
	os.WriteFile(trace+".started", nil, 0o600)
	<-ctx.Done()
	time.Sleep(time.Duration(os.Getpid()%3) * 100 * time.Millisecond)
	os.WriteFile(trace+".ended", nil, 0o600)
	return 0
}

// startSupervisor returns once all children are up; ended carries what supervise returns.
func startSupervisor(t *testing.T, ctx context.Context, children int) (folder string, ended chan error) {
	t.Helper()
	folder = t.TempDir()
	t.Setenv(childFolder, folder)
	ended = make(chan error, 1)
	go func() { ended <- supervise(ctx, children) }()
	for deadline := time.Now().Add(10 * time.Second); len(traces(t, folder, "started")) < children; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the children don't start")
		}
	}
	return folder, ended
}

// traces are the process ids of the children that left such a trace.
func traces(t *testing.T, folder, kind string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*."+kind))
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(path), "."+kind)
	}
	return paths
}

func TestEveryChildFinishesBeforeTheParentEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	folder, ended := startSupervisor(t, ctx, 3)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if finished := traces(t, folder, "ended"); len(finished) != 3 {
		t.Errorf("only %v ended by themselves", finished)
	}
}

func TestTheEndOfOneChildEndsAll(t *testing.T) {
	folder, ended := startSupervisor(t, t.Context(), 2)
	first, err := strconv.Atoi(traces(t, folder, "started")[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("got %v", err)
	}
	if finished := traces(t, folder, "ended"); len(finished) != 1 {
		t.Errorf("ended by themselves: %v", finished)
	}
}
